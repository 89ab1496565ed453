#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# rexctl events: the records of a ring buffer and of a perf event array.
. "$(dirname "$0")/../lib/tap.sh"

setup() {
	rexctl load "$BUILD/tests/records.ko"
	rexctl attach records kprobe __x64_sys_sethostname
}

teardown() {
	[ ! -d /sys/module/records ] || rexctl unload records --force
	[ ! -d /sys/module/rex ] || wait_for 5 rmmod rex
}

# A ring buffer keeps its records for the reader that comes later.
test_records_of_a_ring_buffer() {
	hostname one; hostname two; hostname three
	contains "$(rexctl events records RING --count 1 --timeout 20)" "72 65 63 6f 72 64 73 21"
	eq "$(rexctl events records RING --count 1 --timeout 20 --json)" \
		'{"map":"RING","size":8,"data":"7265636f72647321"}'
	eq "$(rexctl events records RING --count 1 --timeout 20 --raw)" "records!"
	refuses rexctl events records RING --count 1 --timeout 1
	contains "$REFUSAL" "0 of 1 records within 1 s"
}

# There must be a reader first; the program writes until it has seen enough.
test_records_of_a_perf_event_array() {
	local reader
	rexctl events records PERF --count 2 --timeout 20 >"$TMP/records" &
	reader=$!
	while kill -0 $reader 2>/dev/null; do hostname again; done
	wait $reader || fail "no records"
	contains "$(cat "$TMP/records")" "bytes, CPU "
	contains "$(cat "$TMP/records")" "72 65 63 6f 72 64 73 21"
}

test_what_has_no_records_is_refused() {
	refuses rexctl events records NOSUCH
	contains "$REFUSAL" 'has no map "NOSUCH"; it has: '
	refuses rexctl events nosuch RING
	contains "$REFUSAL" '"nosuch"'
	refuses rexctl events records RING --count none
	contains "$REFUSAL" '"none"'
}

tap_run
