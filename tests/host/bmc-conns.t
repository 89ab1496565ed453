#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Before hits are given, memcached and the kernel are asked about all connections (quiesce.c): as
# often for many as for few, no longer than the limit, and what is said then is the reason.
. "$(dirname "$0")/../lib/tap.sh"

# quiesce IDLE USED MS [proc]: in a network namespace of its own, with a memcached; the line is in
# $TMP/line. BEFORE is run there before the connections are made.
quiesce() {
	unshare --net bash -c '
		ip link set lo up
		memcached -u nobody -c 4096 -b 2048 -p 11211 -U 11211 -m 64 &
		MEMCACHED=$!
		until (exec 3<>/dev/tcp/127.0.0.1/11211) 2>/dev/null; do sleep 0.05; done
		eval "$0"
		"$BUILD/tests/bmc-conns" quiesce 11211 "$@"
		kill -9 $MEMCACHED' "${BEFORE:-:}" "$@" >"$TMP/line" 2>"$TMP/err" || :
	cat "$TMP/line" "$TMP/err"
}
line_has() { grep -qE "$1" "$TMP/line" || fail "expected to find: $1"; }
count() { sed -nE "s/.*$1 ([0-9]+)[ :].*/\1/p" "$TMP/line"; }

test_many_connections_take_as_many_looks_as_few() {
	quiesce 700 700 60000
	line_has ': done$'
	[ "$(count dumps)" -le 10 ] || fail "one for each connection?"
	[ "$(count dumps)" -ge 2 ] || fail "connections that have said nothing are looked at twice"
	eq "$(count readings)" 0
}

# two tables a look
test_without_sock_diag_each_look_reads_the_tables_once() {
	quiesce 700 700 60000 proc
	line_has ': done$'
	eq "$(count dumps)" 0
	[ "$(count readings)" -le 20 ] || fail "one for each connection?"
	[ "$(count readings)" -ge 4 ] || fail "connections that have said nothing are looked at twice"
}

# The reply to that is larger than what the sockets take.
test_a_client_that_reads_no_replies_is_named() {
	local BEFORE
	BEFORE='exec 4<>/dev/tcp/127.0.0.1/11211
		{ printf "set k 0 0 500000\r\n"; head -c 500000 /dev/zero; printf "\r\n"; } >&4; read -u 4
		for i in {1..60}; do echo get k; done >&4; sleep 0.5'
	quiesce 1 1 1500
	line_has 'has commands from before the start'
	line_has 'a client that does not read its replies'
	[ "$(count ms)" -ge 1500 ] || fail "gave up early"
}

test_a_memcached_that_does_not_answer_is_said_to_be_one() {
	local BEFORE='(sleep 0.8; kill -STOP $MEMCACHED) &'
	quiesce 1 1 1500
	line_has 'did not answer in time|no answer'
	lacks "$(cat "$TMP/line")" "a client"
}

tap_run
