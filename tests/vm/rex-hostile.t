#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Programs that misbehave, under traffic: each must end with the interface up, an event
# that names the place, a kernel log without complaints (tests/lib/tap.sh looks), the next
# program loadable, and nothing left. kmod-stress.t unloads while both CPUs run.
. "$(dirname "$0")/../lib/tap.sh"

rex() { rexctl --netns rex-server "$@"; }
ping_works() { ip netns exec rex-client ping -q -c 3 -i 0.1 -W 2 10.77.0.1; }
is_crashed() { rexctl status --json | grep -q '"state":"crashed"'; }

# Traffic in both directions until the test ends; teardown stops it.
traffic() {
	ip netns exec rex-client ping -q -i 0.002 10.77.0.1 >"$TMP/ping" 2>&1 &
	echo $! >>"$TMP/pids"
	ip netns exec rex-server ping -q -i 0.002 10.77.0.2 >"$TMP/ping2" 2>&1 &
	echo $! >>"$TMP/pids"
}

setup() {
	topology/veth/lab up >/dev/null
	[ -d /sys/module/rex ] || insmod build/kmod/rex.ko
	rexctl monitor >"$TMP/events" 2>"$TMP/monitor.err" &
	echo $! >"$TMP/pids"
	sleep 0.3
}

teardown() {
	local name pid
	while read -r pid; do kill -INT "$pid" 2>/dev/null; done <"$TMP/pids"
	for name in $(lsmod | awk '$4 == "" && $1 != "rex" { print $1 }'); do
		[ ! -e "$BUILD/tests/$name.ko" ] || rex unload "$name" --force
	done
	topology/veth/lab down
	lacks "$(bpftool prog)" rex_shim
	lacks "$(find /sys/fs/bpf -mindepth 1)" prog
}

# crashes PROGRAM/ENTRY HOOK... WORDS: attach it, let traffic do the rest.
crashes() {
	local file=${1%%:*} entry=$1 event=$2; shift 2
	rex load "build/tests/$file.ko"
	rex attach "$entry" "$@"
	ping_works
	wait_for 20 is_crashed
	ping_works
	contains "$(dmesg)" "$entry"
	wait_for 5 grep -q "$event" "$TMP/events"
	rex detach "$entry"
	rex unload "$file"
	# The next program works as if nothing had been.
	rex load build/programs/xdp_count.ko
	rex attach xdp_count xdp srv0
	ping_works
	lacks "$(rexctl status --json)" '"runs":0,'
	rex detach xdp_count
	rex unload xdp_count
}

test_out_of_bounds_index_at_xdp() { crashes oob_panic:oob_panic 'oob_panic.rs:10' xdp srv0; }
test_out_of_bounds_index_at_generic_xdp() { crashes oob_panic:oob_panic 'oob_panic.rs:10' xdp srv0 generic; }
test_out_of_bounds_index_at_tc_ingress() { crashes oob_panic:oob_panic_tc 'oob_panic.rs:17' tc srv0 ingress; }
test_out_of_bounds_index_at_tc_egress() { crashes oob_panic:oob_panic_tc 'oob_panic.rs:17' tc srv0 egress; }
test_arithmetic_that_overflows() { crashes overflow:overflow 'overflow.rs:9' xdp srv0; }
test_arithmetic_that_may_wrap() {
	rex load build/tests/overflow_wraps.ko
	head -c 64 /dev/zero >"$TMP/frame"
	contains "$(rex run overflow_wraps:overflow --data-in "$TMP/frame")" XDP_TX
	rex unload overflow_wraps
}
test_endless_loop_at_xdp() { crashes endless_loop:endless_loop 'overrun in entry endless_loop at tests/programs/endless_loop.rs:9,' xdp srv0; }
test_endless_loop_of_helper_calls() { crashes endless_loop:endless_helper 'endless_loop.rs:16,' xdp srv0; }
test_endless_loop_at_tc_egress() { crashes endless_loop:endless_tc 'endless_loop.rs:22,' tc srv0 egress; }
test_infinite_recursion() { crashes infinite_recursion:infinite_recursion 'stack overflow in entry infinite_recursion at tests/programs/infinite_recursion.rs:9,' xdp srv0; }
test_panic_in_drop() { crashes drop_panic:drop_panic 'drop_panic.rs' xdp srv0; }

test_panic_with_a_spin_lock_held_leaves_it_free() {
	rex load build/tests/panic_holding_lock.ko
	rex attach panic_holding_lock:panic_holding xdp srv0
	ping_works
	wait_for 10 is_crashed
	wait_for 5 grep -q 'panic_holding_lock.rs:16:5' "$TMP/events"
	rex detach panic_holding_lock:panic_holding
	rex enable panic_holding_lock
	head -c 64 /dev/zero >"$TMP/frame"
	contains "$(rex run panic_holding_lock:probe --data-in "$TMP/frame")" XDP_PASS
	rex unload panic_holding_lock
}

test_same_lock_twice_is_a_panic_and_no_hang() { crashes panic_holding_lock:lock_twice 'panic_holding_lock.rs:32' xdp srv0; }

test_many_faults_in_a_row() {
	local before after
	head -c 64 /dev/zero >"$TMP/frame"
	rex load build/tests/oob_panic.ko
	refuses rexctl run oob_panic:oob_panic --data-in "$TMP/frame"
	contains "$REFUSAL" oob_panic.rs:10
	before=$(awk '/^Slab:/ { print $2 }' /proc/meminfo)
	for _ in {1..25}; do
		rexctl enable oob_panic
		refuses rexctl run oob_panic:oob_panic --data-in "$TMP/frame"
	done
	after=$(awk '/^Slab:/ { print $2 }' /proc/meminfo)
	contains "$(rexctl status --json)" '"panics":26'
	echo "slab: $((after - before)) KiB more"
	[ $((after - before)) -lt 1024 ] || fail "slab grew from $before to $after KiB"
	rex unload oob_panic
}

test_detach_while_packets_flow() {
	rex load build/programs/xdp_count.ko
	traffic
	for _ in {1..5}; do
		rex attach xdp_count xdp srv0
		sleep 0.2
		rex detach xdp_count
	done
	lacks "$(bpftool prog)" rex_shim
	rex unload xdp_count
	ping_works
}

test_unload_while_packets_flow() {
	traffic
	for _ in {1..5}; do
		rex load build/programs/xdp_count.ko
		rex attach xdp_count xdp srv0
		sleep 0.2
		refuses rexctl --netns rex-server unload xdp_count
		contains "$REFUSAL" srv0
		rex unload xdp_count --force
		lacks "$(lsmod)" xdp_count
	done
	ping_works
}

test_rmmod_while_packets_flow_passes_them() {
	traffic
	for _ in {1..5}; do
		rex load build/tests/xdp_drop_udp.ko
		rex attach xdp_drop_udp xdp srv0
		sleep 0.2
		# behind rexctl's back: the shim stays, and gives the safe verdict
		rmmod xdp_drop_udp
		ping_works
		ip -n rex-server link set srv0 xdp off
		rm -rf /sys/fs/bpf/xdp
	done
}

tap_run
