#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Start, stop and status with REX_CONNECTIONS idle clients, which have said nothing since they
# connected, and as many that have. "make test-bmc-many" has 10,000 of each; here there are fewer,
# because it takes long to connect in emulation. That the number of looks does not grow with them
# is tests/host/bmc-conns.t.
# vm: --mem 2048
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/bmc/tests/control.sh"

N=${REX_CONNECTIONS:-1000}
# shellcheck disable=SC2034 # of start
OPTIONS=(--port 11211 --dev srv0 --memory 128M --max-age 60s)

connections() { in_ns ss -Htn state established "sport = :11211" | wc -l; }
held() { [ "$(connections)" -ge $((2 * N)) ]; }

# They outlive this test: until the VM ends.
test_all_are_connected() {
	everything >"$LAB_DIR/before"
	(
		ulimit -n $((2 * N + 100))
		exec nsenter --net=/run/netns/$NS "$BUILD/tests/bmc-conns" hold $SERVER 11211 "$N" "$N"
	) >"$LAB_DIR/held" 2>&1 &
	wait_for 600 grep -q . "$LAB_DIR/held"
	eq "$(cat "$LAB_DIR/held")" ready
	held
}

# "not running yet" is what it says otherwise; the daemon would go on.
test_start_ends_with_hits() {
	lacks "$(start 2>&1)" "not running yet"
	eq "$(status state)" running
	warm one
	hits 1 one
}

test_status() {
	contains "$(rexctl bmc status)" "running"
	eq "$(status server)" "$(memcached_pid)"
	held
}

# What was there before is followed, too: a change by one of them is seen.
test_a_new_daemon_takes_over() {
	local daemon
	daemon=$(status daemon)
	[ "$daemon" -gt 1 ]		# 0 would be ourselves
	kill -9 "$daemon"
	wait_for 5 sh -c "! kill -0 $daemon"
	hits 1 one
	start
	hits 1 one
}

gone() { ! kill -0 "$1"; }

test_all_come_back_after_memcached_was_restarted() {
	local daemon server
	daemon=$(status daemon)
	server=$(memcached_pid)
	memcached_down
	# Not before the kernel has closed all of its connections: that takes all that the VM has.
	wait_for 600 gone "$server"
	wait_for 10 is_state waiting
	[ "$daemon" -gt 1 ]		# 0 would be ourselves
	kill -STOP "$daemon"
	memcached_up -U 11211 -c $((2 * N + 1000)) -b 4096
	(
		ulimit -n $((2 * N + 100))
		exec nsenter --net=/run/netns/$NS "$BUILD/tests/bmc-conns" hold $SERVER 11211 "$N" "$N"
	) >"$LAB_DIR/held" 2>&1 &
	wait_for 600 grep -q . "$LAB_DIR/held"
	eq "$(cat "$LAB_DIR/held")" ready
	lacks "$(status state)" running
	kill -CONT "$daemon"
	wait_for 60 is_state running
	warm two
	hits 1 two
}

test_stop_leaves_nothing() {
	held
	rexctl bmc stop
	nothing_left
	held
}

run_in_control_lab -c $((2 * N + 1000)) -b 4096
