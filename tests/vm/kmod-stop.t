#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A loop around anything that a program may call is stopped when its budget is used up, at the
# latest one tick later: however long what it calls takes, with interrupts on and off. The time is
# the program's own, as rex.ko counts it: see the text of the fault.
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/programs/cprog/cprog.sh"

# What ends the invocation itself, and what is no function.
ENDS='rex_panic rex_stack_overflow rex_runtime'
HOOKED=__x64_sys_getppid

test_setup() {
	# rexctl tells rex.ko where the kernel's helpers are; bpf_trace_printk() only for who calls it
	rexctl load "$BUILD/tests/trace_helpers.ko"
	rexctl unload trace_helpers
	rexctl load "$BUILD/tests/stop_mem.ko"
	drive set stop_mem budget 8000
	insmod "$CPROG/cloop.ko"
	drive bind cloop
	drive set cloop budget 8000
	# behind the call of ftrace: a breakpoint, whose handler runs with interrupts off
	echo 0 >/proc/sys/debug/kprobes-optimization
}

# loops ENTRY AT [WHERE]: each of cloop.c's at that hook.
loops() {
	drive stop "cloop/$1" "${@:2}" >"$TMP/said"
	sed -n 's/^stopped //p' "$TMP/said" >>"$TAP_DIR/stopped"
	[ "$(grep -c ^stopped "$TMP/said")" -gt 0 ] || fail "nothing was run"
	lacks "$(cat "$TMP/said")" 'not stopped'
}

test_loops_at_xdp() { loops xdp 1; }
test_loops_at_tc() { loops tc 2; }
test_loops_at_kprobe_with_interrupts_off() { loops kprobe 4 $HOOKED+9; }
test_loops_at_perf_event() { loops perf 8 -; }

test_every_import_was_tried() {
	local name
	for name in $(kmod/program-imports | sed -nE 's/^IMPORT\((rex_.*)\)/\1/p'); do
		[[ " $ENDS " != *" $name "* ]] || continue
		grep -qx "$name" "$TAP_DIR/stopped" || fail "no loop around $name was stopped"
	done
}

# within_budget ENTRY COMMAND...: the command lets it run until it is stopped, in time. On a busy
# machine even an interrupt may come late: once of three times is enough.
within_budget() {
	local entry=$1 budget ran _; shift
	for _ in 1 2 3; do
		drive set stop_mem enabled 1
		"$@"
		wait_for 20 sh -c "'$CPROG/drive' fault stop_mem | grep -q ' $entry '"
		contains "$(drive fault stop_mem)" stop_mem.rs
		read -r budget ran < <(drive fault stop_mem |
			sed -nE '1s/.* budget of ([0-9]+) us: ([0-9]+) us.*/\1 \2/p')
		[ "$ran" -gt $((budget + 4000)) ] || return 0
	done
	fail "$entry ran $ran us of $budget us"
}

# memory OPERATION
memory() {
	local len
	for len in 64 4096 16m; do
		within_budget "$1_$len" drive crash "stop_mem/$1_$len" 1
	done
}
test_comparing_memory() { memory compare; }
test_copying_memory() { memory copy; }
test_filling_memory() { memory fill; }
test_moving_memory() { memory shift; }
test_memory_with_interrupts_off() {
	local len
	for len in 64 4096 16m; do
		within_budget "probe_$len" drive hit "stop_mem/probe_$len" $HOOKED+9 1
	done
}

