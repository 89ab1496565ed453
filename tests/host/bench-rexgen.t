#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# rexgen and mcload against Debian's memcached over a veth pair between two namespaces.
# shellcheck source=tests/lib/tap.sh disable=SC2317,SC2086
. "$(dirname "$0")/../lib/tap.sh"

S=rexgen-s-$$ C=rexgen-c-$$ SERVER=10.77.0.1
PIDFILE=

setup() {
	[ "$(id -u)" = 0 ] || skip "needs root for network namespaces"
	command -v memcached >/dev/null || skip "memcached is not installed"
	ip netns add "$S"
	ip netns add "$C"
	ip link add rgs netns "$S" type veth peer name rgc netns "$C"
	ip -n "$S" addr add $SERVER/24 dev rgs
	ip -n "$S" link set lo up
	ip -n "$S" link set rgs up
	ip -n "$C" link set rgc up
	PIDFILE=$TMP/memcached.pid
	# not as root (memcached refuses) and one thread, on the CPU that rexgen leaves free
	chmod 777 "$TMP"; chmod 711 "$(dirname "$TMP")"
	ip netns exec "$S" taskset -c 0 memcached -u nobody -l $SERVER -p 11211 -U 11211 -t 1 -m 64 \
		-d -P "$PIDFILE"
	wait_for 10 ip netns exec "$S" mcload --server $SERVER --stat pid
}

teardown() {
	local pid
	for ns in "$S" "$C"; do
		for pid in $(ip netns pids "$ns" 2>/dev/null); do
			kill "$pid" 2>/dev/null || :
		done
	done
	ip netns del "$S" 2>/dev/null || :
	ip netns del "$C" 2>/dev/null || :
}

server() { ip netns exec "$S" "$@"; }
client() { timeout 120 ip netns exec "$C" "$@"; }
# Lost is what never comes: a busy machine may keep memcached from the CPU for seconds.
PATIENT="--timeout 20000 -t 60"
rexgen_() { client rexgen --iface rgc --cpu 1 --server $SERVER --src-ip 10.77.0.2 $PATIENT "$@"; }
# number NAME FILE: the first figure of that name, which is the run's (the warm-up's follow).
number() { sed -n "s/^[^{]*{[^{]*\"$1\":\([0-9.]*\)[,}].*/\1/p" "$2"; }

# All replies of the report were right and none lost; at least LEAST came.
all_good() { # FILE LEAST
	cat "$1"
	eq "$(number verified "$1")" "$(number sent "$1")"
	for what in lost wrong missing duplicate stray; do
		eq "$what $(number $what "$1")" "$what 0"
	done
	[ "$(number verified "$1")" -ge "$2" ] || fail "only $(number verified "$1") replies"
}

with_driver() {
	server mcload --preload $SERVER
	rexgen_ --driver "$1" -c 5000 -w 8 --json "$TMP/j" || {
		# only what this machine cannot do is a reason to skip
		rexgen_ --driver "$1" -c 1 --no-warm-up 2>&1 | grep -qE "cannot open|Operation not supported" &&
			skip "net_$1 does not run on this kernel"
		fail "rexgen failed"
	}
	contains "$(cat "$TMP/j")" "\"client\":\"net_$1\""
	all_good "$TMP/j" 5000
}

test_af_xdp_every_reply_is_right() { with_driver af_xdp; }

test_af_packet_every_reply_is_right_and_its_xdp_program_goes() {
	with_driver af_packet
	lacks "$(ip -n "$C" link show rgc)" xdp
}

test_without_a_driver_option_one_of_them_runs() {
	server mcload --preload $SERVER
	rexgen_ -c 2000 -w 4 --json "$TMP/j"
	all_good "$TMP/j" 2000
}

test_eal_arguments_pass_verbatim() {
	server mcload --preload $SERVER
	# without --iface nobody adds XDP_PASS; memcached's own replies need none
	client rexgen --no-huge -m 128 --no-shconf --no-pci --no-telemetry --log-level=error \
		--vdev=net_af_packet7,iface=rgc -l 1 -- --server $SERVER --src-ip 10.77.0.2 \
		-c 1000 $PATIENT --json "$TMP/j"
	all_good "$TMP/j" 1000
	refuses client rexgen --no-such-eal-option -- --server $SERVER --src-ip 10.77.0.2
	contains "$REFUSAL" no-such-eal-option
}

MIXED=(--keys 5000 --key-size "8-45,250:1" --value-size "0-100:8,1000-1100:2" --any-byte --seed 9)

test_mixed_sizes_all_byte_values_and_zipf() {
	server mcload --preload $SERVER "${MIXED[@]}"
	rexgen_ "${MIXED[@]}" --zipf 0.99 -c 10000 --json "$TMP/j"
	all_good "$TMP/j" 10000
	server mcload --get --server $SERVER "${MIXED[@]}" -c 5000 $PATIENT --json "$TMP/s"
	all_good "$TMP/s" 5000
}

