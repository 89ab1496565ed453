#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Loops, panics and recursion at the tracing hooks, with interrupts on and off. Each ends the
# program and nothing else: the event names the line, the program can be enabled again, the
# kernel has nothing to complain about (tests/lib/tap.sh looks). The shims are attached by the
# bare driver, which calls getppid(2) until the program has crashed.
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/programs/cprog/cprog.sh"

PROGRAM=hostile_hooks
HOOKED=__x64_sys_getppid
TRACED=__x64_sys_sendto	# BTF knows it, and the driver's netlink socket calls it

setup() {
	[ -d /sys/module/$PROGRAM ] || rexctl load "$BUILD/tests/$PROGRAM.ko"
	drive set $PROGRAM budget 8000
}

teardown() { [ ! -d /sys/module/cprog ] || rmmod cprog; }

# line WORD: where in the source it happens.
line() { sed -n "/here: $1\$/=" "tests/programs/$PROGRAM.rs"; }

# crashes ENTRY WHERE WORD
crashes() {
	drive events 1 >"$TMP/events" &
	wait_for 30 grep -q ready "$TMP/events"
	drive hit "$PROGRAM/$1" "$2" 1
	wait $!
	contains "$(cat "$TMP/events")" "fault $PROGRAM 3"
	contains "$(cat "$TMP/events")" " $1 $PROGRAM.rs:$(line "$3"):"
	contains "$(rexctl status)" "at $PROGRAM.rs:$(line "$3")"
	contains "$(rexlog 40)" "program $PROGRAM/$1 "
	# Both CPUs live, and what was hooked works.
	taskset -c 0 "$CPROG/drive" list >/dev/null
	taskset -c 1 "$CPROG/drive" list >/dev/null
	drive set $PROGRAM enabled 1
	contains "$(drive list)" "$PROGRAM enabled"
}

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

test_the_next_program_is_loadable() {
	rexctl unload $PROGRAM
	rexctl load "$BUILD/tests/$PROGRAM.ko"
	crashes kprobe_panic $HOOKED panic
	rexctl unload $PROGRAM
	rmmod rex
}

tap_run
