#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Packet helpers on real packets: redirects that arrive, copies, metadata from XDP to tc, and what
# is non-linear and cloned. A third namespace is behind port0 of the server.
. "$(dirname "$0")/../lib/tap.sh"

rex() { rexctl --netns rex-server "$@"; }
server() { ip netns exec rex-server "$@"; }
client() { ip netns exec rex-client "$@"; }
third() { ip netns exec rex-third "$@"; }

pings() { client ping -q -c "$1" -i 0.05 -W 1 10.77.0.1; }
received() { third cat /sys/class/net/port1/statistics/rx_packets; }
arrived() { [ "$(received)" -ge "$1" ]; }

setup() {
	topology/veth/lab up >/dev/null
	ip netns add rex-third
	server ip link add port0 type veth peer port1 netns rex-third
	# Nothing else may go there.
	server sysctl -q net.ipv6.conf.port0.disable_ipv6=1
	third sysctl -q net.ipv6.conf.port1.disable_ipv6=1
	third ip link set port1 up
	server ip link set port0 up
	rexctl load "$BUILD/tests/packet_xdp.ko"
	rexctl load "$BUILD/tests/packet_tc.ko"
	# shellcheck disable=SC2046
	bpftool map update name PARAM key 0 0 0 0 value hex $(index port0) 2>/dev/null ||
		for id in $(bpftool map show | awk '/name PARAM/ { print $1 + 0 }'); do
			bpftool map update id "$id" key 0 0 0 0 value hex $(index port0)
		done
}

index() {
	perl -e 'print join " ", map { sprintf "%02x", $_ } unpack "C4", pack "V", shift' \
		"$(server cat "/sys/class/net/$1/ifindex")"
}

teardown() {
	rexctl unload packet_xdp --force
	rexctl unload packet_tc --force
	ip netns del rex-third
	topology/veth/lab down
}

# Whether the entry did its work at all.
is_done() { bpftool map lookup name DONE key 0 0 0 0 | grep -q 'value: .*[1-9a-f]'; }

# goes ENTRY HOOK...: what the client sends arrives at the third namespace, and not here.
goes() {
	rex attach "$@"
	! pings 5
	wait_for 5 arrived 5
	rex detach "$1"
	pings 2
}

# veth takes frames from XDP only while the other side polls.
test_redirect_at_xdp() {
	third ethtool -K port1 gro on
	goes packet_xdp:redirect xdp srv0
}
test_redirect_at_generic_xdp() { goes packet_xdp:redirect xdp srv0 generic; }
test_redirect_at_tc() { goes packet_tc:redirect tc srv0 ingress; }
test_redirect_peer_at_tc() { goes packet_tc:redirect_peer tc srv0 ingress; }

# The copy arrives there, the packet here.
test_clone_redirect_at_tc() {
	rex attach packet_tc:clone_redirect tc srv0 ingress
	pings 5
	wait_for 5 arrived 5
	is_done
}

test_adjust_meta_at_tc() {
	rex attach packet_tc:meta tc srv0 ingress
	! pings 2
	rex attach packet_xdp:meta_for_tc xdp srv0
	pings 2
}

# With the wrong Ethernet address a packet is dropped, unless somebody says it is for us.
test_change_type_at_tc() {
	client ip neigh replace 10.77.0.1 lladdr 02:00:0a:4d:00:99 dev cli0 nud permanent
	! pings 2
	rex attach packet_tc:change_type_to_host tc srv0 ingress
	pings 2
}

# TCP from memory pages of the sender: not linear, and cloned for retransmission.
test_pull_data_at_tc() {
	server nc -l 10.77.0.1 2000 >"$TMP/got" </dev/null &
	wait_for 5 eval 'server ss -Hltn | grep -q 2000'
	rexctl --netns rex-client attach packet_tc:pull_data tc cli0 egress
	perl -e 'print "plain " x 20000' | client nc -N 10.77.0.1 2000
	wait
	eq "$(wc -c <"$TMP/got")" 120000
	contains "$(head -c 6 "$TMP/got")" "REXED "
	eq "$(sed 's/REXED /plain /g; s/plain //g' "$TMP/got")" ""
	is_done
	rexctl --netns rex-client detach packet_tc:pull_data
}

# Only an entry that says so gets frames of several buffers, and goes where they are.
test_frags_at_xdp() {
	server ip link set srv0 mtu 8000
	client ip link set cli0 mtu 8000
	! rex attach packet_xdp:adjust_meta xdp srv0 native 2>"$TMP/refused"
	contains "$(cat "$TMP/refused")" "srv0"
	rex attach packet_xdp:frags xdp srv0 native
	client ping -q -c 3 -i 0.05 -W 1 -s 7000 10.77.0.1
	contains "$(bpftool map lookup name FRAGS key 0 0 0 0)" "03 00 00 00"
}

tap_run
