#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The hook stream: what programs see of a server's sockets and answer in its place, and that the
# server gets every byte when a program goes wrong, is exchanged or taken off. The server echoes.
. "$(dirname "$0")/../lib/tap.sh"

SAMPLE=$BUILD/programs/stream_lines.ko HOSTILE=$BUILD/tests/hostile_stream.ko
SOURCE=tests/programs/hostile_stream.rs
PORT=7

# serve PROTOCOL ADDRESS [COMMAND...]: a server on $PORT, as $SERVER.
serve() {
	local protocol=$1 address=$2; shift 2
	"$@" "$BUILD/tests/drivers/echo" "$protocol" "$address" $PORT >"$TMP/server" &
	SERVER=$!
	echo "$SERVER" >/run/rex-stream.pid
	wait_for 10 grep -q ready "$TMP/server"
}

setup() {
	ip link set lo up
	[ -d /sys/module/stream_lines ] || rexctl load "$SAMPLE"
	[ -d /sys/module/hostile_stream ] || rexctl load "$HOSTILE"
	serve tcp 127.0.0.1
}

# With its last socket a stream ends.
ended() { rexctl status >/run/rex-stream.status; ! grep -qE '^ *(attached|stale): ' /run/rex-stream.status; }
teardown() {
	kill "$(cat /run/rex-stream.pid)"
	kill -CONT "$(cat /run/rex-stream.pid)" 2>/dev/null || :
	wait_for 10 ended
	! grep -q 'hostile_stream: crashed' /run/rex-stream.status || rexctl enable hostile_stream
}

connect() { exec {FD}<>/dev/tcp/127.0.0.1/$PORT; }
hears() { read -r -t 20 LINE <&"$1" || fail "no answer but: $LINE"; eq "$LINE" "$2"; }
# ask FD TEXT ANSWER: a line, and the line that comes back.
ask() { printf '%s\n' "$2" >&"$1"; hears "$1" "$3"; }

# The record of the last socket: lines read, written, answered.
lines() {
	bpftool -j map dump name LINES | perl -MJSON::PP -e '
		my $all = decode_json(join "", <STDIN>);
		my $bytes = sub { pack "C*", map { hex } @{$_[0]} };
		my ($last) = sort { $b->[0] <=> $a->[0] } map { [unpack("Q", $bytes->($_->{key})), $_] } @$all;
		print join " ", (unpack "Q3", $bytes->($last->[1]{value}))'
}
# value MAP INDEX
value() { bpftool -j map lookup name "$1" key "$2" 0 0 0 | perl -0ne 'print unpack "Q<", pack "C*", map { hex } $1 =~ /0x(\w\w)/g if /"value":\[(.*?)\]/'; }
ulps() { ss -tinaH "sport = :$PORT" | grep -c tcp-ulp-rex || :; }
line() { grep -n "here: $1" $SOURCE | cut -d: -f1; }

test_lines_are_counted_and_pings_answered() {
	rexctl attach stream_lines stream "$SERVER:$PORT"
	connect
	ask "$FD" hello hello
	ask "$FD" ping pong
	eq "$(lines)" "1 1 1"
	printf 'ping\nping\nlast\nping\n' >&"$FD"
	hears "$FD" pong; hears "$FD" pong; hears "$FD" last
	read -r -t 20 LINE <&"$FD"	# the last one queued behind another line: by whom depends
	# A line in two parts is the server's.
	printf pi >&"$FD"
	read -r -N 2 -t 20 LINE <&"$FD"
	eq "$LINE" pi
	ask "$FD" ng ng
	contains "$(rexctl status)" "attached: stream 127.0.0.1:7; tcp, 1 listener, 1 other socket, "
	eq "$(ulps)" 2
	rexctl status --json | perl -MJSON::PP -0ne '
		my ($p) = grep { $_->{name} eq "stream_lines" } @{decode_json($_)->{programs}};
		my $at = $p->{entries}[0]{attached}[0];
		die "place" unless $at->{at} eq "stream" && $at->{socket} eq "127.0.0.1:7";
		my $s = $at->{stream};
		die "counts" unless $s->{protocol} eq "tcp" && $s->{listeners} == 1 && $s->{sockets} == 1;
		die "answers: $s->{answered}, $s->{bytes} bytes" unless $s->{answered} >= 2 && $s->{bytes} % 5 == 0;
		die "errors" if $s->{missed} || $s->{no_room};'
}

