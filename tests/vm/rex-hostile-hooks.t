#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Loops, panics and recursion at the tracing hooks, with interrupts on and off, and of programs
# that hold what others wait for. Each ends the program and nothing else: the event names the line, the program can be enabled again, the
# kernel has nothing to complain about (tests/lib/tap.sh looks). The shims are attached by the
# bare driver, which calls getppid(2) until the program has crashed.
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/programs/cprog/cprog.sh"

PROGRAM=hostile_hooks
HOOKED=__x64_sys_getppid
TRACED=__x64_sys_sendto	# BTF knows it, and the driver's netlink socket calls it

# use PROGRAM: loads it unless it is loaded.
use() {
	PROGRAM=$1
	[ -d "/sys/module/$1" ] || rexctl load "$BUILD/tests/$1.ko"
	drive set "$1" budget 8000
}

setup() { use hostile_hooks; }
teardown() { [ ! -d /sys/module/cprog ] || rmmod cprog; }

# line WORD: where in the source it happens.
line() { sed -nE "/here: $1( \\*\/.*)?\$/=" "tests/programs/$PROGRAM.rs"; }

# ends_at ENTRY WORD COMMAND...: the command makes the entry crash at the line of WORD.
ends_at() {
	local entry=$1 word=$2 events; shift 2
	drive events 100 >"$TMP/events" &
	events=$!
	wait_for 60 grep -q ready "$TMP/events"
	"$@"
	wait_for 60 grep -q "fault $PROGRAM 3" "$TMP/events"
	kill $events
	contains "$(cat "$TMP/events")" " $entry tests/programs/$PROGRAM.rs:$(line "$word"):"
	contains "$(rexctl status)" "at tests/programs/$PROGRAM.rs:$(line "$word")"
	contains "$(rexlog 40)" "program $PROGRAM:$entry "
	# Both CPUs live.
	taskset -c 0 "$CPROG/drive" list >/dev/null
	taskset -c 1 "$CPROG/drive" list >/dev/null
	drive set $PROGRAM enabled 1
	contains "$(drive list)" "$PROGRAM enabled"
}

# crashes ENTRY WHERE WORD: attached there.
crashes() { ends_at "$1" "$3" drive hit "$PROGRAM/$1" "$2" 1; }

test_loop_at_kprobe() { crashes kprobe_loop $HOOKED loop; }
test_panic_at_kprobe() { crashes kprobe_panic $HOOKED panic; }
test_recursion_at_kprobe() { crashes kprobe_recurse $HOOKED recurse; }

# Behind the call of ftrace: a breakpoint, whose handler runs with interrupts off.
test_loop_at_kprobe_with_interrupts_off() {
	echo 0 >/proc/sys/debug/kprobes-optimization
	crashes kprobe_loop $HOOKED+9 loop
}
test_panic_at_kprobe_with_interrupts_off() { crashes kprobe_panic $HOOKED+9 panic; }

test_loop_at_tracepoint() { crashes tracepoint_loop syscalls:sys_enter_getppid loop; }
test_panic_at_tracepoint() { crashes tracepoint_panic syscalls:sys_enter_getppid panic; }
# All CPUs come by here all the time, with interrupts off: one is kept out to end the other's.
test_loop_at_tracepoint_with_interrupts_off() { crashes tracepoint_loop timer:hrtimer_expire_entry loop; }
test_panic_at_tracepoint_with_interrupts_off() { crashes tracepoint_panic timer:hrtimer_expire_entry panic; }

test_loop_at_fentry() { crashes fentry_loop $TRACED loop; }
test_panic_at_fentry() { crashes fentry_panic $TRACED panic; }
test_loop_at_fentry_with_interrupts_off() { crashes fentry_loop update_process_times loop; }
test_loop_at_fexit() { crashes fexit_loop $TRACED loop; }
test_panic_at_fexit() { crashes fexit_panic $TRACED panic; }
test_loop_at_raw_tracepoint() { crashes raw_tracepoint_loop sys_enter loop; }
test_panic_at_raw_tracepoint() { crashes raw_tracepoint_panic sys_enter panic; }
# Software events come in a hard interrupt.
test_loop_at_perf_event() { crashes perf_event_loop - loop; }
test_panic_at_perf_event() { crashes perf_event_panic - panic; }

# nested ENTRY WORD: it interrupts an XDP program, in a helper, on the same CPU.
nested() {
	insmod "$CPROG/cprog.ko"
	drive bind cprog
	drive set cprog budget 5000000
	crashes "$1" htab_map_update_elem "$2" &
	local pid=$!
	while kill -0 $pid 2>/dev/null; do eq "$(verdict cprog/hash)" 1; done
	wait $pid
	eq "$(state)" enabled
}
test_panic_in_a_program_that_interrupts_another() { nested kprobe_panic panic; }
test_loop_in_a_program_that_interrupts_another() { nested kprobe_loop loop; }
test_recursion_in_a_program_that_interrupts_another() { nested kprobe_recurse recurse; }

# ---- what a program holds

test_panic_with_two_locks_and_a_record_in_a_closure() {
	use hostile_data
	ends_at holding_panic holding_panic drive crash hostile_data/holding_panic 1
	eq "$(verdict hostile_data/probe)" 1
	# The consumer is not stuck at the record of the one that panicked.
	eq "$(drive ring hostile_data RING)" 1
}
test_loop_with_two_locks_and_a_record_in_a_closure() {
	use hostile_data
	ends_at holding_loop holding_loop drive crash hostile_data/holding_loop 1
	eq "$(verdict hostile_data/probe)" 1
	eq "$(drive ring hostile_data RING)" 1
}

cross() {
	taskset -c 0 "$CPROG/drive" crash hostile_data/lock_ab 1 &
	local one=$!
	taskset -c 1 "$CPROG/drive" crash hostile_data/lock_ba 1
	wait $one
}
test_deadlock_by_the_order_of_locks_on_two_cpus() {
	use hostile_data
	drive set hostile_data budget 1000000
	local entry events
	drive events 100 >"$TMP/events" &
	events=$!
	wait_for 60 grep -q ready "$TMP/events"
	cross
	wait_for 60 grep -q "fault hostile_data 3" "$TMP/events"
	kill $events
	entry=$(sed -n 's/^1 \(lock_[ab]*\) .*/\1/p' "$TMP/events" | head -n 1)
	contains "$(cat "$TMP/events")" "1 $entry tests/programs/hostile_data.rs:$(line "$entry"):"
	drive set hostile_data enabled 1
	eq "$(verdict hostile_data/probe)" 1
}

test_huge_frames() {
	use hostile_data
	ends_at huge_frames huge_frames drive crash hostile_data/huge_frames 1
}
test_panic_in_drop_at_tc() {
	use hostile_data
	ends_at drop_panic drop_panic drive crash hostile_data/drop_panic 1
}
test_look_ups_out_of_range_are_none() {
	use hostile_data
	eq "$(verdict hostile_data/out_of_range 100)" 1
	contains "$(drive list)" "hostile_data enabled"
}

test_the_next_program_is_loadable() {
	rexctl unload hostile_data
	rexctl unload hostile_hooks
	use hostile_hooks
	crashes kprobe_panic $HOOKED panic
	rexctl unload hostile_hooks
	rmmod rex
}

tap_run
