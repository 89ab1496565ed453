# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The lab of the accelerators' tests in the VM: memcached in one of two network namespaces. Sourced
# after tap.sh. LAB_DIR is a directory that stays as long as the lab.

SERVER_NS=rex-server CLIENT_NS=rex-client SERVER=10.77.0.1 DEV=srv0

# /sys/fs/bpf stays visible, unlike with "ip netns exec".
at_server() { nsenter --net=/run/netns/$SERVER_NS "$@"; }
at_client() { nsenter --net=/run/netns/$CLIENT_NS "$@"; }
client() { at_client "$BUILD/tests/bmc-client" $SERVER "$@"; }

# The client's end of a veth must have an XDP program, or what one sends back is lost.
veth_up() {
	local pin=/sys/fs/bpf/bmc-test-pass
	topology/veth/lab up >/dev/null
	bpftool prog load "$BUILD/tests/pass.bpf.o" $pin type xdp
	at_client bpftool net attach xdpdrv pinned $pin dev cli0
	rm $pin
}

memcached_run() { # ARGUMENT...: sets MEMCACHED
	# no function: its process would be a shell's, not memcached's
	nsenter --net=/run/netns/$SERVER_NS memcached -u nobody -m 64 "$@" >"$LAB_DIR/memcached.log" 2>&1 &
	MEMCACHED=$!
}
