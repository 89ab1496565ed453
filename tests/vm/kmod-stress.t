#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/programs/cprog/cprog.sh"

setup() { rex_up; }
teardown() {
	echo 1 2>/dev/null >/sys/devices/system/cpu/cpu1/online || :
	rex_down
}

# A test run of an XDP program patches the kernel's text (the dispatcher's jump) when it begins
# and ends. Emulated by QEMU 7.2, another CPU that runs XDP just then may meet a breakpoint that
# is no longer there, and the VM dies; two empty eBPF programs do it as well. So XDP runs on one
# CPU at a time here, and tc, which has no dispatcher and takes the same way through rex.ko, on
# the other.

keep_both() { keep 0 "$1"; keep 1 "$1"; }

test_one_lock_on_two_cpus() {
	keep_both cprog/tc_lock_count
	sleep 3
	keep_end
	eq "$(kept 0)" "1 "
	eq "$(kept 1)" "1 "
	eq "$(drive sum cprog array 1)" "$(counter tc_lock_count runs)"
}

test_unload_under_traffic() {
	local i
	keep_both cprog/tc_drop
	for i in {1..5}; do
		rmmod cprog
		[ $i -lt 5 ] || keep_saw 0 0 1
		insmod "$CPROG/cprog.ko"
		drive bind cprog
	done
	keep_end
	eq "$(kept 0)" "0 1 "
	eq "$(kept 1)" "0 1 "
}

test_unload_under_xdp_and_tc() {
	local i
	keep 0 cprog/drop
	keep 1 cprog/tc_drop
	for i in {1..5}; do
		rmmod cprog
		[ $i -lt 5 ] || { keep_saw 2 0; keep_saw 0 1; }
		insmod "$CPROG/cprog.ko"
		drive bind cprog
	done
	keep_end
	[ "$(info stale)" -gt 0 ]
	eq "$(kept 0)" "1 2 "
	eq "$(kept 1)" "0 1 "
	eq "$(verdict cprog/drop)" 1
}

test_enable_disable_and_crash_under_traffic() {
	local i
	keep_both cprog/tc_lock_leak
	for i in {1..4}; do
		drive set cprog enabled 0
		drive set cprog enabled 1
		drive run cprog/skb_panic >/dev/null
		drive set cprog enabled 1
		drive set cprog timing $((i % 2))
	done
	keep_end
	# 0: disabled, 1: it got the lock; 101 would be a lock that this CPU holds for ever.
	lacks "$(kept 0)" "101"
	lacks "$(kept 1)" "101"
	eq "$(verdict cprog/lock)" 1
}

test_cpu_hotplug_under_traffic() {
	local i
	keep 0 cprog/tc_lock_leak
	for i in {1..3}; do
		echo 0 >/sys/devices/system/cpu/cpu1/online
		echo 1 >/sys/devices/system/cpu/cpu1/online
		# the CPU that is back has its stacks and its watchdog
		eq "$(taskset -c 1 "$CPROG/drive" run cprog/drop | cut -d' ' -f1)" 1
	done
	keep_end
	eq "$(kept 0)" "1 "
	eq "$(taskset -c 1 "$CPROG/drive" run cprog/loop | cut -d' ' -f1)" 2
	eq "$(counter loop overruns)" 1
}

test_loading_while_a_cpu_is_offline() {
	rex_down
	echo 0 >/sys/devices/system/cpu/cpu1/online
	rex_up
	eq "$(verdict cprog/drop)" 1
	echo 1 >/sys/devices/system/cpu/cpu1/online
	eq "$(taskset -c 1 "$CPROG/drive" run cprog/drop | cut -d' ' -f1)" 1
	eq "$(taskset -c 1 "$CPROG/drive" run cprog/loop | cut -d' ' -f1)" 2
	eq "$(counter loop overruns)" 1
}

memory() { awk '/^(Slab|VmallocUsed|Percpu):/ { sum += $2 } END { print sum }' /proc/meminfo; }

# grows LIMIT COMMAND...: runs it twice; how many KiB the second time costs, at most LIMIT.
grows() {
	local limit=$1 before after; shift
	"$@"
	before=$(memory)
	"$@"
	echo 3 >/proc/sys/vm/drop_caches
	after=$(memory)
	echo "$((after - before)) KiB"
	[ $((after - before)) -lt "$limit" ]
}

register_500_times() { insmod "$CPROG/cbare.ko" cycles=500; rmmod cbare; }
load_program_10_times() { local i; for i in {1..10}; do insmod "$CPROG/cbare.ko"; rmmod cbare; done; }
load_rex_10_times() { local i; for i in {1..10}; do rex_up; rex_down; done; }

# 1 KiB lost per registration would be 500.
test_a_thousand_registrations_lose_no_memory() { grows 300 register_500_times; }
test_loading_programs_loses_no_memory() { grows 200 load_program_10_times; }
# The stacks alone are 512 KiB per load.
test_loading_rex_loses_no_memory() { rex_down; grows 1024 load_rex_10_times; }

tap_run
