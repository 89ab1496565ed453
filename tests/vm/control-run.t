#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# rexctl in a VM: one-shot runs, events, faults, settings.
. "$(dirname "$0")/../lib/tap.sh"

COUNT=$BUILD/programs/xdp_count.ko
PANIC=$BUILD/tests/oob_panic.ko
TC=$BUILD/tests/tc_pass.ko
DROP=$BUILD/tests/xdp_drop_udp.ko

setup() { head -c 64 /dev/zero >"$TMP/packet"; }

teardown() {
	local name
	for name in $(rexctl status --json | grep -o '"programs":.*' | grep -o '"name":"[^"]*","id"' | cut -d'"' -f4); do
		rexctl unload "$name" --force
	done
	[ ! -d /sys/module/rex ] || rmmod rex
}

# An IPv4 UDP frame: Ethernet type at 12, protocol at 23.
udp_packet() {
	head -c 12 /dev/zero
	printf '\x08\x00\x45\x00\x00\x2e\x00\x00\x00\x00\x40\x11'
	head -c 40 /dev/zero
}

test_run_gives_the_verdict() {
	rexctl load "$COUNT"
	contains "$(rexctl run xdp_count --data-in "$TMP/packet")" "XDP_PASS (2)"
	contains "$(rexctl run xdp_count:count --data-in "$TMP/packet" --json)" '"verdict":"XDP_PASS"'
	eq "$(bpftool prog show name rex_shim)" ""
}

test_run_repeats_and_counts() {
	rexctl load "$COUNT"
	rexctl run xdp_count --data-in "$TMP/packet" --repeat 1000
	contains "$(rexctl status)" "entry count (xdp): 1000 runs"
}

test_run_gives_the_packet_back() {
	rexctl load "$COUNT"
	udp_packet >"$TMP/in"
	rexctl run xdp_count --data-in "$TMP/in" --data-out "$TMP/out"
	cmp "$TMP/in" "$TMP/out"
	udp_packet | rexctl run xdp_count --data-in - --data-out - 2>/dev/null | cmp - "$TMP/in"
}

test_run_depends_on_the_data() {
	rexctl load "$DROP"
	contains "$(rexctl run xdp_drop_udp --data-in "$TMP/packet")" XDP_PASS
	contains "$(udp_packet | rexctl run xdp_drop_udp --data-in -)" XDP_DROP
}

test_run_of_a_tc_entry() {
	rexctl load "$TC"
	contains "$(udp_packet | rexctl run tc_pass --data-in -)" "TC_ACT_OK (0)"
}

test_run_wants_a_packet() {
	rexctl load "$COUNT"
	refuses rexctl run xdp_count
	contains "$REFUSAL" --data-in
	printf abc >"$TMP/short"
	refuses rexctl run xdp_count --data-in "$TMP/short"
	contains "$REFUSAL" "3 bytes"
	refuses rexctl run xdp_count --data-in "$TMP/missing"
	contains "$REFUSAL" "$TMP/missing"
	refuses rexctl run xdp_count --data-in "$TMP/packet" --repeat 0
	refuses rexctl run xdp_count --data-in "$TMP/packet" --data-out "$TMP/no/such/dir"
	contains "$REFUSAL" "$TMP/no/such/dir"
}

test_one_of_several_entries_must_be_named() {
	rexctl load "$PANIC"
	refuses rexctl run oob_panic --data-in "$TMP/packet"
	contains "$REFUSAL" "oob_panic:oob_panic (xdp)"
	contains "$REFUSAL" "oob_panic:oob_panic_tc (tc)"
}

