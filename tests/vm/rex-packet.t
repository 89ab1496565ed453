#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Packet helpers, one shot each: the verdict shows whether the helpers returned what is
# expected, and the packet that comes back whether they did it. What needs real traffic is in rex-packet-traffic.t.
. "$(dirname "$0")/../lib/tap.sh"

# 10.77.0.2:1000 to 10.77.0.1:2000, UDP "hello, rex"; and the same to 192.168.7.9. All checksums
# were computed by another program.
ETHER=02000a4d000102000a4d00020800
IP=45000026000100004011662a0a4d00020a4d0001
UDP=03e807d00012158d
TEXT=68656c6c6f2c20726578
FRAME=$ETHER$IP$UDP$TEXT
OTHER=${ETHER}45000026000100004011a8c60a4d0002c0a8070903e807d000125829$TEXT

hex() { od -An -v -tx1 | tr -d ' \n'; }
bytes() { perl -e 'print pack "H*", shift' "$1"; }

param() {
	# shellcheck disable=SC2046
	bpftool map update name PARAM key 0 0 0 0 value hex \
		$(perl -e 'print join " ", map { sprintf "%02x", $_ } unpack "C4", pack "V", shift' "$1")
}

# run ENTRY FRAME: the packet that comes back, after a good verdict.
run() {
	local verdict
	verdict=$(bytes "$2" | rexctl run "$PROG:$1" --data-in - --data-out "$TMP/out")
	case $verdict in
	"XDP_PASS "* | "TC_ACT_OK "* | *"name (1), "*) hex <"$TMP/out" ;;
	*) fail "$1: $verdict" ;;
	esac
}

