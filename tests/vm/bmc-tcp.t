#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# rexctl bmc without UDP: GETs over TCP are answered at memcached's sockets.
. "$(dirname "$0")/../lib/tap.sh"

PORT=11211

connect() { exec {FD}<>/dev/tcp/127.0.0.1/$PORT; }
say() { printf "$1" >&"$FD"; }
# hears LINE...: the next lines of the connection
hears() {
	local line
	for line; do
		read -r -t 20 LINE <&"$FD" || fail "no answer but '$LINE', '$line' is expected"
		eq "${LINE%$'\r'}" "$line"
	done
}
stat_of() { rexctl bmc stats --json | grep -oE "\"$1\":[0-9]+" | head -1 | cut -d: -f2; }
# answered N COMMAND...: so many GETs more are answered by the command
answered() {
	local n=$1 before
	shift
	before=$(stat_of tcp_hits)
	"$@"
	[ $(($(stat_of tcp_hits) - before)) -eq "$n" ] || fail "expected $n: $(rexctl bmc status; rexctl bmc stats | grep -v ' 0$')"
}
get() { say "get $1\r\n"; hears "VALUE $1 0 ${#2}" "$2" END; }
miss() { say "get $1\r\n"; hears END; }
serve() { # ARGUMENT...
	memcached -u nobody -l 127.0.0.1 -p $PORT -t 2 -m 64 "$@" &
	echo $! >/run/bmc-tcp.pid
	wait_for 20 bash -c "exec 3<>/dev/tcp/127.0.0.1/$PORT"
}
start() { rexctl bmc start --port $PORT --memory 32M --max-age 60s; }
running() { rexctl bmc status | grep -q "^running"; }

# The first command of a connection is memcached's.
begin() { connect; miss nothing; }

test_start_needs_no_udp() {
	ip link set lo up
	serve
	connect
	say 'set old 0 0 3\r\none\r\n'; hears STORED
	start
	contains "$(rexctl bmc status)" "running"
	contains "$(rexctl bmc status)" "tcp: 1 of 1 connections"
	contains "$(ss -tinaH "sport = :$PORT")" "tcp-ulp-rex"
	lacks "$(rexctl status)" "attached: fexit"
	# the connection that was there before: synchronized by what it sends
	get old one
	get old one
	answered 2 eval 'get old one; get old one'
}

test_changes_are_seen_at_once() {
	begin
	say 'set a 0 0 3\r\none\r\n'; hears STORED
	get a one
	answered 1 get a one
	# in one segment: nothing behind the change is answered before it
	say 'get a\r\nset a 0 0 3\r\ntwo\r\nget a\r\n'
	hears "VALUE a 0 3" one END STORED "VALUE a 0 3" two END
	answered 1 get a two
	say 'delete a noreply\r\nget a\r\n'; hears END
	miss a
}

test_another_connection_changes_it() {
	local first
	begin
	say 'set b 0 0 3\r\none\r\n'; hears STORED
	get b one
	get b one
	first=$FD
	begin
	say 'set b 0 0 3\r\ntwo\r\n'; hears STORED
	FD=$first
	get b two
}

test_several_keys_and_their_cas() {
	local cas
	begin
	say 'set c 0 0 1\r\nx\r\nset d 0 0 1\r\ny\r\n'; hears STORED STORED
	say 'gets c d\r\n'
	read -r -t 20 LINE <&"$FD"; cas=${LINE%$'\r'}; hears x; read -r -t 20 LINE <&"$FD"; hears y END
	say 'gets c d\r\n'
	read -r -t 20 LINE <&"$FD"; eq "${LINE%$'\r'}" "$cas"; hears x; read -r -t 20 LINE <&"$FD"; hears y END
	answered 1 eval 'say "get c d\r\n"; hears "VALUE c 0 1" x "VALUE d 0 1" y END'
}

