#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Filters: which packets reach a program. Its entries drop what they get, and runs are counted.
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/peer.sh"

PROG=filtered

setup() { [ -d "/sys/module/$PROG" ] || rexctl load "$BUILD/tests/$PROG.ko"; }

teardown() {
	# shellcheck disable=SC2154  # of tap_one
	case $name in *attach* | *replace* | *ethernet*) rexctl detach $PROG || : ; peer_down ;; esac
	ip link del tun0 2>/dev/null || :
}

# check: lines "called|passed ENTRY PROTOCOL PORT [FIELD=VALUE]...", of an IPv4 packet in an Ethernet
# frame. Fields: type (Ethernet's; 0x86dd makes it IPv6), first (byte of the IP header), tos, fragment,
# tag, options (bytes), len (of the frame).
check() {
	perl -ne '
		my ($want, $entry, $protocol, $port, @fields) = split;
		my %o = map { split /=/ } @fields;
		my $type = oct($o{type} // "0x0800");
		my $l4 = pack("nnnn", 1000, $port, 26, 0) . "x" x 18;
		my $ip = pack("CCnnnCCna4a4", oct($o{first} // "0x45"), $o{tos} // 0, 46, 0,
			      oct($o{fragment} // 0), 64, $protocol, 0, "\x0a\x4d\0\2", "\x0a\x4d\0\1");
		$ip = pack("NnCCa16a16", 6 << 28, 26, $protocol, 64, "s", "d") if $type == 0x86dd;
		my $f = "\2\0\0\0\0\1\2\0\0\0\0\2" . ($o{tag} ? pack("nn", 0x8100, $o{tag}) : "") .
			pack("n", $type) . $ip . ("\1" x ($o{options} // 0)) . $l4;
		printf "%s %s %s\n", $entry, $want, unpack "H*", substr $f, 0, $o{len} // length $f;
	' | "$BUILD/tests/control-frames" $PROG
}

# Bytes of a port in a map.
set_ports() {
	# shellcheck disable=SC2046
	bpftool map update name PORTS key 0 0 0 0 value hex \
		$(perl -e 'print join " ", map { sprintf "%02x", $_ } unpack "C*", pack "n3", @ARGV' "$@")
}

test_datagrams_to_the_port_reach_the_program() {
	check <<-END
		called one 17 53
		called one 17 53 tos=184
		called one 17 53 fragment=0x4000
		called at_tc 17 53
	END
}

# 13568 is 53 the other way round; 6 is TCP.
test_others_pass_without_a_call() {
	for entry in one at_tc; do
		check <<-END
			passed $entry 17 54
			passed $entry 17 13568
			passed $entry 6 53
			passed $entry 6 80
			passed $entry 6 80 fragment=0x2000
			passed $entry 1 0
		END
	done
	check <<<"called all 17 54"
}

test_several_ports() {
	check <<-END
		called three 17 53
		called three 17 11211
		called three 17 65535
		passed three 17 0
		passed three 17 52
		passed three 17 11212
		passed three 17 65534
		passed three 6 11211
	END
}

test_a_protocol_without_ports() {
	check <<-END
		called any_tcp 6 80
		called any_tcp 6 80 fragment=0x2005
		passed any_tcp 17 80
		passed any_tcp 17 80 fragment=0x2005
		called any_tcp 17 80 tag=7
	END
}

# Where ports and protocol are elsewhere, or not to be seen, it is for the program to look.
test_what_is_not_plain_reaches_the_program() {
	for entry in one at_tc; do
		check <<-END
			called $entry 17 54 tag=7
			called $entry 6 54 tag=7
			called $entry 17 54 type=0x86dd
			called $entry 6 54 type=0x86dd
			called $entry 17 54 first=0x46 options=4
			called $entry 6 54 first=0x4f options=40
			called $entry 17 54 first=0x55
			called $entry 17 54 type=0x0806
		END
	done
}

# The first, one in the middle, the last.
test_fragments_reach_the_program() {
	for entry in one at_tc; do
		check <<-END
			called $entry 17 54 fragment=0x2000
			called $entry 17 54 fragment=0x2005
			called $entry 17 54 fragment=0x0005
			called $entry 17 54 fragment=0x1000
			called $entry 17 53 fragment=0x2000
		END
	done
}

# 38 bytes are up to the port's end.
test_short_frames_reach_the_program() {
	check <<-END
		called one 17 54 len=14
		called one 17 54 len=23
		called one 17 54 len=24
		called one 17 54 len=37
		passed one 17 54 len=38
		called one 17 53 len=38
	END
}

test_ports_in_a_map_change_at_any_time() {
	set_ports 0 0 0
	check <<-END
		passed mapped 17 53
		passed mapped 17 80
		called mapped 17 0
	END
	set_ports 53 0 11211
	check <<-END
		called mapped 17 53
		passed mapped 17 80
		called mapped 17 11211
		passed mapped 6 11211
	END
	set_ports 0 80 0
	check <<-END
		passed mapped 17 53
		called mapped 17 80
		called mapped 17 53 tag=7
	END
}

test_status_and_inspect_show_it() {
	local status file
	status=$(rexctl status; rexctl status --json)
	file=$(rexctl inspect "$BUILD/tests/$PROG.ko"; rexctl inspect --json "$BUILD/tests/$PROG.ko")
	for text in "$status" "$file"; do
		contains "$text" "one (xdp, leaf, filter udp, port 53)"
		contains "$text" "three (xdp, leaf, filter udp, ports 53, 11211, 65535)"
		contains "$text" "mapped (xdp, leaf, filter udp, ports in map PORTS)"
		contains "$text" "any_tcp (xdp, leaf, filter tcp)"
		contains "$text" "all (xdp, leaf)"
		contains "$text" '"filter":"udp, port 53"'
	done
}

# A chain at an interface, and constants blinded by the kernel: what is attached is found, and filters.
test_attached_it_filters_and_is_found() {
	peer_up
	ip neigh add 10.99.0.2 lladdr "$(at_peer cat /sys/class/net/rv1/address)" dev rv0
	at_peer ip neigh add 10.99.0.1 lladdr "$(cat /sys/class/net/rv0/address)" dev rv1
	sysctl -qw net.core.bpf_jit_harden=2
	rexctl attach $PROG:mapped xdp rv0
	rexctl attach $PROG:at_tc tc rv0 ingress
	sysctl -qw net.core.bpf_jit_harden=0
	contains "$(rexctl status)" "attached: xdp rv0"
	contains "$(rexctl status)" "attached: tc rv0"
	ping_from_peer 3
}

# The map that an attached shim reads stays; that of the new program is no other.
test_replace_keeps_the_map_of_an_attached_filter() {
	local before
	peer_up
	set_ports 0 0 4242
	rexctl attach $PROG:mapped xdp rv0
	before=$(rexctl status | grep "^  map PORTS")
	rexctl replace "$BUILD/tests/$PROG.ko"
	eq "$(rexctl status | grep "^  map PORTS")" "$before"
	rexctl detach $PROG
	check <<<"called mapped 17 4242"
	rexctl replace "$BUILD/tests/$PROG.ko"
	[ "$(rexctl status | grep "^  map PORTS")" != "$before" ] || fail "the map is still there"
	check <<<"passed mapped 17 4242"
}

test_an_interface_without_an_ethernet_header_is_refused() {
	modprobe tun
	ip tuntap add tun0 mode tun
	ip link set tun0 up
	refuses rexctl attach $PROG:at_tc tc tun0 ingress
	contains "$REFUSAL" 'frames of "tun0" have no Ethernet header'
	refuses rexctl attach $PROG:one xdp tun0 generic
	contains "$REFUSAL" 'which the filter of entry "one" reads'
}

tap_run
