#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The hook "stream" by itself: a program in C, the least server, and a client that compares every byte.
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/programs/cprog/cprog.sh"
. "$TOP/tests/programs/cprog/cstream.sh"

test_leading_gets_are_answered_in_order() {
	server 100
	attach serve
	stress 8 30
	some "$(of answered)" answered
	in_order
	eq "$(of missed)" 0
	wait_for 20 sh -c "$CPROG/drive streams | grep -q sockets=0"
	eq "$(count closed)" "$(count new)"
	local gets sets
	gets=$(count gets) sets=$(count sets)
	# Of a connection that is cut off the server answers what nobody waits for.
	eq "$(served gets)" "$gets"
	[ "$(served sets)" -le "$sets" ]
}

test_reads_end_where_the_program_wants() {
	server 3000
	echo 1 >$PARAMETERS/shorten
	# shellcheck disable=SC2034 # of stress
	ADDRESS=::1
	attach serve
	stress 8 30
	some "$(count limited)" limited
	some "$(of answered)" answered
	in_order
}

test_events_are_left_out_until_the_next_read() {
	server 100 pieces
	echo 1 >$PARAMETERS/quiet
	attach serve
	stress 8 60 4 gets
	some "$(count quiet)" quiet
	some "$(count once)" once
	some "$(of answered)" answered
	in_order
}

test_a_server_that_sleeps_in_its_calls_is_served() {
	server 3000 blocking
	echo 1 >$PARAMETERS/shorten
	attach serve
	stress 8 30
	some "$(of answered)" answered
	in_order
}

test_long_replies_and_slow_readers() {
	server 60000
	attach serve
	stress 8 20 8
	some "$(of answered)" answered
	in_order
}

test_a_program_that_passes_sees_every_byte() {
	server 100
	attach watch
	stress 8 40 12 gets
	eq "$(of answered)" 0
	in_order
	eq "$(count gets)" "$(served gets)"
}

test_a_reply_that_does_not_fit_goes_out_later() {
	server 3000
	attach serve
	fails short 2
	stress 8 30
	some "$(of short)" short
	in_order
}

test_no_memory_and_no_room() {
	server 3000
	attach serve
	fails short 2; fails nomem 2; fails noroom 5
	stress 8 30
	some "$(of short)" short
	some "$(of noroom)" noroom
	in_order
}

test_connections_that_began_without_memory_are_seen() {
	server 100
	attach watch
	fails nomem 1
	stress 8 40 12 gets
	some "$(of missed)" missed
	in_order
	eq "$(count gets)" "$(served gets)"
}

test_impossible_wishes_lose_events_and_nothing_else() {
	server 100
	echo 5 >$PARAMETERS/every
	attach bad
	stress 8 30
	some "$(count lost)" lost
	sensible
}

# What follows a loss is shown, also what was not to be seen before.
test_bytes_behind_a_loss_are_not_skipped() {
	server 100
	attach lose
	# When the server is slow, its reads hardly ever end within a value.
	for ((i = 0; i < 30; i++)); do
		stress 8 60
		[ "$(count lost)" -eq 0 ] || break
	done
	some "$(count lost)" lost
	sensible
}

test_a_crash_is_a_miss() {
	server 100
	echo 50 >$PARAMETERS/every
	attach panic
	load 8
	for _ in 1 2 3; do
		wait_for 20 sh -c "$CPROG/drive show cstream | grep -q crashed"
		drive set cstream enabled 1
	done
	load_end
	some "$(count lost)" lost
	sensible
	contains "$(drive fault cstream)" "on purpose"
}

test_live_connections_get_and_lose_it() {
	server 3000
	load 8
	local id joined
	read -r id joined < <(drive stream cstream/serve "$(cat "$TMP/server.pid")" $PORT 10)
	[ "$joined" -gt 30 ] || fail "only $joined sockets joined in 10 rounds"
	wait_for 20 sh -c "$CPROG/drive streams | grep -qv answered=0"
	refuses rmmod rex
	contains "$(ss -Htni state established sport = :$PORT)" "tcp-ulp-rex"
	sensible
	drive stream-del "$id"
	eq "$(drive streams)" ""
	some "$(count left)" left
	some "$(count left_listeners)" left_listeners
	eq "$(count listeners)" 0
	rmmod cstream
	rmmod rex
	load_end
	insmod "$BUILD/kmod/rex.ko"
}