test_programs_import_nothing_of_the_kernel_but_thunks() {
	local ko
	for ko in "$BUILD"/programs/*.ko "$BUILD/tests/stop_mem.ko"; do
		lacks "$(nm -u "$ko" | grep -vE ' (rex_|__x86_(return_thunk|indirect_thunk_)|__fentry__)')" ' U '
	done
}

# ---- traces through programs

# pick NAME: the first loop of cloop.c around it.
pick() {
	local n=0 said
	for ((n = 0; n < 200; n++)); do
		echo $n >/sys/module/cloop/parameters/loop
		said=$(cat /sys/module/cloop/parameters/loop)
		[ "${said#* }" != "$1" ] || return 0
	done
	fail "no loop around $1"
}
runs() { [ "$(drive show cloop | sed -n 's/^  entry kprobe .* runs=\([0-9]*\).*/\1/p')" -gt "$1" ]; }

# trace_of_cpu_1: leaves in $log what the kernel shows of the program that runs there.
trace_of_cpu_1() {
	local before pid seen
	seen=$(dmesg | wc -l)
	drive set cloop enabled 1
	before=$(drive show cloop | sed -n 's/^  entry kprobe .* runs=\([0-9]*\).*/\1/p')
	taskset 2 "$CPROG/drive" call cloop/kprobe $HOOKED &
	pid=$!
	wait_for 60 runs "$before"
	# by no new shell, which would call getppid(2) itself
	echo l >/proc/sysrq-trigger
	wait $pid
	log=$(dmesg | tail -n +$((seen + 1)) | sed -n '/NMI backtrace for cpu 1/,$p')
}

test_a_trace_shows_the_frames_behind_a_program() {
	local log _
	pick rex_task_find
	# What this needs must not wait for CPU 1, where the program runs.
	taskset -pc 0 $BASHPID >/dev/null
	drive set cloop budget 2000000
	# On a busy machine, the program may reach its budget before it is looked at.
	for _ in 1 2 3 4 5; do
		trace_of_cpu_1
		case $log in *"this is in program"*) break ;; esac
	done
	contains "$log" "this is in program cloop:kprobe"
	contains "$log" "e_kprobe+0x"		# on its own stack
	contains "$log" " rex_kprobe+0x"	# and behind it
	contains "$log" " __do_sys_getppid+0x"
	contains "$log" " do_syscall_64+0x"
}

# ---- whose time it is

# interrupted COMMAND...: a program of cnest.c on CPU 0. Its own time is 80 ms, that of others 800.
interrupted() {
	[ -d /sys/module/cnest ] || taskset 1 insmod "$CPROG/cnest.ko"
	drive set cnest budget "${BUDGET:-400000}"
	drive set cnest enabled 1
	taskset 1 "$CPROG/drive" "$@"
}
# unharmed PROGRAM ENTRY
unharmed() {
	contains "$(drive show "$1")" "$1 enabled"
	contains "$(drive show "$1" | grep "entry $2 ")" ' runs=1 '
}

test_hard_interrupts_are_not_the_programs_time() {
	interrupted call cnest/below_hard $HOOKED
	unharmed cnest below_hard
}
test_soft_interrupts_are_not_the_programs_time() {
	interrupted call cnest/below_soft $HOOKED
	unharmed cnest below_soft
}
# There, a hard interrupt stays on the program's stack.
test_hard_interrupts_are_not_the_time_of_an_xdp_program() {
	eq "$(interrupted run cnest/xdp_below_hard | cut -d' ' -f1)" 1
	unharmed cnest xdp_below_hard
}
test_another_program_above_is_not_the_programs_time() {
	[ -d /sys/module/cnest ] || taskset 1 insmod "$CPROG/cnest.ko"
	insmod "$CPROG/chog.ko"
	drive set chog budget 2000000
	interrupted call cnest/below_hog - chog/hog -
	unharmed cnest below_hog
	contains "$(drive show chog)" "chog enabled"
	lacks "$(drive show chog)" " runs=0 "
	rmmod chog
}
test_an_endless_program_ends_though_it_is_interrupted_a_lot() {
	BUDGET=20000 interrupted call cnest/endless $HOOKED
	contains "$(drive show cnest)" "cnest crashed"
	rmmod cnest
}

test_unloading() { rmmod cloop; rexctl unload stop_mem; rmmod rex; }

tap_run
