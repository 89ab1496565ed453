#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The tutorial's programs: what the eBPF one does, the Rex one does.
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/peer.sh"

DOCS=$BUILD/tests/docs

setup() { peer_up; }

teardown() {
	[ ! -d /sys/module/rex ] || for name in blocklist port_rewrite slow_syscalls; do
		[ ! -d "/sys/module/$name" ] || rexctl unload "$name" --force
	done
	peer_down
	[ ! -d /sys/module/rex ] || rmmod rex
}

pings() { at_peer ping -q -c "$1" -i 0.1 -W 1 10.99.0.1 | grep -o '[0-9]* received'; }

# The address is in host order.
block_and_count() {
	eq "$(pings 3)" "3 received"
	bpftool map update name BLOCKED key 2 0 99 10 value 0 0 0 0 0 0 0 0
	eq "$(pings 3)" "0 received"
	bpftool -j map lookup name BLOCKED key 2 0 99 10 | grep -oE '"value":\["[^]]*' >"$TMP/value"
	eq "$(cat "$TMP/value")" '"value":["0x03","0x00","0x00","0x00","0x00","0x00","0x00","0x00"'
	bpftool map delete name BLOCKED key 2 0 99 10
	eq "$(pings 3)" "3 received"
}

test_blocklist_in_ebpf() {
	ip link set rv0 xdpgeneric obj "$DOCS/blocklist.bpf.o" sec xdp
	block_and_count
	ip link set rv0 xdpgeneric off
}

test_blocklist_in_rex() {
	rexctl load "$DOCS/blocklist.ko"
	rexctl attach blocklist xdp rv0
	block_and_count
	rexctl detach blocklist xdp rv0
}

# hears PORT: what comes there when it is sent to port 7000.
hears() {
	timeout 20 nc -u -l -W 1 10.99.0.1 "$1" >"$TMP/heard" &
	wait_for 10 sh -c "ss -Huln sport = :$1 | grep -q ."
	at_peer bash -c 'printf "to 7000" >/dev/udp/10.99.0.1/7000'
	wait $! || fail "nothing came to port $1"
	eq "$(cat "$TMP/heard")" "to 7000"
}

test_port_rewrite_in_ebpf() {
	hears 7000
	tc qdisc add dev rv0 clsact
	tc filter add dev rv0 ingress bpf da obj "$DOCS/port_rewrite.bpf.o" sec tc
	hears 7001
}

test_port_rewrite_in_rex() {
	rexctl load "$DOCS/port_rewrite.ko"
	rexctl attach port_rewrite tc rv0 ingress
	hears 7001
	rexctl detach port_rewrite tc rv0 ingress
	hears 7000
}

# A process that sleeps for 50 ms is in the buffer: its number, the system call, nanoseconds.
finds_a_sleeper() {
	local ring sleeper
	"$BUILD/tests/drivers/ring" SLOW "$@" >"$TMP/slow" &
	ring=$!
	wait_for 20 grep -q ready "$TMP/slow"
	sleep 0.05 &
	sleeper=$!
	wait $sleeper
	sleeper=$(perl -e 'print unpack "H*", pack "l<l<", @ARGV' $sleeper 230)	# clock_nanosleep
	wait_for 10 grep -q "^$sleeper" "$TMP/slow"
	kill $ring
	wait $ring || :
	perl -lne 'next unless s/^'"$sleeper"'//; $ns = unpack "Q<", pack "H*", $_;
		die "$ns" if $ns < 5e7 || $ns > 2e10; $n++; END { die "none" unless $n == 1 }' "$TMP/slow"
	# no call that was fast
	perl -lne 'die $_ if !/ready/ && unpack("Q<", substr(pack("H*", $_), 8)) < 1e7' "$TMP/slow"
}

test_slow_syscalls_in_ebpf() {
	finds_a_sleeper "$DOCS/slow_syscalls.bpf.o"
}

test_slow_syscalls_in_rex() {
	rexctl load "$DOCS/slow_syscalls.ko"
	rexctl attach slow_syscalls:enter tracepoint raw_syscalls:sys_enter
	rexctl attach slow_syscalls:leave tracepoint raw_syscalls:sys_exit
	finds_a_sleeper
	rexctl detach slow_syscalls
}

# Built as its comment says, with what "make install" installs.
test_librex_in_C() {
	local root=$TMP/root flags
	make --no-print-directory install-librex DESTDIR="$root"
	flags=$(PKG_CONFIG_PATH=$root/usr/local/lib/pkgconfig pkg-config --cflags --libs librex libbpf)
	lacks "$flags" "$TOP/control"
	# shellcheck disable=SC2086 # words
	gcc -Wall -Wextra -Werror -o "$TMP/count" docs/examples/count_packets/count_packets.c $flags
	export REX_KO=$BUILD/kmod/rex.ko LD_LIBRARY_PATH=$root/usr/local/lib
	mkfifo "$TMP/enter"
	"$TMP/count" "$BUILD/programs/xdp_count.ko" rv0 1 <"$TMP/enter" >"$TMP/counted" &
	exec 9>"$TMP/enter"
	wait_for 60 grep -q counting "$TMP/counted"
	eq "$(pings 3)" "3 received"
	echo >&9
	wait $! || fail "it failed"
	contains "$(cat "$TMP/counted")" "xdp_count: 3 packets of protocol 1"
	[ ! -d /sys/module/xdp_count ] || fail "the program is still loaded"
	refuses "$TMP/count" "$BUILD/programs/xdp_count.ko" nosuch 1
	contains "$REFUSAL" nosuch
	rexctl unload xdp_count
}
tap_run
