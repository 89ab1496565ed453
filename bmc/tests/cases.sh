# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Runs bmc-cases (bmc/tests/cases/) in a lab of two network namespaces with a real memcached, and
# makes a test of each of its cases. The tool stands outside of both and makes its sockets in either.
#
# REX_BMC_ACCEL=none|ebpf runs the same cases with memcached alone (all must pass) or with the eBPF
# accelerator (which fails many of them: proof that the cases can fail). REX_ONLY=TEXT runs those
# that have TEXT in their names.

ACCEL=${REX_BMC_ACCEL:-rex}
. "$TOP/bmc/tests/lab.sh"

memcached_up() { # ARGUMENT...
	memcached_run -U 11211 "$@"
	wait_for 20 client request version
}

lab_up() {
	LAB_DIR=$(mktemp -d)
	veth_up
	# checksums are there to be looked at, and VLAN tags
	at_server ethtool -K $DEV tx off rxvlan off >/dev/null
	at_client ethtool -K cli0 txvlan off >/dev/null
}

# More addresses, a VLAN, and neighbours that only raw frames come from.
packet_lab() {
	local address ns mtu=9000
	[ $ACCEL != ebpf ] || mtu=3400
	for ns in $SERVER_NS/$DEV $CLIENT_NS/cli0; do
		ip -n ${ns%/*} link set ${ns#*/} mtu $mtu
	done
	ip -n $SERVER_NS addr add 10.77.0.3/24 dev $DEV
	ip -n $SERVER_NS link add link $DEV name $DEV.7 type vlan id 7
	ip -n $SERVER_NS addr add 10.77.7.1/24 dev $DEV.7
	ip -n $SERVER_NS link set $DEV.7 up
	for address in 10.77.0.9 10.77.0.0 fd77::9; do
		ip -n $SERVER_NS neigh replace $address lladdr 02:00:0a:4d:00:02 dev $DEV
	done
	# As Debian's systemd sets it. With 0, the kernel accepts requests from broadcast addresses, and
	# memcached 1.6.18 tries the reply that it may not send there for ever.
	at_server sysctl -qw net.ipv4.conf.all.rp_filter=2
	ip -n $SERVER_NS route add default via 10.77.0.9
	ip -n $SERVER_NS route add default via fd77::9
	ip -n $SERVER_NS neigh replace 10.77.7.9 lladdr 02:00:0a:4d:00:02 dev $DEV.7
}

start_command() {
	case $ACCEL in
	rex) echo "nsenter --net=/run/netns/$SERVER_NS rexctl bmc start --port 11211 --dev $DEV --memory 16M" ;;
	ebpf) echo "nsenter --net=/run/netns/$SERVER_NS ebpf-bmc start --dev $DEV" ;;
	none) echo ;;
	esac
}

lab_down() {
	case $ACCEL in
	rex) at_server rexctl bmc stop || : ;;
	ebpf) at_server ebpf-bmc stop || : ;;
	esac
	if [ -n "${MEMCACHED:-}" ]; then
		kill "$MEMCACHED"
		wait "$MEMCACHED" || :
	fi
	topology/veth/lab down
	rm -rf "$LAB_DIR"
}

# make_tests WHAT MEMCACHED-ARGUMENT...: a test for each case of "bmc-cases list WHAT". The first test
# of the file calls run_all_cases; the others look up what became of theirs.
make_tests() {
	local name
	CASES=$1
	shift
	MEMCACHED_ARGS=("$@")
	TAP_COMPARES=1
	for name in $("$BUILD/tests/bmc-cases" list "$CASES" | grep -e "${REX_ONLY:-}"); do
		eval "test_$name() { case_passes $name; }"
		TAP_TABLE+=("test_$name")
	done
}

case_passes() {
	[ -e "$TAP_DIR/results" ] || fail "the cases have not run"
	case $'\n'$(<"$TAP_DIR/results")$'\n' in
	*$'\n'"ok $1"$'\n'*) ;;
	*) fail "$(sed -n "s/^not ok $1: //p" "$TAP_DIR/results")" ;;
	esac
}

run_all_cases() { # COMMAND: what else the lab needs
	local status=0
	trap lab_down EXIT
	lab_up
	"$@"
	memcached_up "${MEMCACHED_ARGS[@]}"
	"$BUILD/tests/bmc-cases" "$CASES" "$ACCEL" $MEMCACHED "$(start_command)" ${REX_ONLY:+"$REX_ONLY"} \
		>"$TAP_DIR/results"
	[ $ACCEL != rex ] || lacks "$(rexctl status)" panic
	eq "$(grep -c . "$TAP_DIR/results")" "${#TAP_TABLE[@]}"
}
