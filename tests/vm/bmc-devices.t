#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The accelerator's interfaces go, come again, get other programs and other names, and what is at the
# other end of a veth changes, while clients ask. "rexctl bmc status" says what is true, and "stop"
# leaves nothing.
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/bmc/tests/control.sh"

# device FIELD [NUMBER]: of the first interface, or the one with that number, as the status has it.
device() {
	rexctl bmc status --json | tr '{' '\n' | grep '^"name"' | sed -n "$((${2:-0} + 1))p" |
		sed -nE "s/.*\"$1\":\"?([^,\"]*).*/\1/p"
}
device_is() { [ "$(device "$1" "${3:-0}")" = "$2" ]; }
prometheus() { rexctl bmc stats --prometheus | sed -nE "s/^rex_bmc_$1 //p"; }

link_up() { # NAME: as topology/veth/lab makes it
	ip link add "$1" netns $NS type veth peer name cli0 netns rex-client
	ip -n $NS link set "$1" addrgenmode none address 02:00:0a:4d:00:01
	ip -n $NS addr add 10.77.0.1/24 dev "$1"
	ip -n $NS link set "$1" up
	ip -n rex-client link set cli0 addrgenmode none address 02:00:0a:4d:00:02
	ip -n rex-client addr add 10.77.0.2/24 dev cli0
	ip -n rex-client link set cli0 up
	ip -n $NS neigh replace 10.77.0.2 lladdr 02:00:0a:4d:00:02 dev "$1" nud permanent
	ip -n rex-client neigh replace 10.77.0.1 lladdr 02:00:0a:4d:00:01 dev cli0 nud permanent
}
link_down() { ip -n $NS link del "$1"; }

# gets a value, from memcached or not, and the right one
asks() { client get "$1" 32 v; }

setup() {
	[ -e "$LAB_DIR/before" ] || everything >"$LAB_DIR/before"
}

# ---- what is at the other end of a veth --------------------------------------------------------------------

test_the_mode_is_said() {
	start
	eq "$(device mode)" native
	contains "$(rexctl bmc status)" "device: srv0 (native)"
	eq "$(prometheus 'device_attached\{device="srv0"\}')" 1
}

test_the_other_end_of_a_veth_loses_its_program() {
	warm one
	hits 1 one
	peer_off
	wait_for 10 device_is mode generic
	hits 1 one
	eq "$(prometheus running)" 1
}

# ---- an interface goes, and comes ----------------------------------------------------------------------------

test_an_interface_is_renamed_and_another_gets_its_name() {
	in_ns ip link set srv0 down
	in_ns ip link set srv0 name old0
	in_ns ip link set old0 up
	wait_for 10 device_is interface old0
	contains "$(rexctl bmc status)" "device: srv0 (called old0 now, generic)"
	eq "$(status state)" running
	in_ns ip link add srv0 type veth peer name srv1
	wait_for 10 device_is interface srv0
	wait_for 10 device_is attached true
	lacks "$(in_ns ip -o link show old0)" xdp
	in_ns ip link del srv0
	in_ns ip link set old0 down
	in_ns ip link set old0 name srv0
	in_ns ip link set srv0 up
	in_ns ip neigh replace 10.77.0.2 lladdr 02:00:0a:4d:00:02 dev srv0 nud permanent
	wait_for 10 device_is attached true
	warm one
	hits 1 one
}

test_an_interface_is_deleted_and_comes_back() {
	warm one
	link_down srv0
	wait_for 10 is_state off
	contains "$(status reason)" "no interface has the program: srv0, which does not exist now"
	eq "$(prometheus running)" 0
	eq "$(prometheus 'device_attached\{device="srv0"\}')" 0
	link_up srv0
	wait_for 10 is_state running
	asks one
	hits 1 one
	# what was made for the one that is gone, is gone
	eq "$(find /sys/fs/bpf/xdp -name 'dispatch-*' | wc -l) dispatchers" "1 dispatchers"
}

test_an_interface_comes_back_while_there_is_no_daemon() {
	local daemon
	daemon=$(status daemon)
	[ "$daemon" -gt 1 ]		# 0 would be ourselves
	kill -9 "$daemon"
	link_down srv0
	link_up srv0
	wait_for 5 sh -c "! kill -0 $daemon"
	eq "$(status state)" off
	start
	wait_for 10 is_state running
	warm one
	hits 1 one
}

hits_above() { [ "$(stat_of hits)" -gt "$1" ]; }

# Requests all the time: some are lost while there is no interface, and no answer is wrong.
test_an_interface_is_deleted_and_made_again_under_load() {
	local load before
	warm one
	nsenter --net=/run/netns/rex-client python3 - >"$TMP/load" <<-'END' &
		import signal, socket
		asked = answered = wrong = 0
		going = True
		def stop(*_):
		    global going
		    going = False
		signal.signal(signal.SIGTERM, stop)
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.settimeout(0.05)
		want = b"VALUE one 0 32\r\n" + b"v" * 32 + b"\r\nEND\r\n"
		while going:
		    asked += 1
		    head = (asked % 65536).to_bytes(2, "big") + b"\0\0\0\1\0\0"
		    try:
		        s.sendto(head + b"get one\r\n", ("10.77.0.1", 11211))
		        got = s.recv(2048)
		        answered += 1
		        wrong += got[2:] != head[2:] + want
		    except OSError:
		        pass
		print("asked", asked, "answered", answered, "wrong", wrong)
	END
	load=$!
	for _ in 1 2; do
		link_down srv0
		link_up srv0
		wait_for 20 is_state running
		before=$(stat_of hits)
		wait_for 20 hits_above $((before + 20))
	done
	kill $load
	wait $load
	cat "$TMP/load"
	contains "$(cat "$TMP/load")" "wrong 0"
}

