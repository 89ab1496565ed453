#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What happens very often must leave nothing behind: panics, terminations, malformed netlink
# messages, locks and records that rex.ko had to release. Each is done a few times first, for
# what is allocated once; then many times, and the number of objects in every slab cache and the
# memory that is gone are compared.
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/programs/cprog/cprog.sh"

setup() { rex_up; }
teardown() { rex_down; }

# Objects per slab cache. Shrinking gives back what lies on the lists of the CPUs, whose free
# objects count as used.
slabs() {
	local cache
	echo 3 >/proc/sys/vm/drop_caches
	for cache in /sys/kernel/slab/*/; do
		[ -L "${cache%/}" ] || echo 1 >"$cache/shrink"
	done 2>/dev/null
	awk 'NR > 2 { print $1, $2 }' /proc/slabinfo | sort
}

# KiB that are neither free nor page cache that could be.
used() { awk '/^(Slab|VmallocUsed|Percpu|KernelStack|PageTables):/ { n += $2 } END { print n }' /proc/meminfo; }

# Whether no cache has LIMIT objects more than in the file $TMP/before, and little memory is gone.
settled() {
	slabs >"$TMP/after"
	join "$TMP/before" "$TMP/after" | awk -v limit="$1" '
		$3 - $2 >= limit { print $1 ": " $2 " -> " $3 " objects"; bad = 1 }
		END { exit bad }' >"$TMP/grown" || return 1
	MEMORY=$(($(used) - $(cat "$TMP/used")))
	[ $MEMORY -lt 1024 ] || { echo "$MEMORY KiB more in use" >"$TMP/grown"; return 1; }
}

# measure LIMIT TIMES COMMAND...
measure() {
	local limit=$1 times=$2; shift 2
	slabs >"$TMP/before"
	used >"$TMP/used"
	"$@" "$times"
	DONE=$((DONE + times))
	# What is freed after an RCU grace period may take a moment.
	local end=$((SECONDS + 15))
	until settled "$limit"; do
		[ $SECONDS -lt $end ] || return 1
	done
}

# leaks_nothing LIMIT TIMES COMMAND...: COMMAND takes the number of times as its last argument.
# The rest of the system has caches, too, that grow when they like: what grows three times in a
# row by as many objects as there were events is a leak. DONE: the events there were.
leaks_nothing() {
	local limit=$1 times=$2; shift 2
	DONE=$((times / 10))
	"$@" $DONE
	for _ in 1 2 3; do
		! measure "$limit" "$times" "$@" || { echo "$times times: $MEMORY KiB"; return; }
		echo "after $times times: $(cat "$TMP/grown")"
	done
	fail "it grows each time"
}

# One object per panic would be 10000 more.
test_ten_thousand_panics_leave_nothing_behind() {
	leaks_nothing 500 10000 drive crash cprog/panic
	eq "$(counter panic panics)" $DONE
	contains "$(drive fault cprog | head -n 1)" "0 panic src/deep.rs:42:7 index out of bounds"
	drive set cprog enabled 1
	eq "$(verdict cprog/drop)" 1
}

test_a_hundred_terminations_leave_nothing_behind() {
	drive set cprog budget 4000
	leaks_nothing 80 100 drive crash cprog/loop
	eq "$(counter loop overruns)" $DONE
	contains "$(drive fault cprog | head -n 1)" "1 loop test/loop.rs:77:0 "
	drive set cprog enabled 1
	eq "$(verdict cprog/drop)" 1
}

test_a_thousand_panics_with_locks_leave_nothing_behind() {
	leaks_nothing 300 1000 drive crash cprog/lock_panic
	drive set cprog enabled 1
	eq "$(verdict cprog/lock)" 1
}

test_a_thousand_stack_overflows_leave_nothing_behind() {
	leaks_nothing 300 1000 drive crash cprog/recurse
	eq "$(counter recurse overflows)" $DONE
}

test_malformed_netlink_messages_leave_nothing_behind() {
	insmod "$CPROG/cbare.ko"
	leaks_nothing 300 10000 drive fuzz "$((RANDOM * 2 + 1))"
	drive set cbare enabled 1
	drive set cprog enabled 1
	eq "$(verdict cbare/drop)" 1
	eq "$(verdict cprog/drop)" 1
}

tap_run
