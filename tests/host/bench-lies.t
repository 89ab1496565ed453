#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# rexgen and mcload against a server that lies: each lie is counted in its own column.
# shellcheck source=tests/lib/tap.sh disable=SC2317
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/lies.sh
. "$(dirname "$0")/../lib/lies.sh"

SERVER=10.77.0.1 CLIENT=10.77.0.2
# Of 200 requests 16 in a row, as many as are in flight: what is lost is lost at the same time.
LOAD=(--server "$SERVER" --no-warm-up --window 16 --count 200 --time 100)

run() { # TOOL ARGUMENT...
	local tool=$1
	shift
	case $tool in
	rexgen) set -- --iface c-$$ --cpu 1 --src-ip $CLIENT "$@" ;;
	mcload) set -- --get "$@" ;;
	esac
	timeout 150 ip netns exec "lies-$tool-c-$$" "$tool" "${LOAD[@]}" "$@"
}

# All lies to one tool, in two namespaces of their own.
all_to() { # TOOL
	local s=lies-$1-s-$$ c=lies-$1-c-$$ lie multi
	export LIAR="ip netns exec $s $BUILD/tests/bench-liar s-$$ $SERVER"
	ip netns add "$s"
	ip netns add "$c"
	ip link add s-$$ netns "$s" type veth peer name c-$$ netns "$c"
	ip -n "$s" addr add $SERVER/24 dev s-$$
	# rexgen answers for its address itself
	[ "$1" = rexgen ] || ip -n "$c" addr add $CLIENT/24 dev c-$$
	ip -n "$s" link set s-$$ up
	ip -n "$c" link set c-$$ up
	for lie in $LIES $PART_LIES; do
		multi=()
		[[ " $PART_LIES " != *" $lie "* ]] || multi=(--multi 3)
		if loses "$lie" "$1"; then
			told "$TAP_DIR" "$1" "$lie" 50 16 2000 run "$1" --timeout 1000 "${multi[@]}"
		else
			told "$TAP_DIR" "$1" "$lie" 50 16 0 run "$1" --timeout 20000 "${multi[@]}"
		fi
	done
	ip netns del "$s"
	ip netns del "$c"
}

teardown() {
	local ns pid
	for ns in lies-{rexgen,mcload}-{s,c}-$$; do
		[ -e "/run/netns/$ns" ] || continue
		for pid in $(ip netns pids "$ns"); do
			kill "$pid" || :
		done
		ip netns del "$ns"
	done
}

test_all_lies_are_told() {
	local pid
	[ "$(id -u)" = 0 ] || skip "needs root for network namespaces"
	all_to mcload &
	pid=$!
	all_to rexgen
	wait $pid
}

export TAP_COMPARES=1
tap_table caught "$LIES $PART_LIES" 'rexgen mcload'
tap_run
