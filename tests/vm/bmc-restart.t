#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# memcached, the daemon and the program exit, are killed and are replaced while clients continue: no
# reply is lost that memcached alone would not have lost, and no stale value is answered afterwards.
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/bmc/tests/cases.sh"
. "$TOP/bmc/tests/load.sh"

PROGRAM=$BUILD/programs/rex_bmc.ko

memcached_start() {
	memcached_up -t 4
	echo "$MEMCACHED" >"$LAB_DIR/memcached.pid"
}
memcached_kill() { # SIGNAL
	local pid
	pid=$(cat "$LAB_DIR/memcached.pid")
	kill "-$1" "$pid"
	wait_for 5 sh -c "! kill -0 $pid"
}

start() { eval "$(start_command)" >"$TMP/start" 2>&1 || fail "$(cat "$TMP/start")"; }
status() { at_server rexctl bmc status --json | sed -n "s/.*\"$1\": *\"\{0,1\}\([^\",}]*\).*/\1/p"; }
running() { [ "$(status state)" = running ]; }
hits() { "$BUILD/bench/bpfinfo" sum bmc_stats 0; }

# GETs are answered by the accelerator, seen by its own counter while there is a load.
hits_grow() {
	local before
	before=$(hits)
	sleep 0.2
	[ "$(hits)" -gt $((before + 5)) ]
}

# under_load COMMAND...: and what the load says in the end must be free of losses and stale values.
# shellcheck disable=SC2034 # beside_load uses it
LOAD_COMMAND=("$BUILD/tests/bmc-cases" load)
under_load() { beside_load 10 "lost 0 stale 0 wrong 0" "$@"; }

servers() { contains "$(tail -n 1 "$TMP/load")" "servers $1 "; }

setup() {
	[ -e "$LAB_DIR/memcached.pid" ] && kill -0 "$(cat "$LAB_DIR/memcached.pid")" || memcached_start
	running || start
	wait_for 10 running
}

restart_memcached() {
	memcached_kill "$1"
	sleep 0.3
	memcached_start
	( wait_for 20 running ) || fail "$(at_server rexctl bmc status)"
	wait_for 10 hits_grow
}

test_memcached_is_killed_and_started_again() {
	under_load restart_memcached KILL
	servers 2
}

test_memcached_ends_and_is_started_again() {
	under_load restart_memcached TERM
	servers 2
}

kill_daemon() {
	kill -KILL "$(status daemon)"
	sleep 0.5
	hits_grow
	start
	wait_for 10 running
	hits_grow
}

test_the_daemon_is_killed() {
	under_load kill_daemon
	servers 1
}

kill_both() {
	kill -KILL "$(status daemon)"
	memcached_kill KILL
	memcached_start
	sleep 0.5
	! hits_grow || fail "hits without anybody who looked at the new memcached"
	start
	wait_for 20 running
	wait_for 10 hits_grow
}

test_the_daemon_is_killed_and_then_memcached() {
	under_load kill_both
	servers 2
}

stop_and_start() {
	at_server rexctl bmc stop
	start
	wait_for 10 running
	wait_for 10 hits_grow
}

twice() { "$@"; "$@"; }

test_it_is_stopped_and_started() { under_load twice stop_and_start; }

# The new one knows nothing of what start did; nothing is detached, and the cache is as large.
replace() {
	local bytes daemon
	bytes=$(status cache_bytes) daemon=$(status daemon)
	at_server rexctl replace "$PROGRAM"
	( wait_for 20 running ) || fail "$(at_server rexctl bmc status)"
	wait_for 10 hits_grow
	eq "$(status cache_bytes) $(status daemon)" "$bytes $daemon"
}

test_the_program_is_replaced() { under_load twice replace; }

replace_without_daemon() {
	local bytes
	bytes=$(status cache_bytes)
	kill -KILL "$(status daemon)"
	at_server rexctl replace "$PROGRAM"
	! hits_grow || fail "hits of a program that nobody has started"
	start
	( wait_for 20 running ) || fail "$(at_server rexctl bmc status)"
	wait_for 10 hits_grow
	eq "$(status cache_bytes)" "$bytes"
}

test_the_program_is_replaced_without_the_daemon() { under_load replace_without_daemon; }

# What changes meanwhile is seen by nobody: the load goes on setting.
disable_and_enable() {
	rexctl disable rex_bmc
	sleep 0.5
	! hits_grow || fail "hits of a program that is off"
	rexctl enable rex_bmc
	wait_for 20 running
	wait_for 10 hits_grow
}

test_the_program_is_off_for_a_while() { under_load disable_and_enable; }

# Changes pass unseen then: no hits at once, and the daemon begins again.
detach_from_sockets() {
	kill -STOP "$(status daemon)"
	rexctl detach rex_bmc:sockets
	! hits_grow || fail "hits without the hook"
	kill -CONT "$(status daemon)"
	( wait_for 20 running ) || fail "$(at_server rexctl bmc status)"
	wait_for 10 hits_grow
}

test_the_program_is_detached_from_the_sockets() { under_load twice detach_from_sockets; }

lose_xdp() {
	at_server rexctl detach rex_bmc:ingress xdp $DEV
	! hits_grow || fail "hits without XDP"
	stop_and_start
}

test_xdp_is_detached() { under_load lose_xdp; }

test_flush_under_load() {
	flushes() {
		for _ in 1 2 3 4 5; do at_server rexctl bmc flush; done
		wait_for 10 hits_grow
	}
	under_load flushes
}

test_the_end_leaves_nothing() {
	at_server rexctl bmc stop
	eq "$(rexctl status --json)" '{"programs":[]}'
	[ ! -d /sys/module/rex_bmc ] || fail "the program is still loaded"
	lacks "$(at_server ip link show $DEV)" xdp
	[ -z "$(find /sys/fs/bpf/rex -type f 2>/dev/null)" ] || fail "$(find /sys/fs/bpf/rex)"
}

# A program's module is not pinned by what it is attached to: without it, all goes to memcached.
try_rmmod() {
	refuses rmmod rex
	contains "$REFUSAL" "in use"
	refuses rexctl unload rex_bmc
	hits_grow
	! rmmod rex_bmc || at_server rexctl bmc stop || :
	running || start
	wait_for 20 running
	wait_for 10 hits_grow
}

test_rmmod_is_tried() { under_load try_rmmod; }

lab_up
# A veth without GRO gives up its NAPI when its XDP program goes, and with that a frame that a sender was just
# putting into the ring: veth's own loss.
at_server ethtool -K "$DEV" gro on
export LAB_DIR
(tap_run)
status=$?
! [ -d /sys/module/rex_bmc ] || at_server rexctl bmc stop
kill "$(cat "$LAB_DIR/memcached.pid")" 2>/dev/null
topology/veth/lab down
rm -rf "$LAB_DIR"
exit $status