test_a_stream_outlives_its_program() {
	server 100
	attach serve
	rmmod cstream
	stress 4 10
	insmod "$CPROG/cstream.ko"
	stress 4 10
	eq "$(count ready)" 0
	eq "$(info stale)" 0
	eq "$(drive stream-more "$(drive streams | cut -d' ' -f2)" "$(cat "$TMP/server.pid")" $PORT)" 0
	drive stream-del "$(drive streams | cut -d' ' -f2)"
	attach serve
	stress 4 10
	some "$(count read)" read
}

test_a_program_that_is_exchanged_goes_on() {
	server 100
	attach serve
	drive set cstream park 1
	load 8
	wait_for 20 sh -c "$CPROG/drive streams | grep -qv answered=0"
	rmmod cstream
	insmod "$CPROG/cstream.ko" max_len=100
	wait_for 20 sh -c "! grep -q ^0,0, $PARAMETERS/counts"
	load_end
	some "$(count lost)" lost
	sensible
}

# ask FD REQUEST: sends a datagram, and gives the first 12 bytes of the answer
ask() {
	printf '%b' "$2" | dd bs=65536 iflag=fullblock status=none >&"$1"
	dd bs=65536 count=1 status=none <&"$1" | head -c 12
}

# A socket that listened and is not closed yet: nobody else can listen there.
test_the_port_is_free_when_the_program_knows() {
	python3 - $PORT "$CPROG/drive" <<-END
		import errno, os, socket, subprocess, sys
		def listen():
		    s = socket.socket()
		    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
		    s.bind(("127.0.0.1", int(sys.argv[1])))
		    s.listen()
		    return s
		first = listen()
		subprocess.run([sys.argv[2], "stream", "cstream/watch", str(os.getpid()), sys.argv[1]],
		               check=True)
		first.shutdown(socket.SHUT_RDWR)
		try:
		    listen()
		    sys.exit("two at one port")
		except OSError as error:
		    assert error.errno == errno.EADDRINUSE, error
		first.close()
		listen()
	END
	eq "$(count listeners) $(count left_listeners)" "1 0"
}

test_datagrams_are_seen() {
	server 3000 udp
	attach watch
	contains "$(drive streams)" "protocol 17 listeners=0 sockets=2"
	local key
	exec 3<>/dev/udp/127.0.0.1/$PORT 4<>/dev/udp/::1/$PORT
	for key in 00000002 00000003 00000004 00000017; do
		eq "$(ask 3 "get $key\r\n")" "val $key"
		eq "$(ask 4 "set $key 0000002\r\n07\r\n")" $'STORED\r'
	done
	# The first reads began before.
	eq "$(count gets) $(count sets) $(count replies) $(count udp)" "3 3 6 14"
	sensible
	drive stream-del "$(drive streams | cut -d' ' -f2)"
	eq "$(count closed) $(count left)" "2 2"
	eq "$(ask 3 'get 00000002\r\n')" "val 00000002"
	eq "$(count udp)" 14
	attach watch
	refuses rmmod rex
	end_server
	eq "$(drive streams)" ""
}

# unjoined KIND WORDS: what is said to a socket of that kind
unjoined() {
	local said
	said=$(drive stream-refused cstream/serve "$1")
	contains "$said" "refused $1: "
	contains "$said" "$2"
}

test_what_cannot_join_is_refused() {
	server 100
	refuses drive stream-del 77
	contains "$REFUSAL" "there is no stream 77"
	refuses drive stream-more 77 "$(cat "$TMP/server.pid")" $PORT
	contains "$REFUSAL" "there is no stream 77"
	unjoined cookie "is not an entry for hook stream"
	unjoined closed "is not a socket"
	unjoined file "is not a socket"
	unjoined unix "is not a TCP or UDP socket"
	unjoined raw "is not a TCP or UDP socket"
	unjoined mptcp "is not a TCP or UDP socket"
	unjoined new "neither listening nor connected"
	unjoined ktls "already"
	unjoined sockmap "is in a sockmap"
	unjoined "sockmap after" ""
	unjoined twice "already"
	unjoined sockopt "not permitted"
	unjoined user "CAP_SYS_ADMIN"
	eq "$(drive streams)" ""
	rmmod cstream
	rmmod rex
	insmod "$BUILD/kmod/rex.ko"
	insmod "$CPROG/cstream.ko"
}

tap_run
