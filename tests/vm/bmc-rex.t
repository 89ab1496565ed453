#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The Rex accelerator with real memcached, what the eBPF one must do, too. What only Rex does right:
# bmc-cases.t, bmc-cases-packets.t, bmc-restart.t.
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/bmc/tests/common.sh"

# Runs through all tests of the file.
accel_start() {
	[ -d /sys/module/rex_bmc ] || at_server rexctl bmc start --port 11211 --dev $DEV --memory 64M
	wait_for 20 running
}
running() { rexctl bmc status | grep -q ^running; }
accel_stop() { :; }
accel_end() {
	[ ! -d /sys/module/rex_bmc ] || at_server rexctl bmc stop
	[ ! -d /sys/module/rex ] || rmmod rex
}

accel_stat() {
	local name=${1^^}
	[ "$name" != INVALIDATIONS ] || name=INVAL_SET
	"$BUILD/bench/bpfinfo" sum bmc_stats \
		"$("$BUILD/tests/bmc-shared" | awk -v name="$name" '$1 == "counter" && $3 == name { print $2 }')"
}

accel_healthy() {
	contains "$(rexctl status --json)" '"state":"enabled"'
	lacks "$(rexctl status)" panic
}

test_a_get_misses_then_hits() { check_a_get_misses_then_hits; }
test_a_hit_needs_no_memcached() { check_a_hit_needs_no_memcached; }
test_a_set_is_seen_by_the_next_get() { check_a_set_is_seen_by_the_next_get; }
test_every_size_of_key_and_value() { check_every_size_of_key_and_value; }
test_a_miss_of_memcached_is_no_fill() { check_a_miss_of_memcached_is_no_fill; }
test_other_commands_are_for_memcached() { check_other_commands_are_for_memcached; }
test_keys_alike_are_kept_apart() { check_keys_alike_are_kept_apart; }
test_a_value_that_looks_like_a_reply() { check_a_value_that_looks_like_a_reply; }
test_damaged_requests_do_no_harm() { check_damaged_requests_do_no_harm; }
test_it_is_healthy_afterwards() { accel_healthy; }

run_in_lab
