#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/programs/cprog/cprog.sh"

setup() { rex_up; }
teardown() {
	echo 1 2>/dev/null >/sys/devices/system/cpu/cpu1/online || :
	rex_down
}

# Test runs of ENTRY on both CPUs for SECONDS, in the background: pids in $KEEP.
keep_both() {
	local cpu
	KEEP=
	for cpu in 0 1; do
		taskset -c $cpu "$CPROG/drive" keep "$1" "$2" >"$TMP/keep$cpu" &
		KEEP="$KEEP $!"
		wait_for 5 grep -q ready "$TMP/keep$cpu"
	done
}

test_one_lock_on_two_cpus() {
	keep_both cprog/lock_count 3
	local pid; for pid in $KEEP; do wait "$pid"; done
	eq "$(tail -n 1 "$TMP/keep0")" "1 "
	eq "$(tail -n 1 "$TMP/keep1")" "1 "
	eq "$(drive sum cprog array 1)" "$(counter lock_count runs)"
}

test_unload_under_traffic() {
	local i
	keep_both cprog/drop 6
	for i in {1..15}; do
		rmmod cprog
		insmod "$CPROG/cprog.ko"
		drive bind cprog
	done
	local pid; for pid in $KEEP; do wait "$pid"; done
	eq "$(tail -n 1 "$TMP/keep0")" "1 2 "
	eq "$(tail -n 1 "$TMP/keep1")" "1 2 "
}

test_enable_disable_and_crash_under_traffic() {
	local i
	keep_both cprog/lock_leak 4
	for i in {1..20}; do
		drive set cprog enabled 0
		drive set cprog enabled 1
		drive run cprog/lock_panic >/dev/null
		drive set cprog enabled 1
		drive set cprog timing $((i % 2))
	done
	local pid; for pid in $KEEP; do wait "$pid"; done
	# A disabled program's verdict is XDP_PASS; the lock is only ever free or held.
	lacks "$(tail -n 1 "$TMP/keep0")" "10"
	eq "$(verdict cprog/lock)" 1
}

test_cpu_hotplug_under_traffic() {
	local i
	drive keep cprog/lock_leak 8 >"$TMP/keep" &
	wait_for 5 grep -q ready "$TMP/keep"
	for i in {1..4}; do
		echo 0 >/sys/devices/system/cpu/cpu1/online
		echo 1 >/sys/devices/system/cpu/cpu1/online
		# the CPU that is back has its stacks and its watchdog
		eq "$(taskset -c 1 "$CPROG/drive" run cprog/drop | cut -d' ' -f1)" 1
	done
	wait $!
	eq "$(tail -n 1 "$TMP/keep")" "1 "
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

test_malformed_netlink_messages_are_harmless() {
	insmod "$CPROG/cbare.ko"
	local seed
	for seed in 1 2 3 4 5; do
		drive fuzz $seed 4000
	done
	drive set cbare enabled 1
	drive set cprog enabled 1
	eq "$(verdict cbare/drop)" 1
	eq "$(verdict cprog/drop)" 1
}

memory() { awk '/^(Slab|VmallocUsed|Percpu):/ { sum += $2 } END { print sum }' /proc/meminfo; }

test_loading_a_thousand_times_loses_no_memory() {
	local i before after
	for i in {1..50}; do
		insmod "$CPROG/cbare.ko"; rmmod cbare
	done
	before=$(memory)
	for i in {1..1000}; do
		insmod "$CPROG/cbare.ko"; rmmod cbare
	done
	sync; echo 3 >/proc/sys/vm/drop_caches
	after=$(memory)
	# 1 KiB lost per load would be 1000.
	[ $((after - before)) -lt 500 ] || fail "$((after - before)) KiB are gone"
}

test_loading_rex_a_hundred_times_loses_no_memory() {
	local i before after
	rex_down
	for i in {1..10}; do rex_up; rex_down; done
	before=$(memory)
	for i in {1..100}; do rex_up; rex_down; done
	sync; echo 3 >/proc/sys/vm/drop_caches
	after=$(memory)
	# The stacks alone are 512 KiB per load.
	[ $((after - before)) -lt 1024 ] || fail "$((after - before)) KiB are gone"
}

tap_run
