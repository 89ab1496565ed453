# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# For tests that need an interface in the namespace where rexctl runs: a veth pair, rv0 here
# (10.99.0.1) and rv1 (10.99.0.2) in the namespace rexpeer. topology/veth/lab has neither end here.

peer_up() {
	ip netns add rexpeer
	ip -batch - <<-END
		link add rv0 type veth peer name rv1 netns rexpeer
		link set rv0 up
		addr add 10.99.0.1/24 dev rv0
	END
	ip -n rexpeer -batch - <<-END
		link set rv1 up
		addr add 10.99.0.2/24 dev rv1
	END
}

# Whatever is left of it. rv0 goes with the namespace, but not at once.
peer_down() {
	[ ! -e /run/netns/rexpeer ] || ip netns del rexpeer
	ip link del rv0 2>/dev/null || :
}

at_peer() { ip netns exec rexpeer "$@"; }
ping_from_peer() { at_peer ping -q -c "$1" -i 0.05 -W 2 10.99.0.1; }
