#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The eBPF accelerator with real memcached; and its loader.
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/bmc/tests/common.sh"

accel_start() { at_server ebpf-bmc start --dev $DEV; }
accel_stop() { [ ! -d /sys/fs/bpf/ebpf-bmc ] || at_server ebpf-bmc stop; }

# enum bmc_stat of bmc/ebpf/bmc.h
COUNTERS=(hits misses pass_form pass_room pass_busy fills fill_skipped invalidations)
accel_stat() {
	local i
	for i in "${!COUNTERS[@]}"; do
		[ "${COUNTERS[i]}" != "$1" ] || "$BUILD/bench/bpfinfo" sum bmc_stats "$i"
	done
}

test_stats_are_those_of_the_map() {
	client set key 5 v
	client get key 5 v
	client get key 5 v
	contains "$(at_server ebpf-bmc stats --dev $DEV --json)" '"hits":1,"misses":1'
	contains "$(at_server ebpf-bmc stats)" "fills          1"
}

test_stop_leaves_nothing() {
	at_server ebpf-bmc stop
	[ ! -e /sys/fs/bpf/ebpf-bmc ] || fail "pins are left"
	lacks "$(at_server ip link show $DEV)" xdp
	eq "$(at_server bpftool net show dev $DEV | grep -c bmc)" 0
	eq "$(bpftool prog show | grep -c bmc_)" 0
	eq "$(bpftool map show | grep -c bmc_)" 0
}

test_start_refuses_and_leaves_nothing() {
	refuses at_server ebpf-bmc start --dev $DEV
	contains "$REFUSAL" "already running"
	at_server ebpf-bmc stop
	refuses at_server ebpf-bmc stop
	contains "$REFUSAL" "not running"
	refuses at_server ebpf-bmc start --dev nosuch0
	contains "$REFUSAL" '"nosuch0"'
	[ ! -e /sys/fs/bpf/ebpf-bmc ] || fail "pins are left"
	refuses at_server ebpf-bmc stats
	contains "$REFUSAL" "not running"
}

test_start_leaves_another_xdp_program_alone() {
	at_server ebpf-bmc stop
	bpftool prog load "$BUILD/tests/pass.bpf.o" /sys/fs/bpf/bmc-test-other type xdp
	at_server bpftool net attach xdpdrv pinned /sys/fs/bpf/bmc-test-other dev $DEV
	rm /sys/fs/bpf/bmc-test-other
	refuses at_server ebpf-bmc start --dev $DEV
	contains "$REFUSAL" "has an XDP program already"
	contains "$(at_server ip link show $DEV)" "name pass"
	at_server bpftool net detach xdpdrv dev $DEV
	[ ! -e /sys/fs/bpf/ebpf-bmc ] || fail "pins are left"
	lacks "$(bpftool prog show)" bmc_
}

test_a_get_misses_then_hits() { check_a_get_misses_then_hits; }
test_a_hit_needs_no_memcached() { check_a_hit_needs_no_memcached; }
test_a_set_is_seen_by_the_next_get() { check_a_set_is_seen_by_the_next_get; }
test_every_size_of_key_and_value() { check_every_size_of_key_and_value; }
test_a_miss_of_memcached_is_no_fill() { check_a_miss_of_memcached_is_no_fill; }

# memcached answers these with several datagrams that it all calls the only one, so that
# just what comes of it is looked at.
test_several_keys_are_for_memcached() {
	client set a 1 x
	client set b 1 y
	client get a 1 x
	counts pass_form 1 client request "get a b"
	contains "$(cat "$TMP/counts.out")" "VALUE a 0 1"
	counts pass_form 1 client request "get b a"
	# no mixture was remembered
	client get b 1 y
	client get a 1 x
	client get b 1 y
}

test_other_commands_are_for_memcached() { check_other_commands_are_for_memcached; }
test_keys_alike_are_kept_apart() { check_keys_alike_are_kept_apart; }
test_a_value_that_looks_like_a_reply() { check_a_value_that_looks_like_a_reply; }
test_damaged_requests_do_no_harm() { check_damaged_requests_do_no_harm; }

run_in_lab