test_stop_after_an_interface_was_deleted() {
	link_down srv0
	wait_for 10 is_state off
	rexctl bmc stop
	link_up srv0
	nothing_left
}

# ---- XDP goes ---------------------------------------------------------------------------------------------

test_names_of_one_interface_are_refused() {
	in_ns ip link property add dev srv0 altname the-name-of-this-interface
	refuses start --port 11211 --udp --dev srv0,the-name-of-this-interface --memory 16M
	contains "$REFUSAL" "are names of the same interface"
	nothing_left
}

# Beside the first, three that other things happen to.
test_an_alternative_name_is_taken() {
	local i
	for i in 1 3 5; do ip -n $NS link add dev$i type veth peer name dev$((i + 1)); done
	start --port 11211 --udp --dev the-name-of-this-interface,dev1,dev3,dev5 --memory 16M --max-age 60s
	eq "$(device interface)" srv0
	contains "$(rexctl bmc status)" "device: the-name-of-this-interface (called srv0 now, generic)"
	warm one
	hits 1 one
}

# says_off NUMBER DEVICE WORDS: that one, and the others go on.
says_off() {
	wait_for 10 device_is attached false "$1"
	contains "$(rexctl bmc status)" "device: $2, $3"
	eq "$(prometheus "device_attached\{device=\"$2\"\}")" 0
	eq "$(status state)" running
	eq "$(prometheus running)" 1
	hits 1 one
}

test_xdp_is_switched_off_with_ip() {
	in_ns ip link set dev1 xdpgeneric off
	says_off 1 dev1 "where XDP was detached by another process"
}

test_xdp_is_detached_with_bpftool() {
	in_ns bpftool net detach xdpgeneric dev dev3
	says_off 2 dev3 "where XDP was detached by another process"
}

test_another_program_takes_an_interface() {
	local pin=/sys/fs/bpf/bmc-test-other
	bpftool prog load "$BUILD/tests/pass.bpf.o" $pin type xdp
	in_ns ip link set dev5 xdpgeneric off
	in_ns bpftool net attach xdpgeneric pinned $pin dev dev5
	rm $pin
	says_off 3 dev5 "where another XDP program (BPF program "
}

# The dispatcher stays, and calls nothing any more. It was the last one.
test_the_pins_of_libxdp_are_removed() {
	rm -r "/sys/fs/bpf/xdp/dispatch-$(in_ns ip -o link show srv0 | cut -d: -f1)"-*
	wait_for 10 is_state off
	contains "$(status reason)" "no interface has the program: the-name-of-this-interface, where "
	eq "$(prometheus running)" 0
	asks one
	hits 0 one
}

test_stop_leaves_what_is_of_others() {
	rexctl bmc stop
	contains "$(in_ns ip -o link show dev5)" "xdpgeneric"
	for i in 1 3 5; do in_ns ip link del dev$i; done
	in_ns ip link set srv0 xdpgeneric off
	in_ns ip link property del dev srv0 altname the-name-of-this-interface
	nothing_left
}

# ---- another kind of interface --------------------------------------------------------------------------------

# The bond gives the program to its slave, whose other end has none.
test_a_bond_above_a_veth_is_generic() {
	modprobe bonding max_bonds=0
	everything >"$LAB_DIR/before"
	in_ns ip addr flush dev srv0
	in_ns ip link add bond0 address 02:00:0a:4d:00:01 type bond mode active-backup
	in_ns ip link set srv0 down
	in_ns ip link set srv0 master bond0
	in_ns ip link set bond0 up
	in_ns ip addr add 10.77.0.1/24 dev bond0
	in_ns ip neigh replace 10.77.0.2 lladdr 02:00:0a:4d:00:02 dev bond0 nud permanent
	wait_for 10 client request version
	start --port 11211 --udp --dev bond0 --memory 16M --max-age 60s
	eq "$(device mode)" generic
	warm one
	hits 1 one
	rexctl bmc stop
	in_ns ip link del bond0
	nothing_left
}

# The other end gets its program later.
test_the_mode_is_what_was_asked_for() {
	in_ns ip addr add 10.77.0.1/24 dev srv0
	in_ns ip link set srv0 up
	in_ns ip neigh replace 10.77.0.2 lladdr 02:00:0a:4d:00:02 dev srv0 nud permanent
	wait_for 10 client request version
	start --port 11211 --udp --dev srv0 --memory 16M --max-age 60s --mode native
	eq "$(device mode)" native
	peer_on
	warm one
	hits 1 one
	eq "$(device mode)" native
	rexctl bmc stop
	nothing_left
}

run_in_control_lab
