# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For tests of "rexctl bmc" in the VM: memcached in a network namespace, at one end of a veth pair. A
# test file sources this after tap.sh and ends with run_in_control_lab.

NS=rex-server SERVER=10.77.0.1
in_ns() { nsenter --net=/run/netns/$NS "$@"; }
client() { nsenter --net=/run/netns/rex-client "$BUILD/tests/bmc-client" $SERVER "$@"; }
# a minute: what is stored here is there as long as a test takes, whoever saw it stored
# over UDP alone: nothing is answered when no interface has the program
OPTIONS=(--port 11211 --udp --dev srv0 --memory 16M --max-age 60s)
start() { rexctl --netns $NS bmc start "${@:-${OPTIONS[@]}}"; }

memcached_up() { # ARGUMENT...
	# no function: its process would be a shell's. It answers when its UDP port is there, too.
	nsenter --net=/run/netns/$NS memcached -u nobody -l $SERVER -m 64 -t 2 "$@" >"$LAB_DIR/memcached.log" 2>&1 &
	echo $! >"$LAB_DIR/memcached.pid"
	wait_for 10 in_ns bash -c "exec 3<>/dev/tcp/$SERVER/11211; echo version >&3; read -rt 1 -u 3"
}
memcached_pid() { cat "$LAB_DIR/memcached.pid"; }
memcached_down() { kill -9 "$(memcached_pid)"; }

# status FIELD, stat FIELD, of a number or a text
status() { rexctl bmc status --json | grep -oE "\"$1\":(\"([^\"\\]|\\\\.)*\"|[0-9]+)" | head -1 | sed -E 's/^[^:]*://; s/^"(.*)"$/\1/'; }
stat_of() { rexctl bmc stats --json | grep -oE "\"$1\":[0-9]+" | head -1 | cut -d: -f2; }
is_state() { [ "$(status state)" = "$1" ]; }

# What could be left: modules, programs and maps of BPF, links, pins, files.
everything() {
	# the kernel loads those two when somebody asks for its connections, and keeps them
	lsmod | awk 'NR > 1 && $1 !~ /^(inet|tcp)_diag$/ { print $1 }' | sort
	# those that the kernel frees a little later
	bpftool -j prog show | grep -oE '"name":"rex_shim[^"]*"' || :
	bpftool -j map show | grep -oE '"name":"BMC_[^"]*"' || :
	bpftool -j link show
	in_ns ip -o -d link show srv0 | grep -oE 'xdp[^ ]*|prog/[^ ]*' || :
	find /sys/fs/bpf /run/rex -mindepth 1 2>/dev/null | grep -v '^/sys/fs/bpf/xdp$' || :
}
nothing_left() {
	wait_for 5 sh -c '! bpftool -j map show | grep -q BMC_'
	everything >"$TMP/now"
	diff "$LAB_DIR/before" "$TMP/now" || fail "something is left"
}

# hits N KEY: a GET for KEY's value of 32 bytes that is (1) or is not (0) a hit. On a busy machine a
# minute may have passed since warm: then memcached gets one GET, and the next is a hit again.
hits() {
	local before
	[ "$1" = 0 ] || ! is_old "$2" || warm "$2"
	before=$(stat_of hits)
	client get "$2" 32 v
	eq "$2: $(($(stat_of hits) - before)) hits" "$2: $1 hits"
}
uptime_s() { cut -d. -f1 /proc/uptime; }
warm() { client set "$1" 32 v; client get "$1" 32 v; uptime_s >"$LAB_DIR/warm-$1"; }
is_old() { [ -e "$LAB_DIR/warm-$1" ] && [ $(($(uptime_s) - $(cat "$LAB_DIR/warm-$1"))) -ge 50 ]; }

# The client's end must have an XDP program, or what one in native mode sends back is lost.
peer_on() {
	local pin=/sys/fs/bpf/bmc-test-pass
	! ip -n rex-client -o link show cli0 | grep -q xdp || return 0
	bpftool prog load "$BUILD/tests/pass.bpf.o" $pin type xdp
	nsenter --net=/run/netns/rex-client bpftool net attach xdpdrv pinned $pin dev cli0
	rm $pin
}
peer_off() { nsenter --net=/run/netns/rex-client ip link set cli0 xdp off; }

run_in_control_lab() { # MEMCACHED-ARGUMENT...
	local status=1
	LAB_DIR=$(mktemp -d)
	export LAB_DIR
	topology/veth/lab up >/dev/null
	peer_on
	if memcached_up -U 11211 "$@"; then
		(tap_run)
		status=$?
	fi
	rexctl bmc stop >/dev/null 2>&1
	memcached_down
	topology/veth/lab down
	rm -rf "$LAB_DIR"
	exit $status
}
