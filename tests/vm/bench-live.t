#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# livegen (GETs from live frames), and rexgen under Debian's kernel.
# shellcheck source=tests/lib/tap.sh disable=SC2317,SC2086
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/lies.sh
. "$(dirname "$0")/../lib/lies.sh"

SERVER=10.77.0.1 CLIENT=10.77.0.2 MAC=02:00:00:00:00:02

setup() {
	[ -e "$TMP" ] || return 0	# nothing to do for a test that only compares
	# more than one burst fits the server's socket: what is lost is not lost there
	sysctl -n net.core.rmem_default >"$TMP/rmem"
	sysctl -qw net.core.rmem_default=33554432
	ip netns add live-s
	ip netns add live-c
	ip link add srv netns live-s type veth peer name gen netns live-c
	ip -n live-c link set gen address $MAC
	ip -n live-s addr add $SERVER/24 dev srv
	ip -n live-s neigh add $CLIENT lladdr $MAC dev srv nud permanent
	ip netns exec live-s ethtool -K srv gro on
	ip -n live-s link set lo up
	ip -n live-s link set srv up
	ip -n live-c link set gen up
	SERVER_MAC=$(ip -n live-s -o link show srv | sed 's/.*ether \([^ ]*\).*/\1/')
	ip netns exec live-s taskset -c 0 memcached -u nobody -l $SERVER -p 11211 -U 11211 -t 1 -m 64 \
		-d -P /run/bench-live.pid
	wait_for 20 server mcload --server $SERVER --stat pid
}

teardown() {
	[ -e /run/netns/live-s ] || return 0
	for ns in live-s live-c; do
		for pid in $(ip netns pids $ns); do
			kill "$pid" || :
			wait_for 10 eval "! kill -0 $pid"
		done
		ip netns del $ns
	done
	sysctl -qw net.core.rmem_default="$(cat "$TMP/rmem")"
}

server() { ip netns exec live-s "$@"; }
live() {
	timeout 120 ip netns exec live-c taskset -c 1 livegen --iface gen --server $SERVER \
		--src-ip $CLIENT --dst-mac "$SERVER_MAC" "$@"
}
number() { sed -n "s/^[^{]*{[^{]*\"$1\":\([0-9.]*\)[,}].*/\1/p" "$2"; }

test_live_frames_replies_are_checked() {
	local set=(-n 2000 --value-size "0-100:8,1000-1100:2" --any-byte) status=0
	server mcload --preload $SERVER "${set[@]}"
	live "${set[@]}" --rate 2000 -t 2 --json "$TMP/j" || status=$?
	eq "$(number verified "$TMP/j")" "$(number received "$TMP/j")"
	eq "wrong $(number wrong "$TMP/j") missing $(number missing "$TMP/j")" "wrong 0 missing 0"
	[ "$(number verified "$TMP/j")" -ge 1000 ] || fail "hardly any reply: $(cat "$TMP/j")"
	# the rate is kept, or livegen says that it could not
	eq "due $(number due "$TMP/j")" "due 4000"
	eq "due $(number due "$TMP/j")" "due $(($(number sent "$TMP/j") + $(number unsent "$TMP/j")))"
	eq "sent $(number sent "$TMP/j")" "sent $(($(number received "$TMP/j") + $(number lost "$TMP/j")))"
	eq "exit status $status" "exit status $([ "$(number unsent "$TMP/j")" = 0 ] && echo 0 || echo 3)"
	lacks "$(ip -n live-c link show gen)" xdp
}

# As fast as it goes: most is lost, and that is no failure.
test_a_flood_counts_what_it_loses() {
	server mcload --preload $SERVER -n 100
	live -n 100 --no-warm-up -t 0.5 --json "$TMP/j" >"$TMP/out"
	cat "$TMP/out"
	[ "$(number verified "$TMP/j")" -gt 0 ] || fail "no reply"
	eq "sent $(number sent "$TMP/j")" "sent $(($(number verified "$TMP/j") + $(number lost "$TMP/j")))"
	eq "due $(number due "$TMP/j")" "due $(number sent "$TMP/j")"
	contains "$(cat "$TMP/out")" "as fast as it goes"
}

# Proof that the check can fail: same key, flags and length, one other byte.
test_a_changed_byte_is_wrong_and_a_deleted_key_is_missing() {
	local key=abcdefghijklmn07 good flags status=0
	server mcload --preload $SERVER -n 100
	good=$(printf 'get %s\r\nquit\r\n' $key | server nc -q 1 $SERVER 11211 | tr -d '\r')
	flags=$(echo "$good" | sed -n '1s/.* \([0-9]*\) 32$/\1/p')
	good=$(echo "$good" | sed -n 2p)
	printf 'set %s %s 0 32\r\n%s\r\ndelete abcdefghijklmn42\r\nquit\r\n' $key "$flags" "${good%?}!" |
		server nc -q 1 $SERVER 11211
	live -n 100 --rate 1000 --no-warm-up -c 1000 --json "$TMP/j" || status=$?
	eq "exit status $status" "exit status 2"
	[ "$(number wrong "$TMP/j")" -ge 1 ] || fail "the changed byte is not seen: $(cat "$TMP/j")"
	[ "$(number missing "$TMP/j")" -ge 1 ] || fail "the deleted key is not seen: $(cat "$TMP/j")"
	[ "$(number verified "$TMP/j")" -ge 800 ] || fail "the others are not right: $(cat "$TMP/j")"
}

test_no_answer_is_explained() {
	ip -n live-s link set srv down
	refuses live -n 100
	contains "$REFUSAL" "no reply at all"
}

test_rexgen_with_both_drivers() {
	local driver
	server mcload --preload $SERVER -n 500
	for driver in af_xdp af_packet; do
		timeout 120 ip netns exec live-c rexgen --iface gen --driver $driver --cpu 1 \
			--server $SERVER --src-ip $CLIENT --timeout 20000 -n 500 -c 2000 -t 60 --json "$TMP/j"
		eq "$driver $(number verified "$TMP/j")" "$driver 2000"
		contains "$(cat "$TMP/j")" "net_$driver"
		lacks "$(ip -n live-c link show gen)" xdp
	done
}

# One of each branch of live.bpf.c: what is wrong in a text it sees by one hash.
LIVE_LIES='honest nosum last swap truncated seq end empty id old srcport dstport srcaddr dstaddr
	dstmac srcmac udpsum ipsum fragment lost mixed late latewrong second secondwrong'

test_all_lies_are_told() {
	local lie
	export LIAR="ip netns exec live-s $BUILD/tests/bench-liar srv $SERVER"
	# shellcheck disable=SC2046 # memcached leaves its port to the liar
	kill $(ip netns pids live-s)
	wait_for 20 eval '[ -z "$(ip netns pids live-s)" ]'
	for lie in $LIVE_LIES; do
		# request 128 is the first whose port and the id before were used
		told "$TAP_DIR" livegen "$lie" 150 16 700 live --no-warm-up --count 200 --time 100
	done
}

# The other tests only compare.
export TAP_COMPARES=1
tap_table caught "$LIVE_LIES" livegen
tap_run
