#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: --smp 3 --append isolcpus=1 --append nohz_full=1
#
# rex.ko's tick comes to a CPU only while a program runs there, or runs with interrupts off on
# another one. Told by the kernel's own trace of its timers.
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/programs/cprog/cprog.sh"

TRACE=/sys/kernel/tracing
EXPIRES=$TRACE/events/timer/hrtimer_expire_entry

# ticks CPU: how many came there since the trace was emptied.
ticks() { grep -c "\[00$1\].*function=rex_tick" $TRACE/trace || :; }
none() { eq "$(ticks 0) $(ticks 1) $(ticks 2)" "0 0 0"; }
still() { : >$TRACE/trace; sleep 0.2; none; }
wait_until_still() { wait_for 20 still; : >$TRACE/trace; }

test_setup() {
	rexctl load "$BUILD/tests/all_hooks.ko"
	rexctl load "$BUILD/tests/stop_mem.ko"
	insmod "$CPROG/cprog.ko"
	drive bind cprog
	ip link add rest type dummy
	ip link set rest up
	rexctl attach all_hooks:on_xdp xdp rest
	rexctl attach all_hooks:on_kprobe kprobe __x64_sys_sethostname
	rexctl attach all_hooks:on_fentry fentry __x64_sys_sethostname
	# a breakpoint, whose handler runs with interrupts off and counts as an NMI: see guard.c
	echo 0 >/proc/sys/debug/kprobes-optimization
	eq "$(cat /sys/devices/system/cpu/nohz_full)" 1
	echo "function == 0x$(awk '$3 == "rex_tick" { print $1 }' /proc/kallsyms)" >$EXPIRES/filter
	echo 1 >$EXPIRES/enable
}

test_attached_programs_that_do_not_run_need_no_tick() {
	wait_until_still
	sleep 1
	none
}

# more_than N CPU, and no tick elsewhere.
more_than() {
	local cpu
	[ "$(ticks "$2")" -gt "$1" ] || fail "only $(ticks "$2") ticks on CPU $2"
	for cpu in 0 1 2; do [ "$cpu" = "$2" ] || eq "CPU $cpu $(ticks $cpu)" "CPU $cpu 0"; done
}

test_a_cpu_ticks_while_it_runs_a_program() {
	local cpu
	drive set cprog budget 80000
	for cpu in 0 1; do
		drive set cprog enabled 1
		wait_until_still
		eq "$(taskset -c $cpu "$CPROG/drive" run cprog/loop | cut -d' ' -f1)" 2
		more_than 20 $cpu
	done
	eq "$(counter loop overruns)" 2
}
test_and_no_longer_afterwards() { wait_until_still; sleep 0.5; none; }

# The isolated CPU has the lower number.
test_a_program_with_interrupts_off_wakes_a_cpu_that_is_not_isolated() {
	drive set stop_mem budget 80000
	drive set stop_mem enabled 1
	wait_until_still
	taskset -c 0 "$CPROG/drive" hit stop_mem/probe_64 __x64_sys_getppid+9 1
	contains "$(drive fault stop_mem)" "ran longer than its time budget"
	[ "$(ticks 2)" -gt 0 ] || fail "no tick on CPU 2"
	eq "$(ticks 1)" 0
}
test_and_lets_it_sleep_afterwards() { wait_until_still; sleep 0.5; none; }

test_each_cpu_finds_another_one_to_look_after_it() {
	local cpu
	for cpu in 1 2; do
		drive set stop_mem enabled 1
		wait_until_still
		taskset -c $cpu "$CPROG/drive" hit stop_mem/probe_64 __x64_sys_getppid+9 1
		contains "$(drive fault stop_mem)" "ran longer than its time budget"
	done
}

test_cpus_that_come_and_go_tick_all_the_same() {
	local _ online=/sys/devices/system/cpu/cpu2/online
	for _ in 1 2 3; do
		drive set cprog enabled 1
		eq "$(taskset -c 2 "$CPROG/drive" run cprog/loop | cut -d' ' -f1)" 2
		echo 0 >$online
		drive set stop_mem enabled 1
		# its guard can only be the isolated one
		taskset -c 0 "$CPROG/drive" hit stop_mem/probe_64 __x64_sys_getppid+9 1
		echo 1 >$online
	done
	wait_until_still
}

test_unloading() {
	echo 0 >$EXPIRES/enable
	rmmod cprog
	rexctl unload stop_mem --force
	rexctl unload all_hooks --force
	wait_for 20 rmmod rex		# the kernel frees the shims a little later
	ip link del rest
}

tap_run
