#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: --icount --append ipv6.disable=1
# What an attachment costs must not depend on how many interfaces there are.
# shellcheck disable=SC2086	# words
. "$(dirname "$0")/../lib/tap.sh"

INTERFACES=500

# cost PROGRAM PLACE...: of an attachment, which stays, in thousands of instructions: of the CPU time
# that it takes, at 1 ns an instruction, without what it waits for.
cost() {
	local TIMEFORMAT='%3U %3S' user system
	read -r user system < <({ time rexctl attach "$@" >/dev/null; } 2>&1)
	echo $((1000 * (10#${user/./} + 10#${system/./})))
}

places() {
	cat <<-END
		xdp_count xdp rv0 generic
		tc_pass tc rv0 ingress
		tc_pass tcx rv0 egress
	END
}

test_attach_costs_the_same_with_500_interfaces() {
	local i place before after failed=''
	local -A cost
	ip link add rv0 type dummy
	ip link set rv0 up
	rexctl load "$BUILD/programs/xdp_count.ko" >/dev/null
	rexctl load "$BUILD/tests/tc_pass.ko" >/dev/null
	while read -r place; do
			cost $place >/dev/null		# loads modules, fills caches
		rexctl detach $place
		cost[$place]=$(cost $place)
		rexctl detach $place
	done < <(places)
	for ((i = 2; i < INTERFACES; i++)); do echo "link add d$i type dummy"; done | ip -batch -
	[ "$(ls /sys/class/net | wc -l)" -ge $INTERFACES ] || fail "there are not $INTERFACES interfaces"
	while read -r place; do
		after=$(cost $place) before=${cost[$place]}
		echo "$place: $before thousand instructions with few interfaces, $after with $INTERFACES"
		[ $((after * 5)) -le $((before * 6)) ] || failed+="$place, "
	done < <(places)
	[ -z "$failed" ] || fail "more than 1.2 times: $failed"
}
tap_run
