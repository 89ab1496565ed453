#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: --nic 4 --smp 4
# rexctl nic: netdevsim, and a virtio-net card with four queue pairs.
. "$(dirname "$0")/../lib/tap.sh"

OTHER=$BUILD/tests/pass.bpf.o

# Debian's own kernels have no netdevsim; others may.
need_netdevsim() {
	modprobe netdevsim 2>/dev/null || skip "this kernel has no netdevsim (CONFIG_NETDEVSIM)"
	echo "1 1 4" >/sys/bus/netdevsim/new_device
	wait_for 5 test -n "$(ls /sys/bus/netdevsim/devices/netdevsim1/net)"
	SIM=$(ls /sys/bus/netdevsim/devices/netdevsim1/net)
}

teardown() {
	[ ! -e /sys/bus/netdevsim/devices/netdevsim1 ] || echo 1 >/sys/bus/netdevsim/del_device
	! grep -q ^netdevsim /proc/modules || rmmod netdevsim
	[ ! -e /sys/class/net/rv0 ] || ip link del rv0
}

virtio() {
	local dev
	for dev in /sys/class/net/*/device/driver; do
		[ -e "$dev" ] || continue
		case $(readlink "$dev") in */virtio_net) basename "$(dirname "$(dirname "$dev")")"; return ;; esac
	done
}

test_show_netdevsim() {
	local out
	need_netdevsim
	out=$(rexctl nic show "$SIM")
	contains "$out" "$SIM: down"
	contains "$out" "netdevsim1"
	contains "$out" "of at most 4"
	contains "$(rexctl nic show "$SIM" --json)" '"max":4'
	rexctl nic show "$SIM" --json | perl -MJSON::PP -ne 'decode_json($_)'
}

test_set_channels_of_netdevsim() {
	need_netdevsim
	rexctl nic set "$SIM" channels 2
	contains "$(rexctl nic show "$SIM")" "2 of at most 4"
	contains "$(ethtool -l "$SIM" | tail -4)" "2"
	rexctl nic set "$SIM" channels 4
	contains "$(rexctl nic show "$SIM")" "4 of at most 4"
}

test_wrong_numbers_of_channels_are_refused() {
	ip link add rv0 numrxqueues 4 numtxqueues 4 type veth peer name rv1 numrxqueues 4 numtxqueues 4
	rexctl nic set rv0 channels 2
	refuses rexctl nic set rv0 channels 5
	contains "$REFUSAL" '"rv0" has at most 4 channels; 5 are not possible'
	refuses rexctl nic set rv0 channels 0
	refuses rexctl nic set rv0 channels many
	contains "$REFUSAL" '"many"'
	refuses rexctl nic set rv0 rings 5
	contains "$REFUSAL" '"rings"'
	contains "$(rexctl nic show rv0)" "rx channels        2 of at most 4"
}

test_an_interface_without_channels() {
	contains "$(rexctl nic show lo)" "fixed by the driver"
	refuses rexctl nic set lo channels 1
	contains "$REFUSAL" "fixed number of channels"
	refuses rexctl nic show nosuchif
	contains "$REFUSAL" '"nosuchif"'
}

test_rx_and_tx_channels_of_veth() {
	ip link add rv0 numrxqueues 4 numtxqueues 4 type veth peer name rv1 numrxqueues 4 numtxqueues 4
	contains "$(rexctl nic show rv0)" "rx channels"
	contains "$(rexctl nic show rv0)" "driver             veth"
	rexctl nic set rv0 channels 3
	contains "$(rexctl nic show rv0)" "rx channels        3 of at most 4"
	contains "$(rexctl nic show rv0)" "tx channels        3 of at most 4"
	refuses rexctl nic set rv0 channels 5
	contains "$REFUSAL" "at most 4"
	ip link del rv0
}

test_virtio_with_four_queue_pairs() {
	local nic
	modprobe virtio_net
	wait_for 5 compgen -G '/sys/class/net/*/device/driver'
	nic=$(virtio)
	[ -n "$nic" ] || fail "no virtio-net card in this VM"
	contains "$(rexctl nic show "$nic")" "combined channels"
	contains "$(rexctl nic show "$nic")" "driver             virtio_net"
	contains "$(rexctl nic show "$nic")" "of at most 4"
	rexctl nic set "$nic" channels 2
	contains "$(rexctl nic show "$nic")" "2 of at most 4"
	contains "$(ethtool -l "$nic" | sed -n '/Current/,$p')" "Combined:	2"
	refuses rexctl nic set "$nic" channels 9
	contains "$REFUSAL" "at most 4"
}

# With an XDP program, veth needs a receive queue for each transmit queue of its peer.
test_a_refusal_of_the_driver_changes_nothing() {
	ip link add rv0 numrxqueues 4 numtxqueues 4 type veth peer name rv1 numrxqueues 4 numtxqueues 4
	rexctl nic set rv0 channels 4
	rexctl nic set rv1 channels 4
	ip link set rv0 up
	ip link set rv0 xdp obj "$OTHER" sec xdp.frags
	refuses rexctl nic set rv0 channels 2
	contains "$REFUSAL" '"rv0" rejected 2 channels'
	contains "$REFUSAL" "it has an XDP program"
	contains "$(rexctl nic show rv0)" "rx channels        4 of at most 4"
	ip link del rv0
}

tap_run
