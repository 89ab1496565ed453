# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For tests of GETs over TCP in the VM: memcached at the loopback interface, without UDP, and an accelerator
# that needs no interface. Sourced after tap.sh. REX_BMC_ACCEL=none: memcached alone.

PORT=11211
MEMCACHED_PID=/run/bmc-tcp.pid
ACCEL=${REX_BMC_ACCEL:-rex}

lo_up() { ip link set lo up; }
memcached_pid() { cat $MEMCACHED_PID; }
memcached_up() { # ARGUMENT...
	memcached -u nobody -l 127.0.0.1,::1 -p $PORT -t 2 -m 64 "$@" >/run/bmc-tcp.log 2>&1 &
	echo $! >$MEMCACHED_PID
	wait_for 20 bash -c "exec 3<>/dev/tcp/::1/$PORT; echo version >&3; read -rt 1 -u 3"
}
memcached_down() { # SIGNAL
	local pid
	pid=$(memcached_pid)
	kill "-$1" "$pid"
	wait_for 60 sh -c "! kill -0 $pid"
}

start() { [ "$ACCEL" = none ] || rexctl bmc start --port $PORT --memory 32M --max-age 60s; }
stop() { [ "$ACCEL" = none ] || rexctl bmc stop; }
status() { rexctl bmc status --json | sed -n "s/.*\"$1\": *\"\{0,1\}\([^\",}]*\).*/\1/p"; }
running() { [ "$ACCEL" = none ] || [ "$(status state)" = running ]; }
not_running() { ! running; }
tcp_hits() { rexctl bmc stats --json | grep -oE '"tcp_hits":[0-9]+' | cut -d: -f2; }
# GETs are answered by the accelerator, seen by its own counter while there is a load.
hits_grow() {
	local before
	[ "$ACCEL" != none ] || return 0
	before=$(tcp_hits)
	sleep 0.2
	[ "$(tcp_hits)" -gt $((before + 5)) ]
}