# An open loop goes on when a busy machine stops memcached for a while, so here it may
# lose requests; what must hold are the rate, the sums and the bytes.
test_an_open_loop_keeps_its_rate() {
	server mcload --preload $SERVER "${MIXED[@]}"
	rexgen_ "${MIXED[@]}" --rate 3000 -t 2 --json "$TMP/j"
	cat "$TMP/j"
	eq "sent $(number sent "$TMP/j")" "sent 6000"
	eq "$(($(number verified "$TMP/j") + $(number lost "$TMP/j")))" "$(number sent "$TMP/j")"
	for what in wrong missing duplicate stray; do
		eq "$what $(number $what "$TMP/j")" "$what 0"
	done
	[ "$(number verified "$TMP/j")" -ge 1000 ] || fail "hardly any reply"
}

test_preload_of_its_own() {
	server mcload --preload $SERVER -n 50
	rexgen_ -n 50 -c 500 --json "$TMP/j"
	all_good "$TMP/j" 500
	eq "$(server mcload --server $SERVER --stat curr_items)" 50
}

# Proof that the checks can fail: one key of 100 is changed behind the generator's back.
poke() { # TEXT OF A SET
	printf '%b' "$1" | server timeout 5 nc -q 1 $SERVER 11211 | tr -d '\r'
}

test_a_wrong_value_is_reported() {
	local good key=abcdefghijklmn42
	server mcload --preload $SERVER -n 100
	good=$(poke "get $key\r\nquit\r\n" | sed -n 2p)
	eq "${#good}" 32
	local flags
	flags=$(poke "get $key\r\nquit\r\n" | sed -n '1s/.* \([0-9]*\) 32$/\1/p')
	# last byte differs, all else is right
	eq "$(poke "set $key $flags 0 32\r\n${good%?}!\r\nquit\r\n")" STORED
	local status=0
	rexgen_ -n 100 -c 1000 --json "$TMP/j" || status=$?
	eq "exit status $status" "exit status 2"
	[ "$(number wrong "$TMP/j")" -ge 1 ] || fail "not seen: $(cat "$TMP/j")"
	eq "$(($(number wrong "$TMP/j") + $(number verified "$TMP/j")))" 1000
	contains "$(cat "$TMP/j")" "wrong bytes: key '$key'"
	status=0
	server mcload --get --server $SERVER -n 100 -c 1000 $PATIENT --json "$TMP/s" || status=$?
	eq "mcload $status" "mcload 2"
	contains "$(cat "$TMP/s")" "wrong bytes: key '$key'"
	# right again: no complaint left
	eq "$(poke "set $key $flags 0 32\r\n$good\r\nquit\r\n")" STORED
	rexgen_ -n 100 -c 1000
}

test_a_deleted_key_is_reported_as_missing() {
	server mcload --preload $SERVER -n 100
	eq "$(poke 'delete abcdefghijklmn07\r\nquit\r\n')" DELETED
	local status=0
	rexgen_ -n 100 -c 1000 --json "$TMP/j" || status=$?
	eq "exit status $status" "exit status 2"
	eq "wrong $(number wrong "$TMP/j")" "wrong 0"
	[ "$(number missing "$TMP/j")" -ge 1 ] || fail "not seen"
}

test_a_silent_server_is_counted_as_lost() {
	server mcload --preload $SERVER -n 100
	kill -STOP "$(cat "$PIDFILE")"
	client rexgen --iface rgc --cpu 1 --server $SERVER --src-ip 10.77.0.2 --timeout 100 \
		-n 100 -c 40 -w 8 --no-warm-up --json "$TMP/j"
	kill -CONT "$(cat "$PIDFILE")"
	eq "$(number lost "$TMP/j")" 40
	eq "$(number received "$TMP/j")" 0
}

test_interrupt_prints_the_report() {
	server mcload --preload $SERVER -n 100
	local status=0
	timeout --signal=INT 8 ip netns exec "$C" rexgen --iface rgc --cpu 1 --server $SERVER \
		--src-ip 10.77.0.2 -n 100 -t 50 --json "$TMP/j" >"$TMP/out" || status=$?
	eq "timeout's status $status" "timeout's status 124"
	contains "$(cat "$TMP/out")" "verified"
	contains "$(cat "$TMP/j")" '"interrupted":true'
	[ "$(number verified "$TMP/j")" -gt 100 ] || fail "hardly ran"
}

test_refusals_name_the_way_out() {
	refuses client rexgen --iface rgc --server 8.8.8.8 --src-ip 10.77.0.2
	contains "$REFUSAL" "'8.8.8.8' is a public address"
	refuses client rexgen --iface nosuch --server $SERVER --src-ip 10.77.0.2
	contains "$REFUSAL" "no interface 'nosuch'"
	refuses client rexgen --server $SERVER --src-ip 10.77.0.2
	contains "$REFUSAL" "--iface"
	refuses client rexgen --iface rgc --server 10.77.0.9 --src-ip 10.77.0.2
	contains "$REFUSAL" "does not answer ARP"
	refuses server mcload --preload $SERVER:1
	contains "$REFUSAL" "$SERVER:1"
}

tap_run