test_a_command_cut_at_every_byte() {
	local text=$'get e\r\n' i
	begin
	say 'set e 0 0 5\r\nEND\r\n\r\n'; hears STORED
	say 'get e\r\n'; hears "VALUE e 0 5" END "" END
	for ((i = 1; i < ${#text}; i++)); do
		printf '%s' "${text:0:i}" >&"$FD"
		printf '%s' "${text:i}" >&"$FD"
		hears "VALUE e 0 5" END "" END
	done
}

# long MODE KEY GETS: values of 64 KiB
long() { python3 bmc/tests/long_values.py $PORT "$@"; }
fails() { echo "$2" >"/sys/module/rex/parameters/stream_$1_every"; }

# Each in one piece, from where the words are copied by one instruction; the last ones as one of many
# changes. A byte of the line or of the value's end that is not the one that was sent loses the position.
test_changes_of_any_length_in_one_piece() {
	local len unsynced sets value
	line_of() { rexctl bmc stats | sed -n "s/^$1 //p"; }
	begin
	unsynced=$(line_of connections_unsynced)
	sets=$(line_of invalidations_set)
	for len in $(seq 480 500) $(seq 1000 1008); do
		value=$(printf "%0${len}d" "$len")
		printf 'set long 0 0 %d\r\n%s\r\n' "$len" "$value" >"$TMP/set"
		dd if="$TMP/set" bs=64K status=none >&"$FD"
		hears STORED
	done
	eq "$(line_of connections_unsynced)" "$unsynced"
	eq "$(line_of invalidations_set)" $((sets + 30))
	get long "$value"
	answered 1 get long "$value"
}

test_values_of_64_kib() {
	answered 5 long whole long 5
}

# The send buffer is full before all is asked for: memcached answers some of it.
test_long_values_for_a_reader_that_sleeps() {
	local before
	before=$(stat_of tcp_hits)
	long slow sleepy 50
	[ "$(stat_of tcp_hits)" -gt "$before" ] || fail "none was answered"
}

test_readers_that_close_within_a_long_value() {
	answered 11 long closing closed 10
}

test_long_values_in_sends_that_are_cut() {
	fails short 2
	answered 12 long whole cut 12
	fails nomem 3
	long slow cut2 20
	fails short 0; fails nomem 0
}

test_memcached_is_killed_and_comes_again() {
	begin
	say 'set f 0 0 3\r\none\r\n'; hears STORED
	get f one
	kill -9 "$(cat /run/bmc-tcp.pid)"
	wait_for 20 sh -c '! rexctl bmc status | grep -q "^running"'
	serve
	wait_for 60 running
	begin
	miss f
	say 'set f 0 0 3\r\ntwo\r\n'; hears STORED
	get f two
	answered 1 get f two
}

test_detached_by_another_process() {
	rexctl detach rex_bmc:sockets
	wait_for 60 sh -c 'rexctl status | grep -q "attached: stream"'
	wait_for 60 running
	begin
	say 'set g 0 0 3\r\none\r\n'; hears STORED
	get g one
	answered 1 get g one
}

test_a_daemon_that_is_killed_comes_back_to_its_cache() {
	local daemon
	begin
	say 'set h 0 0 3\r\none\r\n'; hears STORED
	get h one
	daemon=$(rexctl bmc status --json | grep -oE '"daemon":[0-9]+' | cut -d: -f2)
	kill -9 "$daemon"
	wait_for 20 sh -c "! kill -0 $daemon 2>/dev/null"
	answered 1 get h one
	start
	wait_for 60 running
	answered 1 get h one
}

test_full_preemption_is_no_obstacle() {
	local model=/sys/kernel/debug/sched/preempt was
	was=$(sed 's/.*(\(.*\)).*/\1/' $model)
	rexctl bmc stop
	echo full >$model
	start
	begin
	say 'set i 0 0 3\r\none\r\n'; hears STORED
	get i one
	answered 1 get i one
	echo "$was" >$model
}

ends() { ! kill -0 "$(cat /run/bmc-tcp.pid)" 2>/dev/null; }

# At a port of its own, and nobody answers there.
test_changes_over_udp_are_seen() {
	kill "$(cat /run/bmc-tcp.pid)"
	wait_for 20 ends
	serve -U 11212
	wait_for 60 running
	begin
	say 'set k 0 0 3\r\none\r\n'; hears STORED
	get k one
	answered 1 get k one
	exec 9<>/dev/udp/127.0.0.1/11212
	printf '\0\1\0\0\0\1\0\0set k 0 0 3\r\ntwo\r\n' | dd bs=1k iflag=fullblock status=none >&9
	eq "$(dd bs=1k count=1 status=none <&9 | tail -c 8)" STORED$'\r'
	exec 9>&-
	get k two
}

# All that is needed is that memcached is visible.
test_in_a_pid_namespace() {
	rexctl bmc stop
	refuses unshare --pid --fork --mount-proc rexctl bmc start --port $PORT --memory 32M
	contains "$REFUSAL" "no process that is visible here"
	kill "$(cat /run/bmc-tcp.pid)"
	wait_for 20 ends
	mkfifo "$TMP/end"
	unshare --pid --fork --mount-proc sh -c "memcached -d -u nobody -l 127.0.0.1 -p $PORT -t 2 -m 64
		until rexctl bmc start --port $PORT --memory 32M --max-age 60s; do sleep 0.2; done >&2
		read -r _; rexctl bmc stop; kill \$(pidof memcached)" <"$TMP/end" &
	exec 8>"$TMP/end"
	wait_for 60 running
	begin
	say 'set l 0 0 3\r\none\r\n'; hears STORED
	get l one
	answered 1 get l one
	echo >&8
	wait
	serve
	start
}

test_stop_leaves_live_connections_as_they_were() {
	begin
	say 'set j 0 0 3\r\none\r\n'; hears STORED
	get j one
	rexctl bmc stop
	get j one
	lacks "$(ss -tinaH "sport = :$PORT")" "tcp-ulp-rex"
	lacks "$(lsmod)" rex
	kill "$(cat /run/bmc-tcp.pid)"
}

tap_run
