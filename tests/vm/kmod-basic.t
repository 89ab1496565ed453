#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/programs/cprog/cprog.sh"

setup() { rex_up; }
teardown() { rex_down; }

test_it_loads_and_unloads_alone() {
	rex_down
	insmod "$BUILD/kmod/rex.ko"
	local abi
	abi=$(sed -n 's/^#define REX_ABI_VERSION[[:space:]]*//p' kmod/include/uapi/rex.h)
	eq "$(drive info)" "abi=$abi refused=0 stale=0 helpers=0"
	eq "$(drive list)" ""
	rmmod rex
}

test_a_program_is_enabled_when_its_maps_are_bound() {
	rmmod cprog
	insmod "$CPROG/cprog.ko"
	eq "$(state)" unbound
	eq "$(verdict cprog/drop)" 2
	eq "$(counter drop runs)" 0
	refuses drive set cprog enabled 1
	contains "$REFUSAL" "not bound yet"
	drive bind cprog
	eq "$(state)" enabled
	eq "$(verdict cprog/drop)" 1
	eq "$(counter drop runs)" 1
}

test_a_program_disabled_before_binding_stays_so() {
	rmmod cprog
	insmod "$CPROG/cprog.ko"
	drive set cprog enabled 0
	drive bind cprog
	eq "$(state)" disabled
	drive set cprog enabled 1
	eq "$(verdict cprog/drop)" 1
}

test_maps_that_do_not_fit_are_refused() {
	rmmod cprog
	insmod "$CPROG/cprog.ko"
	# program, index, type, key, value, entries, flags; the right ones are 0: 2 4 8 4 0
	refuses drive bind-one cprog 0 1 4 8 4 0;  contains "$REFUSAL" "type is 1"
	refuses drive bind-one cprog 0 2 4 16 4 0; contains "$REFUSAL" "value size is 16"
	refuses drive bind-one cprog 2 1 8 8 8 0;  contains "$REFUSAL" "key size is 8"
	refuses drive bind-one cprog 0 2 4 8 4 0x80; contains "$REFUSAL" "flags is 128"
	refuses drive bind-one cprog 5 2 4 8 4 0;  contains "$REFUSAL" "none with index 5"
	refuses drive bind-one nobody 0 2 4 8 4 0; contains "$REFUSAL" "no program 'nobody'"
	drive bind-one cprog 0 2 4 8 4 0
	refuses drive bind-one cprog 0 2 4 8 4 0;  contains "$REFUSAL" "already bound"
	eq "$(state)" unbound
}

test_wrong_slot_or_cookie_gives_the_safe_verdict() {
	eq "$(verdict cprog/drop 1 1)" 2
	eq "$(verdict cprog/drop 1 0x8000000000000000)" 2
	eq "$(info stale)" 2
	eq "$(counter drop runs)" 0
	eq "$(verdict cprog/drop)" 1
}

test_disable_and_enable() {
	drive set cprog enabled 0
	eq "$(state)" disabled
	eq "$(verdict cprog/drop)" 2
	eq "$(verdict cprog/skb)" 0
	eq "$(info stale)" 0
	drive set cprog enabled 1
	eq "$(verdict cprog/drop)" 1
}

test_context_is_what_programs_rely_on() { eq "$(verdict cprog/context 100)" 1; }
test_array_maps() {
	eq "$(verdict cprog/count 10)" 1
	eq "$(drive sum cprog array 0)" 10
	eq "$(drive sum cprog percpu 0)" 10
}
test_hash_maps() { eq "$(verdict cprog/hash 100)" 1; }
test_locks() { eq "$(verdict cprog/lock 100)" 1; }
test_a_leaked_lock_is_released() { eq "$(verdict cprog/lock_leak 100)" 1; }
test_tc_packet_access() { eq "$(verdict cprog/skb 100)" 2; }

test_printk_is_one_line() {
	eq "$(verdict cprog/print)" 1
	eq "$(rexlog 1)" "cprog: hello from C with a second line"
}

test_helper_vector() {
	eq "$(verdict cprog/adjust)" 0
	drive helper-wrong
	eq "$(info helpers)" 0
	drive helpers
	eq "$(info helpers)" 2
	eq "$(drive run cprog/adjust | cut -d' ' -f1,3)" "3 80"
}

test_timing() {
	eq "$(verdict cprog/drop 100)" 1
	eq "$(counter drop ns)" 0
	drive set cprog timing 1
	eq "$(verdict cprog/drop 100)" 1
	[ "$(counter drop ns)" -gt 0 ]
	drive set cprog timing 0
	local before; before=$(counter drop ns)
	eq "$(verdict cprog/drop 100)" 1
	eq "$(counter drop ns)" "$before"
	eq "$(counter drop runs)" 300
}

test_a_budget_outside_the_range_is_refused() {
	refuses drive set cprog budget 0;        contains "$REFUSAL" "is not in 1.."
	refuses drive set cprog budget 10000001; contains "$REFUSAL" "is not in 1.."
	drive set cprog budget 10000000
}

test_damaged_programs_are_refused() {
	local i
	rmmod cprog
	for i in {1..28}; do
		refuses insmod "$CPROG/cprog.ko" broken="$i"
		rexlog 1 | grep -q "^program cprog" || fail "broken=$i: no reason in the log"
	done
	eq "$(drive list)" ""
	insmod "$CPROG/cprog.ko"
}

test_unsigned_programs_are_refused_when_asked() {
	rex_down
	insmod "$BUILD/kmod/rex.ko" require_signed=1
	refuses insmod "$CPROG/cprog.ko"
	contains "$(rexlog 1)" "has no signature by a key that this kernel trusts"
}

test_several_programs_are_listed() {
	insmod "$CPROG/cbare.ko"
	eq "$(drive list | grep -c '^c')" 2
	eq "$(verdict cbare/drop)" 1
	rmmod cprog
	eq "$(drive list | grep '^c' | cut -d' ' -f1,2)" "cbare enabled"
}

test_a_shim_outlives_its_program_and_pins_rex() {
	keep 0 cprog/tc_drop
	rmmod cprog
	refuses rmmod rex
	keep_saw 0 0
	keep_end
	eq "$(kept 0)" "0 1 "
	[ "$(info stale)" -gt 0 ]
}

test_events() {
	rmmod cprog
	drive events 5 >"$TMP/events" &
	wait_for 5 grep -q ready "$TMP/events"
	insmod "$CPROG/cprog.ko"
	drive bind cprog
	drive set cprog enabled 0
	drive set cprog enabled 1
	rmmod cprog
	wait $!
	eq "$(cut -d' ' -f1,2 "$TMP/events" | tr '\n' ' ')" \
		"ready loaded cprog state cprog state cprog state cprog unloaded cprog "
}

tap_run
