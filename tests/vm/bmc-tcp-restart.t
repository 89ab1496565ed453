#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# memcached, the daemon and the program end, are killed, crash and are exchanged while clients send
# pipelines over TCP and compare every byte. No reply is lost but by a death of memcached, and then as many
# connections end as without the accelerator, each somewhere in the replies that it expects.
# "make test-bmc-tcp" does all of it, more often.
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/bmc/tests/tcp.sh"
. "$TOP/bmc/tests/load.sh"

TIMES=${REX_TIMES:-1} CONNECTIONS=${REX_CONNECTIONS:-8}
PROGRAM=$BUILD/programs/rex_bmc.ko CRASHING=$BUILD/tests/crashing/rex_bmc.ko

setup() {
	lo_up
	[ -e $MEMCACHED_PID ] && kill -0 "$(memcached_pid)" 2>/dev/null || memcached_up
	[ "$ACCEL" = none ] || [ -d /sys/module/rex_bmc ] || start
	wait_for 60 running
}

repeat() { for ((i = 0; i < TIMES; i++)); do "$@"; done; }

# under_load COMMAND...: and what the load says in the end must be free of losses and wrong bytes. LOAD is
# "warm" where the next memcached has what the last one had.
under_load() {
	# shellcheck disable=SC2034,SC2206 # beside_load uses it; no word of LOAD, or one
	LOAD_COMMAND=("$BUILD/tests/bmc-pipelines" "${ADDRESS:-127.0.0.1}" $PORT "$CONNECTIONS" ${LOAD:-})
	beside_load 20 "lost 0 wrong 0" repeat "$@"
}

# servers N: how many memcacheds the load saw; each but the last has ended every connection once.
servers() {
	contains "$(tail -n 1 "$TMP/load")" "servers $1 cut $((CONNECTIONS * ($1 - 1))) "
}

restart_memcached() { # SIGNAL ARGUMENT...
	memcached_down "$1"; shift
	memcached_up "$@"
	( wait_for 60 running ) || fail "$(rexctl bmc status)"
	wait_for 20 hits_grow
}

kill_daemon() {
	[ "$ACCEL" != none ] || return 0
	kill -KILL "$(status daemon)"
	sleep 0.2
	hits_grow
	start
	wait_for 60 running
	wait_for 20 hits_grow
}

stop_and_start() {
	stop
	start
	wait_for 60 running
	wait_for 20 hits_grow
}

replace() {
	[ "$ACCEL" != none ] || return 0
	rexctl replace "$PROGRAM"
	( wait_for 60 running ) || fail "$(rexctl bmc status)"
	wait_for 20 hits_grow
}

# It is not attached to what can hold its module: without it, all goes to memcached.
try_to_unload() {
	refuses rmmod rex
	contains "$REFUSAL" "in use"
	refuses rexctl unload rex_bmc
	contains "$REFUSAL" "stream"
	hits_grow
}

unload_by_hand() {
	rmmod rex_bmc
	rexctl bmc stop
	start
	wait_for 60 running
	wait_for 20 hits_grow
}

disable_and_enable() {
	[ "$ACCEL" != none ] || return 0
	rexctl disable rex_bmc
	rexctl enable rex_bmc
	wait_for 60 running
	wait_for 20 hits_grow
}

crashed() { rexctl status | grep -q "rex_bmc: crashed"; }
crash() {
	exec {FD}<>/dev/tcp/127.0.0.1/$PORT
	printf 'mn\r\n' >&"$FD"; read -r -t 20 LINE <&"$FD"
	printf 'get crash\r\n' >&"$FD"; read -r -t 20 LINE <&"$FD"
	eq "$LINE" $'END\r'
	exec {FD}>&-
	wait_for 20 crashed
	rexctl enable rex_bmc
	wait_for 60 running
	wait_for 20 hits_grow
}

# ---- clients as they are ---------------------------------------------------------------------------------

PYTHON=/usr/bin/python3		# the one that has Debian's modules

