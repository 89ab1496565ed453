#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The Rex accelerator with real memcached.
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/bmc/test/common.sh"
# BMC_FILLS, BMC_INVAL_SET of bmc/rex/shared.h
export FILLS=12 INVALIDATIONS=21

accel_start() {
	rexctl load "$BUILD/programs/rex_bmc.ko"
	at_server rexctl attach rex_bmc:ingress xdp $DEV native
	at_server rexctl attach rex_bmc:egress tc $DEV egress
}

accel_stop() {
	[ ! -d /sys/module/rex_bmc ] || at_server rexctl unload rex_bmc --force
	[ ! -d /sys/module/rex ] || rmmod rex
}

accel_stat() { "$BUILD/bench/bpfinfo" sum bmc_stats "$1"; }

accel_healthy() {
	contains "$(rexctl status --json)" '"state":"enabled"'
	lacks "$(rexctl status)" panic
}

test_short_and_odd_frames_pass() {
	local length
	client set key 50 v
	client get key 50 v
	# a GET that would be a hit, cut at every length
	printf '\x02\0\0\0\0\1\x02\0\0\0\0\2\x08\0\x45\0\0\x2d\0\0\0\0\x40\x11\0\0\x0a\0\0\2\x0a\0\0\1\x30\x39\x2b\xcb\0\x19\0\0\0\1\0\0\0\1\0\0get key\r\n' >"$TMP/get"
	contains "$(rexctl run rex_bmc:ingress --data-in "$TMP/get")" XDP_TX
	for length in $(seq 14 $(($(stat -c %s "$TMP/get") - 1))); do
		head -c "$length" "$TMP/get" >"$TMP/cut"
		contains "$(rexctl run rex_bmc:ingress --data-in "$TMP/cut")" XDP_PASS
	done
	accel_healthy
}

test_a_get_misses_then_hits() { check_a_get_misses_then_hits; }
test_a_hit_needs_no_memcached() { check_a_hit_needs_no_memcached; }
test_a_set_is_seen_by_the_next_get() { check_a_set_is_seen_by_the_next_get; }
test_every_size_of_key_and_value() { check_every_size_of_key_and_value; }
test_a_miss_of_memcached_is_no_fill() { check_a_miss_of_memcached_is_no_fill; }
test_several_keys_are_for_memcached() { check_several_keys_are_for_memcached; }
test_other_commands_are_for_memcached() { check_other_commands_are_for_memcached; }
test_keys_alike_are_kept_apart() { check_keys_alike_are_kept_apart; }
test_a_value_that_looks_like_a_reply() { check_a_value_that_looks_like_a_reply; }
test_damaged_requests_do_no_harm() { check_damaged_requests_do_no_harm; }

run_in_lab
