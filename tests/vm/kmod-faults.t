#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/programs/cprog/cprog.sh"

setup() { rex_up; }
teardown() { rex_down; }

# crashes ENTRY SAFE-VERDICT: the entry ends in a fault that leaves all in order.
crashes() {
	eq "$(verdict "cprog/$1")" "$2"
	eq "$(state)" crashed
	contains "$(drive show cprog | head -n 1)" "tainted=1"
	# crash-stop: no entry of the program runs any more
	eq "$(verdict cprog/drop)" 2
	eq "$(counter drop runs)" 0
	contains "$(rexlog 40)" "program cprog:$1 "
	contains "$(rexlog 1)" "disabled on all CPUs until it is enabled again"
	drive set cprog enabled 1
	eq "$(state)" enabled
	# the stack level was given back and no lock is held
	eq "$(verdict cprog/lock 10)" 1
	eq "$(verdict cprog/drop)" 1
}

test_panic() {
	crashes panic 2
	eq "$(drive fault cprog | head -n 1)" "0 panic src/deep.rs:42:7 index out of bounds second line"
	contains "$(drive fault cprog)" "deep_panic+0x"
	contains "$(drive fault cprog | tail -n 1)" "e_panic+0x"
	contains "$(rexlog 9)" "panicked on CPU"
	eq "$(counter panic panics)" 1
}

test_panic_without_a_word() {
	crashes panic_null 2
	contains "$(rexlog 9)" "(no message)"
}

test_panic_in_tc_passes_the_packet() { crashes skb_panic 0; }

test_panic_with_a_lock() { crashes lock_panic 2; eq "$(counter lock_panic panics)" 1; }

test_endless_loop() {
	crashes loop 2
	eq "$(counter loop overruns)" 1
	contains "$(drive fault cprog | head -n 1)" "1 loop test/loop.rs:77:0 "
	contains "$(drive fault cprog)" "e_loop+0x"
	contains "$(drive fault cprog | tail -n 1)" " test/loop.rs:77"
	contains "$(rexlog 9)" " at test/loop.rs:77: ran longer"
	contains "$(rexlog 9)" "[cprog] at test/loop.rs:77"
}

test_endless_loop_of_helper_calls() { crashes loop_helper 2; eq "$(counter loop_helper overruns)" 1; }
test_endless_loop_with_a_lock() { crashes lock_loop 2; }
test_a_lock_that_never_comes() { crashes lock_stuck 2; eq "$(counter lock_stuck overruns)" 1; }

test_stack_overflow() {
	crashes recurse 2
	eq "$(counter recurse overflows)" 1
	eq "$(drive fault cprog | grep -c 'recurse+0x')" 16
}

test_the_budget_is_what_was_set() {
	local ns
	drive set cprog budget 200000
	ns=$(drive run cprog/loop | cut -d' ' -f2)
	[ "$ns" -ge 196000000 ] || fail "cut after $ns ns"
	drive set cprog enabled 1
	drive set cprog budget 8000
	ns=$(drive run cprog/loop | cut -d' ' -f2)
	[ "$ns" -ge 4000000 ] || fail "cut after $ns ns"
	[ "$ns" -lt 150000000 ] || fail "cut after $ns ns"
}

test_many_crashes() {
	drive set cprog budget 4000
	for _ in {1..8}; do
		for entry in panic lock_panic loop recurse; do
			eq "$(verdict cprog/$entry)" 2
			drive set cprog enabled 1
		done
	done
	eq "$(verdict cprog/lock 10)" 1
	eq "$(counter loop overruns)" 8
	eq "$(info refused)" 0
}

test_the_event_tells_the_fault() {
	drive events 1 >"$TMP/events" &
	wait_for 5 grep -q ready "$TMP/events"
	eq "$(verdict cprog/panic)" 2
	wait $!
	contains "$(cat "$TMP/events")" "fault cprog 3"
	contains "$(cat "$TMP/events")" "0 panic src/deep.rs:42:7 index out of bounds"
}

test_crashes_on_both_cpus_at_once() {
	local one two
	for _ in {1..8}; do
		# not XDP on both: see kmod-stress.t
		taskset 1 "$CPROG/drive" run cprog/lock_panic 2000 >"$TMP/one" &
		one=$!
		taskset 2 "$CPROG/drive" run cprog/skb_panic 2000 >"$TMP/two" &
		two=$!
		wait $one; wait $two
		drive set cprog enabled 1
	done
	eq "$(verdict cprog/lock 10)" 1
}

tap_run
