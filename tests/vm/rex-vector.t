#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The helper vector: rex.ko knows the kernel's helpers after the first program is loaded.
. "$(dirname "$0")/../lib/tap.sh"

HELPERS=$(grep -c $'^\tX(' kmod/include/rex_vector.h)

teardown() {
	local program
	for program in xdp_count trace_helpers; do
		[ ! -d /sys/module/$program ] || rexctl unload $program
	done
	[ ! -d /sys/module/rex ] || rmmod rex
}

# Whether the kernel notes the names of tasks at their switches, for the event of bpf_trace_printk().
notes_names() { cat /sys/kernel/tracing/events/bpf_trace/bpf_trace_printk/enable; }

# First, for the event stays enabled.
test_a_program_without_trace_printk_enables_no_event() {
	mountpoint -q /sys/kernel/tracing || mount -t tracefs tracefs /sys/kernel/tracing
	eq "$(notes_names)" 0
	rexctl load build/programs/xdp_count.ko
	contains "$(rexctl status --json)" "\"helpers\":$((HELPERS - 1)),"
	eq "$(notes_names)" 0
	rexctl load build/tests/trace_helpers.ko
	eq "$(notes_names)" 1
}

# This kernel has every helper of the list, at its hook and under its name.
test_all_helpers_are_bound() {
	rexctl load build/tests/trace_helpers.ko
	contains "$(rexctl status --json)" "\"helpers\":$HELPERS,"
	eq "$(bpftool prog show name rex_helpers)" ""
	eq "$(bpftool map show name rex_helper)" ""
}

test_binding_works_with_hardened_jit() {
	echo 2 >/proc/sys/net/core/bpf_jit_harden
	rexctl load build/tests/trace_helpers.ko
	echo 0 >/proc/sys/net/core/bpf_jit_harden
	contains "$(rexctl status --json)" "\"helpers\":$HELPERS,"
}

tap_run