# Of those, the beginning is missing: nothing is answered. New ones are followed.
test_connections_that_are_open_already() {
	local old new
	connect; old=$FD
	ask "$old" hello hello
	rexctl attach stream_lines stream "$SERVER:$PORT"
	ask "$old" ping ping
	connect; new=$FD
	ask "$new" ping pong
	contains "$(rexctl status)" "1 listener, 2 other sockets, 1 answered"
	exec {new}>&-
	wait_for 10 sh -c 'rexctl status | grep -q "1 listener, 1 other socket, 1 answered"'
	ask "$old" ping ping
}

hooked() { [ "$(ulps)" -eq "$1" ]; }
stop_server() {
	kill -STOP "$SERVER"
	wait_for 10 grep -q '^State:.T' /proc/"$SERVER"/status
}

# A connection that came before the listener had the hook has no descriptor before it is accepted.
test_connections_that_wait_to_be_accepted() {
	local attaching
	stop_server
	connect
	rexctl attach stream_lines stream "$SERVER:$PORT" >"$TMP/attach" 2>&1 &
	attaching=$!
	wait_for 20 hooked 1
	kill -CONT "$SERVER"
	wait $attaching || fail "$(cat "$TMP/attach")"
	contains "$(rexctl status)" "1 listener, 1 other socket, 0 answered"
	ask "$FD" hello hello
	# The first byte may have been read before or after the hook was there.
	[[ $(lines) == [01]" 1 0" ]] || fail "$(lines)"
}

test_a_server_that_accepts_nothing() {
	stop_server
	connect
	no stream_lines "process $SERVER does not accept the connections that wait at port $PORT (1)" "$SERVER:$PORT"
	eq "$(ulps)" 0
	kill -CONT "$SERVER"
	ask "$FD" ping ping
}

# The server reads what came before the reset all the same.
test_a_connection_that_was_reset_with_bytes_to_read() {
	connect
	echo unread >&"$FD"
	wait_for 10 sh -c "ss -tnH state established '( dport = :$PORT )' | grep -q '^7 '"
	stop_server
	echo more >&"$FD"
	exec {FD}>&-		# something is unread here: a reset
	no stream_lines "process $SERVER does not read what has come over connections to port $PORT that" "$SERVER:$PORT"
	eq "$(ulps)" 0
	kill -CONT "$SERVER"
	rexctl attach stream_lines stream "$SERVER:$PORT"
	contains "$(rexctl status)" "1 listener, 0 other sockets"
}

# What the server opened since, and the connections that it accepted there.
test_a_stream_gets_what_the_server_opened_later() {
	kill "$SERVER"
	serve later 127.0.0.1
	rexctl attach stream_lines stream "$SERVER:$PORT"
	kill -USR1 "$SERVER"
	wait_for 10 grep -q later "$TMP/server"
	exec {FD}<>/dev/tcp/127.0.0.2/$PORT
	ask "$FD" ping ping
	"$BUILD/tests/control-rescan" "$SERVER"
	contains "$(rexctl status)" "2 listeners, 1 other socket, 0 answered"
	exec {FD}<>/dev/tcp/127.0.0.2/$PORT
	ask "$FD" ping pong
	"$BUILD/tests/control-rescan" "$SERVER"
	contains "$(rexctl status)" "2 listeners, 2 other sockets, 1 answered"
}

