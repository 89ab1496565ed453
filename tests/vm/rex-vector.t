#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The helper vector: rex.ko knows the kernel's helpers after the first program is loaded.
. "$(dirname "$0")/../lib/tap.sh"

HELPERS=$(grep -c $'^\tX(' kmod/include/rex_vector.h)

teardown() {
	[ ! -d /sys/module/xdp_count ] || rexctl unload xdp_count
	[ ! -d /sys/module/rex ] || rmmod rex
}

# This kernel has every helper of the list, at its hook and under its name.
test_all_helpers_are_bound() {
	rexctl load build/programs/xdp_count.ko
	contains "$(rexctl status --json)" "\"helpers\":$HELPERS,"
	eq "$(bpftool prog show name rex_helpers)" ""
	eq "$(bpftool map show name rex_helper)" ""
}

test_binding_works_with_hardened_jit() {
	echo 2 >/proc/sys/net/core/bpf_jit_harden
	rexctl load build/programs/xdp_count.ko
	echo 0 >/proc/sys/net/core/bpf_jit_harden
	contains "$(rexctl status --json)" "\"helpers\":$HELPERS,"
}

tap_run