test_a_panic_is_reported_everywhere() {
	local monitor line
	line=$(grep -n 'frame\[index\]' tests/programs/oob_panic.rs | head -n 1 | cut -d: -f1)
	rexctl load "$PANIC"
	rexctl monitor --count 1 --timeout 30 >"$TMP/text" &
	monitor=$!
	rexctl monitor --json --count 1 --timeout 30 >"$TMP/json" &
	sleep 1
	refuses rexctl run oob_panic:oob_panic --data-in "$TMP/packet"
	contains "$REFUSAL" 'crashed: panic in entry "oob_panic" at'
	contains "$REFUSAL" "oob_panic.rs:$line:"
	wait $monitor
	wait
	contains "$(cat "$TMP/text")" "oob_panic fault (crashed)"
	contains "$(cat "$TMP/text")" "oob_panic.rs:$line:"
	contains "$(cat "$TMP/json")" '"event":"fault"'
	[[ $(cat "$TMP/json") =~ ^\{\"time\":[0-9]{10}\.[0-9]+, ]] || fail "no time: $(cat "$TMP/json")"
	contains "$(cat "$TMP/json")" '"line":'"$line"
	perl -MJSON::PP -ne 'decode_json($_)' "$TMP/json"
	contains "$(rexctl status)" "program oob_panic: crashed"
	contains "$(rexctl status)" "oob_panic.rs:$line:"
	contains "$(rexctl status)" "1 panics"
	refuses rexctl run oob_panic:oob_panic_tc --data-in "$TMP/packet"
	rexctl enable oob_panic
	contains "$(rexctl status)" "program oob_panic: enabled"
}

test_monitor_sees_a_program_come_and_go() {
	rexctl load "$TC"		# rex.ko must be there to be listened to
	rexctl monitor --count 5 --timeout 30 >"$TMP/events" &
	sleep 1
	rexctl load "$COUNT"
	rexctl disable xdp_count
	rexctl enable xdp_count
	rexctl unload xdp_count
	wait $! || fail "$(cat "$TMP/events")"
	contains "$(cat "$TMP/events")" "xdp_count loaded"
	contains "$(cat "$TMP/events")" "xdp_count state (disabled)"
	contains "$(cat "$TMP/events")" "xdp_count state (enabled)"
	contains "$(cat "$TMP/events")" "xdp_count unloaded"
}

test_monitor_ends_in_time() {
	rexctl load "$COUNT"
	rexctl monitor --timeout 1
	refuses rexctl monitor --timeout 1 --count 1
	contains "$REFUSAL" "0 of 1 events"
}

test_disable_gives_the_safe_verdict() {
	rexctl load "$DROP"
	rexctl disable xdp_drop_udp
	contains "$(rexctl status)" "program xdp_drop_udp: disabled"
	udp_packet >"$TMP/udp"
	refuses rexctl run xdp_drop_udp --data-in "$TMP/udp"
	contains "$REFUSAL" "did not run"
	rexctl enable xdp_drop_udp
	contains "$(rexctl run xdp_drop_udp --data-in "$TMP/udp")" XDP_DROP
}

# A leaf runs without a frame only while it may run, and while nobody measures it.
test_a_leaf_obeys_state_and_timing() {
	rexctl load "$BUILD/tests/filtered.ko"
	contains "$(rexctl status)" "entry all (xdp, leaf): 0 runs"
	rexctl run filtered:all --data-in "$TMP/packet" --repeat 1000 | grep -q XDP_DROP
	contains "$(rexctl status)" "entry all (xdp, leaf): 1000 runs"
	lacks "$(rexctl status)" "ns in all"
	rexctl set filtered timing on
	rexctl run filtered:all --data-in "$TMP/packet" --repeat 1000 | grep -q XDP_DROP
	contains "$(rexctl status)" "entry all (xdp, leaf): 2000 runs, "
	rexctl disable filtered
	refuses rexctl run filtered:all --data-in "$TMP/packet"
	contains "$REFUSAL" "did not run"
	rexctl set filtered timing off
	refuses rexctl run filtered:all --data-in "$TMP/packet"
	rexctl enable filtered
	rexctl run filtered:all --data-in "$TMP/packet" | grep -q XDP_DROP
	contains "$(rexctl status)" "entry all (xdp, leaf): 2001 runs"
}

test_settings() {
	rexctl load "$COUNT"
	rexctl set xdp_count budget 5ms
	contains "$(rexctl status)" "budget 5 ms"
	rexctl set xdp_count budget 1500us timing on
	contains "$(rexctl status)" "budget 1500 us"
	contains "$(rexctl status)" "timing on"
	rexctl run xdp_count --data-in "$TMP/packet" --repeat 100
	contains "$(rexctl status)" "ns in all"
	rexctl set xdp_count timing off
	lacks "$(rexctl status)" "timing on"
	refuses rexctl set xdp_count budget 5
	contains "$REFUSAL" '"5" is not a time'
	refuses rexctl set xdp_count budget 4000s
	contains "$REFUSAL" "is not in 1.."		# the kernel's own words
	refuses rexctl set xdp_count speed fast
	contains "$REFUSAL" '"speed"'
	refuses rexctl set nosuch timing on
	contains "$REFUSAL" '"nosuch"'
}

tap_run