test_detached_with_live_connections() {
	connect
	rexctl attach stream_lines stream "$SERVER:$PORT"
	exec {FD}>&-
	connect
	ask "$FD" ping pong
	rexctl detach stream_lines stream "$SERVER:$PORT"
	eq "$(ulps)" 0
	ask "$FD" ping ping
	rexctl attach stream_lines stream "$SERVER:$PORT"
	ask "$FD" ping ping
	exec {FD}>&-
	connect
	ask "$FD" ping pong
	# By the port alone, too.
	rexctl detach stream_lines stream ":$PORT"
	ask "$FD" ping ping
}

test_exchanged_with_live_connections() {
	local old
	rexctl attach stream_lines stream "$SERVER:$PORT"
	connect; old=$FD
	ask "$old" ping pong
	rexctl replace "$SAMPLE"
	ask "$old" ping ping
	connect
	ask "$FD" ping pong
	ask "$old" ping ping
}

test_successor_with_a_longer_record_is_refused() {
	rexctl load "$BUILD/tests/replace/one/exchanged.ko"
	rexctl attach exchanged:server stream "$SERVER:$PORT"
	refuses rexctl replace "$BUILD/tests/replace/longer/exchanged.ko"
	contains "$REFUSAL" 'entry "server" (stream) of program "exchanged" is attached'
	contains "$REFUSAL" "has a longer record of each socket there"
	connect
	ask "$FD" hello hello
	rexctl unload exchanged --force
	eq "$(ulps)" 0
}

test_unloading_detaches_first() {
	rexctl attach stream_lines stream "$SERVER:$PORT"
	connect
	ask "$FD" ping pong
	refuses rexctl unload stream_lines
	contains "$REFUSAL" "stream 127.0.0.1:7"
	ask "$FD" ping pong
	rexctl unload stream_lines --force
	ask "$FD" ping ping
	eq "$(ulps)" 0
	rexctl load "$SAMPLE"
}

test_server_over_IPv6() {
	kill "$SERVER"
	serve tcp ::
	rexctl attach stream_lines stream "$SERVER:$PORT"
	connect
	ask "$FD" ping pong
	exec {FD}<>/dev/tcp/::1/$PORT
	ask "$FD" ping pong
	contains "$(rexctl status)" "stream [::]:7; tcp, 1 listener, 2 other sockets, 2 answered"
}

# Datagrams are seen, and answered by the server alone. It waits already, in the kernel's own
# function: what that read gets is not seen.
test_server_over_UDP() {
	kill "$SERVER"
	serve udp 127.0.0.1
	rexctl attach stream_lines stream "$SERVER:$PORT"
	contains "$(rexctl status)" "stream 127.0.0.1:7; udp, 0 listeners, 1 other socket, 0 answered"
	eq "$(echo ping | timeout 20 nc -u -W 1 127.0.0.1 $PORT)" ping
	eq "$(echo hello | timeout 20 nc -u -W 1 127.0.0.1 $PORT)" hello
	eq "$(lines)" "1 2 0"
	no stream_lines "attached there already" "$SERVER:$PORT"
	no hostile_stream "port 7 of process $SERVER has a program already" "$SERVER:$PORT"
	rexctl detach stream_lines stream "$SERVER:$PORT"
	eq "$(echo hello | timeout 20 nc -u -W 1 127.0.0.1 $PORT)" hello
	eq "$(lines)" "1 2 0"
}

test_server_in_another_network_namespace() {
	kill "$SERVER"
	ip netns add rex-stream
	ip -n rex-stream link set lo up
	serve tcp 127.0.0.1 ip netns exec rex-stream
	rexctl attach stream_lines stream "$SERVER:$PORT"
	# shellcheck disable=SC2016
	eq "$(ip netns exec rex-stream bash -c 'exec 5<>/dev/tcp/127.0.0.1/7; echo ping >&5; read -r -t 20 line <&5; echo "$line"')" pong
	contains "$(rexctl status)" "1 answered, in another network namespace"
	rexctl detach stream_lines stream "$SERVER:$PORT"
	ip netns del rex-stream
}

# ---- refused, and nothing is left behind -----------------------------------------------------------

no() {
	local program=$1 text=$2; shift 2
	refuses rexctl attach "$program" stream "$@"
	contains "$REFUSAL" "$text"
}