says() { # CLIENT ROUNDS: what it gets
	case $1 in
	memccapable)
		memccapable -h 127.0.0.1 -p $PORT -t 60 ;;
	memcslap)
		# Without the times.
		for kind in get mget set; do
			memcslap -s 127.0.0.1:$PORT -t $kind -c 4 -e $((100 * $2)) -l "$2" --tcp-nodelay | sed 's/:.*//'
		done ;;
	*)
		$PYTHON bmc/tests/clients.py "$1" $PORT "$2" ;;
	esac
}

# A flush_all makes the accelerator wait for a while: hits come with the rounds.
same_with_and_without() { # ROUNDS CLIENT...
	local rounds=$1 client; shift
	stop
	for client; do says "$client" "$rounds" >"$TMP/$client.without" 2>&1 || fail "$(tail -n 5 "$TMP/$client.without")"; done
	wait_for 60 start
	wait_for 60 running
	for client; do
		says "$client" "$rounds" >"$TMP/$client" 2>&1 || fail "$(tail -n 5 "$TMP/$client")"
		diff "$TMP/$client.without" "$TMP/$client" >"$TMP/diff" || fail "$client: $(head -c 2000 "$TMP/diff")"
	done
	[ "$ACCEL" = none ] || [ "$(tcp_hits)" -gt 0 ] || fail "no GET was answered by the accelerator"
}

# ---- in CI, too --------------------------------------------------------------------------------------------

test_memcached_is_killed_and_started_again() {
	under_load restart_memcached KILL
	servers $((TIMES + 1))
}

test_pymemcache_gets_the_same() { same_with_and_without 3 pymemcache; }

# ---- make test-bmc-tcp --------------------------------------------------------------------------------------

MORE=(the_daemon_is_killed the_program_is_replaced memcached_ends memcached_ends_and_goes_on_with_its_memory the_accelerator_is_stopped_and_started
	the_program_is_off_for_a_while the_program_crashes nothing_can_be_unloaded the_program_is_unloaded_by_hand
	memcached_and_the_daemon_are_killed over_IPv6 pylibmc_gets_the_same
	memccapable_gets_the_same memcslap_gets_the_same)

the_daemon_is_killed() {
	under_load kill_daemon
	servers 1
}

the_program_is_replaced() {
	under_load replace
	servers 1
}

# SIGUSR1: it ends in good order
memcached_ends() {
	under_load restart_memcached USR1
	servers $((TIMES + 1))
}

memcached_ends_and_goes_on_with_its_memory() {
	local file=/dev/shm/memcached
	memcached_down TERM
	memcached_up -e $file
	wait_for 60 running
	LOAD=warm
	under_load restart_memcached USR1 -e $file
	servers $((TIMES + 1))
	memcached_down TERM
	rm -f $file $file.meta
}

the_accelerator_is_stopped_and_started() { under_load stop_and_start; servers 1; }
the_program_is_off_for_a_while() { under_load disable_and_enable; servers 1; }

the_program_crashes() {
	[ "$ACCEL" != none ] || skip "there is none"
	rexctl replace "$CRASHING"
	wait_for 60 running
	under_load crash
	servers 1
	rexctl replace "$PROGRAM"
	wait_for 60 running
}

nothing_can_be_unloaded() {
	[ "$ACCEL" != none ] || skip "there is none"
	under_load try_to_unload
	servers 1
}

the_program_is_unloaded_by_hand() {
	[ "$ACCEL" != none ] || skip "there is none"
	under_load unload_by_hand
	servers 1
}

kill_both() {
	[ "$ACCEL" = none ] || kill -KILL "$(status daemon)"
	memcached_down KILL
	memcached_up
	start
	wait_for 60 running
	wait_for 20 hits_grow
}
memcached_and_the_daemon_are_killed() {
	under_load kill_both
	servers $((TIMES + 1))
}

over_IPv6() {
	ADDRESS=::1
	under_load restart_memcached KILL
	servers $((TIMES + 1))
}

pylibmc_gets_the_same() { same_with_and_without 50 pylibmc pylibmc-binary; }
# It tries each command once or twice: too few for a hit.
memccapable_gets_the_same() { same_with_and_without 1 memccapable pymemcache; }
memcslap_gets_the_same() { same_with_and_without 5 memcslap; }

[ -z "${REX_TIMES:-}" ] || TAP_TABLE+=("${MORE[@]}")
tap_run
