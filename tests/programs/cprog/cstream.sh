# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For tests of the hook "stream" in the VM: a program in C, the least server, and a client that compares every
# byte. Sourced after cprog.sh.

PORT=7000
DRIVERS=$BUILD/tests/drivers
PARAMETERS=/sys/module/cstream/parameters
NAMES=(ready read wrote closed new lost udp wrong gets sets replies limited read_bytes wrote_bytes full
	listeners left_listeners left nothing quiet once)

setup() {
	ip link set lo up
	insmod "$BUILD/kmod/rex.ko"
	insmod "$CPROG/cstream.ko"
}

teardown() {
	local fault id
	[ ! -e "$TMP/load.pid" ] || kill "$(cat "$TMP/load.pid")" 2>/dev/null || :
	for fault in short nomem noroom; do fails "$fault" 0; done
	for id in $(drive streams | cut -d' ' -f2); do drive stream-del "$id"; done
	end_server
	! grep -q "^cstream " /proc/modules || rmmod cstream
	rmmod rex
}

# server MAX [MODE]: with values of at most MAX bytes
server() {
	echo "$1" >$PARAMETERS/max_len
	MAX=$1
	"$DRIVERS/stream_server" $PORT "$@" >"$TMP/server" &
	echo $! >"$TMP/server.pid"
	wait_for 20 grep -q ready "$TMP/server"
}
end_server() {
	[ -e "$TMP/server.pid" ] || return 0
	kill "$(cat "$TMP/server.pid")" 2>/dev/null || :
	wait_for 20 sh -c "! kill -0 $(cat "$TMP/server.pid")"
	rm "$TMP/server.pid"
}
# attach ENTRY: gives the stream's id
attach() { drive stream "cstream/$1" "$(cat "$TMP/server.pid")" $PORT | cut -d' ' -f1; }
# served KIND: gets or sets that the server answered
served() { end_server; sed -n "s/.*\b\([0-9]\+\) $1.*/\1/p" "$TMP/server"; }
# stress CONNECTIONS BATCHES [DEPTH [KIND]]
stress() { ( exec_stress "$@" ) }
exec_stress() {
	local connections=$1 batches=$2; shift 2
	exec "$DRIVERS/stream_stress" "${ADDRESS:-127.0.0.1}" $PORT "$connections" "$batches" 1 "$MAX" "$@"
}
# load CONNECTIONS: the same until load_end
load() {
	exec_stress "$1" 1000000 >"$TMP/load" 2>&1 &
	echo $! >"$TMP/load.pid"
	wait_for 20 grep -q ':1B58 [^ ]* 01 ' /proc/net/tcp
}
load_end() {
	kill "$(cat "$TMP/load.pid")" || :
	wait "$(cat "$TMP/load.pid")" || fail "$(cat "$TMP/load")"
	contains "$(cat "$TMP/load")" "ok: "
}
# count NAME: of the program
count() {
	local values i
	IFS=, read -ra values <$PARAMETERS/counts
	for i in "${!NAMES[@]}"; do [ "${NAMES[i]}" != "$1" ] || echo "${values[i]}"; done
}
# of NAME: of the only stream
of() { drive streams | sed -n "s/.*\b$1=\([0-9]*\).*/\1/p"; }
fails() { echo "$2" >"/sys/module/rex/parameters/stream_$1_every"; }
some() { [ "$1" -gt 0 ] || fail "expected some, got $1: $2"; }
# What the program saw made sense to it; else: the line where it did not.
sensible() { eq "$(count wrong) $(cat $PARAMETERS/wrong_line)" "0 0"; }
in_order() {
	sensible
	eq "$(count lost)" 0
}