test_what_is_no_server_is_refused() {
	no stream_lines '"7" is not PID:PORT' 7
	no stream_lines '"self" is not the number of a process' self:7
	no stream_lines '"0" is not a port' "$SERVER:0"
	no stream_lines '"65536" is not a port' "$SERVER:65536"
	no stream_lines 'needs the server'\''s process' ":$PORT"
	no stream_lines 'there is no process 4194304' 4194304:7
	no stream_lines "process $SERVER has no TCP or UDP socket with local port 8; it listens on 7" "$SERVER:8"
	connect
	ask "$FD" hello hello
	no stream_lines "is a thread" "$(basename "$(printf '%s\n' /proc/"$SERVER"/task/* | tail -1)"):$PORT"
	eq "$(ulps)" 0
}

test_what_is_attached_there_already_is_refused() {
	rexctl attach stream_lines stream "$SERVER:$PORT"
	no stream_lines 'attached there already: stream 127.0.0.1:7' "$SERVER:$PORT"
	no hostile_stream "port 7 of process $SERVER has a program already" "$SERVER:$PORT"
	connect
	ask "$FD" ping pong
}

test_MPTCP_is_refused() {
	kill "$SERVER"
	serve mptcp 127.0.0.1
	no stream_lines "is MPTCP" "$SERVER:$PORT"
}

# The first socket is taken, the second is not: the first one is given back.
test_all_sockets_are_attached_or_none() {
	kill "$SERVER"
	serve mixed 127.0.0.1
	connect
	ask "$FD" hello hello
	no stream_lines "is MPTCP" "$SERVER:$PORT"
	eq "$(ulps)" 0
	lacks "$(rexctl status)" "attached: "
	ask "$FD" ping ping
}

# ---- programs that go wrong --------------------------------------------------------------------------

is_crashed() { rexctl status --json | grep -q '"state":"crashed"'; }

# goes_wrong EVENT HOW: at that event (1 ready, 2 read, 3 wrote, 4 closed), by panic or loop (1, 2).
# The server answers all the same; what comes next knows that something is missing.
goes_wrong() {
	local lost how; how=$([ "$2" = 1 ] && echo panic || echo loop)
	rexctl attach hostile_stream stream "$SERVER:$PORT"
	connect
	ask "$FD" first first
	lost=$(value NOTES 0)
	bpftool map update name ARMED key 0 0 0 0 value "$1" 0 0 0 "$2" 0 0 0
	if [ "$1" = 4 ]; then
		exec {FD}>&-
		wait_for 20 is_crashed
		connect
	fi
	ask "$FD" second second
	is_crashed
	contains "$(rexctl status)" "in entry serve at $SOURCE:$(line "$how")"
	ask "$FD" third third
	rexctl enable hostile_stream
	ask "$FD" fourth fourth
	if [ "$1" = 2 ]; then
		head -c 100000 /dev/zero | tr '\0' x >&"$FD" &
		eq "$(head -c 100000 <&"$FD" | tr -d x | wc -c)" 0
	fi
	eq "$(value NOTES 0)" $((lost + 1))
	eq "$(value NOTES 2)" 0
}

test_panic_when_bytes_are_ready() { goes_wrong 1 1; }
test_panic_when_the_server_reads() { goes_wrong 2 1; }
test_panic_when_the_server_wrote() { goes_wrong 3 1; }
test_panic_when_the_connection_closes() { goes_wrong 4 1; }
test_loop_when_bytes_are_ready() { goes_wrong 1 2; }
test_loop_when_the_server_reads() { goes_wrong 2 2; }

# ---- the end -------------------------------------------------------------------------------------------

test_all_is_unloaded() {
	rexctl unload stream_lines
	rexctl unload hostile_stream
	rmmod rex
	lacks "$(cat /proc/sys/net/ipv4/tcp_available_ulp)" rex
	# for the teardown
	rexctl load "$SAMPLE"
	rexctl load "$HOSTILE"
}

tap_run