# The program of the test's hook, which stays loaded for the next test.
setup() {
	# shellcheck disable=SC2154  # of tap_one
	PROG=packet_${name##*_at_}
	[ -d "/sys/module/$PROG" ] || {
		for other in packet_xdp packet_tc packet_cgroup_skb; do
			[ ! -d "/sys/module/$other" ] || rexctl unload $other
		done
		rexctl load "$BUILD/tests/$PROG.ko"
	}
	[ -d /sys/class/net/fib0 ] || {
		ip link set lo up
		ip addr add 10.77.0.1/24 dev lo
		ip addr add 10.77.0.2/24 dev lo
		ip link add fib0 address 02:00:00:00:00:f0 type veth peer fib1
		ip addr add 10.99.0.1/24 dev fib0
		ip link set fib0 up
		ip link set fib1 up
		ip neigh add 10.99.0.2 lladdr 02:00:00:00:00:99 dev fib0
		ip route add 192.168.7.0/24 via 10.99.0.2
		ip route add blackhole 198.51.100.0/24
		echo 1 >/proc/sys/net/ipv4/conf/fib0/forwarding
	}
}

teardown() {
	local pid
	[ ! -e "$TMP/pids" ] || while read -r pid; do kill "$pid" 2>/dev/null; done <"$TMP/pids"
	# A crash is left for no other test.
	rexctl enable "packet_${name##*_at_}" >/dev/null
}

# listen OPTION...: a socket on port 2000.
listen() {
	nc -dl "$@" 10.77.0.1 2000 </dev/null >/dev/null 2>&1 &
	echo $! >>"$TMP/pids"
}
listens() { ss -Hln "$1" sport = :2000 | grep -q 2000; }
# connect PORT: from there to the listener.
connect() {
	nc -d -s 10.77.0.2 -p "$1" 10.77.0.1 2000 >/dev/null 2>&1 &
	echo $! >>"$TMP/pids"
	wait_for 5 established "$1"
}
established() { ss -Htn state established sport = :2000 | grep -q ":$1\b"; }
# A frame from another port: connections of earlier tests linger.
from() { printf '%s' "${FRAME/03e807d0/$(printf %04x "$1")07d0}"; }

# ---- XDP ---------------------------------------------------------------------------------

test_adjust_head_at_xdp() { eq "$(run adjust_head $FRAME)" "eeeeeeeeeeeeeeeeeeeeeeee${FRAME:8}"; }
test_adjust_tail_at_xdp() { eq "$(run adjust_tail $FRAME)" "${FRAME%"$TEXT"}00000000"; }
test_adjust_meta_at_xdp() { eq "$(run adjust_meta $FRAME)" "64617461$FRAME"; }
test_load_bytes_at_xdp() { eq "$(run load_bytes $FRAME)" $FRAME; }
test_store_bytes_at_xdp() { eq "$(run store_bytes $FRAME)" "${FRAME:0:96}53544f52"; }
test_fields_at_xdp() { eq "$(run fields $FRAME)" "0000000100000000${FRAME:16}"; }
test_csum_diff_at_xdp() { eq "$(run csum_diff $FRAME)" "$OTHER"; }

fib_answer() { printf '0200000000990200000000f0%s%08x%s' "${OTHER:24:4}" "$1" "${OTHER:36}"; }

test_fib_lookup_at_xdp() {
	local index
	index=$(cat /sys/class/net/fib0/ifindex)
	param "$index"
	eq "$(run fib_lookup "$OTHER")" "$(fib_answer "$index")"
	# No route back out of an interface that does not forward.
	echo 0 >/proc/sys/net/ipv4/conf/fib0/forwarding
	refuses run fib_lookup "$OTHER"
	echo 1 >/proc/sys/net/ipv4/conf/fib0/forwarding
}

test_sk_lookup_tcp_at_xdp() {
	refuses run sk_lookup_tcp $FRAME
	listen
	wait_for 5 listens -t
	eq "$(run sk_lookup_tcp $FRAME)" "6c697374656e07d00200${FRAME:20}"
	connect 1000
	eq "$(run sk_lookup_tcp $FRAME)" "65737461626c07d00200${FRAME:20}"
}

test_sk_lookup_udp_at_xdp() {
	refuses run sk_lookup_udp $FRAME
	listen -u
	wait_for 5 listens -u
	eq "$(run sk_lookup_udp $FRAME)" "6f74686572$(printf ' ' | hex)07d00200${FRAME:20}"
}

# References on the connected socket with local port 2000.
references() { awk '$2 ~ /:07D0$/ && $4 == "01" { print $13 }' /proc/net/tcp; }

# One that is held twice when its holder panics is held by nobody afterwards.
test_sk_release_after_panic_at_xdp() {
	local before
	listen
	wait_for 5 listens -t
	connect 1001
	before=$(references)
	[ "$before" -gt 0 ]
	for _ in 1 2 3; do
		refuses run sk_panic "$(from 1001)"
		contains "$REFUSAL" "holding it twice"
		eq "$(references)" "$before"
		rexctl enable packet_xdp
	done
	# More than fit are not had, and the rest is given back.
	run sk_many "$(from 1001)"
	eq "$(references)" "$before"
	while read -r pid; do kill "$pid"; done <"$TMP/pids"
	: >"$TMP/pids"
	wait_for 5 eval '! established 1001'
}

# ---- tc ----------------------------------------------------------------------------------

test_load_bytes_at_tc() { eq "$(run load_bytes $FRAME)" $FRAME; }
test_store_bytes_at_tc() { eq "$(run store_bytes $FRAME)" "${FRAME:0:84}73756d6c6f2c53544f52"; }
test_l3_csum_replace_at_tc() { eq "$(run l3_csum_replace $FRAME)" "${FRAME:0:48}${OTHER:48:4}${FRAME:52}"; }
test_l4_csum_replace_at_tc() { eq "$(run l4_csum_replace $FRAME)" "$OTHER"; }
test_csum_diff_at_tc() { eq "$(run csum_diff $FRAME)" "$OTHER"; }
test_change_head_at_tc() { eq "$(run change_head $FRAME)" "686561646572$FRAME"; }
test_change_tail_at_tc() { eq "$(run change_tail $FRAME)" "${FRAME%"$TEXT"}00000000"; }
test_change_type_at_tc() { eq "$(run change_type $FRAME)" $FRAME; }
test_change_proto_at_tc() { eq "$(run change_proto $FRAME)" $FRAME; }
test_adjust_room_at_tc() { eq "$(run adjust_room $FRAME)" "${ETHER}74756e6e656c6564$IP$UDP$TEXT"; }
# The first tag went into the data when the second one came.
test_vlan_push_at_tc() { eq "$(run vlan_push $FRAME)" "${ETHER%0800}810000050800$IP$UDP$TEXT"; }
test_vlan_pop_at_tc() { eq "$(run vlan_pop "${ETHER%0800}810000050800$IP$UDP$TEXT")" $FRAME; }
test_get_hash_recalc_at_tc() { eq "$(run get_hash_recalc $FRAME)" $FRAME; }
test_fields_at_tc() { eq "$(run fields $FRAME)" $FRAME; }
test_set_tstamp_at_tc() { eq "$(run set_tstamp $FRAME)" $FRAME; }

test_fib_lookup_at_tc() {
	local index
	index=$(cat /sys/class/net/fib0/ifindex)
	param "$index"
	eq "$(run fib_lookup "$OTHER")" "$(fib_answer "$index")"
}

# sk_lookup PROTOCOL HOOK: found while somebody listens, and not before.
sk_lookup() {
	refuses run "$1" "$(from 1002)"
	case $1 in *tcp) listen; wait_for 5 listens -t ;; *) listen -u; wait_for 5 listens -u ;; esac
	run "$1" "$(from 1002)"
}
test_sk_lookup_tcp_at_tc() { sk_lookup sk_lookup_tcp; }
test_sk_lookup_udp_at_tc() { sk_lookup sk_lookup_udp; }

# ---- cgroup_skb --------------------------------------------------------------------------

test_load_bytes_at_cgroup_skb() { run load_bytes $FRAME; }
test_fields_at_cgroup_skb() { run fields $FRAME; }
test_get_hash_recalc_at_cgroup_skb() { run get_hash_recalc $FRAME; }
test_sk_lookup_tcp_at_cgroup_skb() { sk_lookup sk_lookup_tcp; }
test_sk_lookup_udp_at_cgroup_skb() { sk_lookup sk_lookup_udp; }

tap_run
