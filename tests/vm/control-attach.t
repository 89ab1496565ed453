#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# rexctl in a VM: load, attach, count, detach, unload, and what must be refused.
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/peer.sh"

COUNT=$BUILD/programs/xdp_count.ko
OTHER=$BUILD/tests/pass.bpf.o
TC=$BUILD/tests/tc_pass.ko

setup() { peer_up; }

teardown() {
	local name
	for name in $(rexctl status --json | grep -o '"programs":.*' | grep -o '"name":"[^"]*","id"' | cut -d'"' -f4); do
		rexctl unload "$name" --force
	done
	sysctl -qw net.core.bpf_jit_harden=0
	peer_down
	[ ! -d /sys/module/rex ] || rmmod rex
}

# runs PROGRAM ENTRY: how often it ran
runs() { rexctl status | sed -n "/^program $1:/,/^program /s/^  entry $2 (.*): \([0-9]*\) runs.*/\1/p"; }

nothing_left() {
	eq "$(bpftool prog show name rex_shim)" ""
	lacks "$(ip -d link show rv0; ip -n rexpeer -d link show rv1)" xdp
	eq "$(find /sys/fs/bpf -type f)" ""
	lacks "$(tc qdisc show dev rv0)" clsact
	eq "$(bpftool net | grep -c rv0)" 0
}

test_status_without_the_module() {
	eq "$(rexctl status)" "rex.ko is not loaded"
	eq "$(rexctl status --json)" '{"programs":[]}'
	refuses rexctl attach xdp_count xdp rv0
	contains "$REFUSAL" 'rex.ko is not loaded; "rexctl load NAME.ko" loads it'
}

test_load_attach_count_detach_unload() {
	eq "$(rexctl load "$COUNT")" "loaded xdp_count: count (xdp)"
	contains "$(rexctl status)" "not attached"
	rexctl attach xdp_count xdp rv0
	contains "$(rexctl status)" "attached: xdp rv0 native"
	ping_from_peer 5
	[ "$(runs xdp_count count)" -ge 5 ] || fail "only $(runs xdp_count count) runs after 5 pings"
	rexctl detach xdp_count
	nothing_left
	ping_from_peer 1
	rexctl unload xdp_count
	eq "$(rexctl status)" "no program is loaded"
	[ ! -e /sys/module/xdp_count ] || fail "the module is still there"
	eq "$(bpftool map show name PACKETS)" ""
}

test_other_tools_see_it() {
	local id
	rexctl load "$COUNT"
	rexctl attach xdp_count xdp rv0
	contains "$(xdp-loader status rv0)" rex_shim
	contains "$(bpftool prog show name rex_shim)" rex_shim
	id=$(rexctl status | sed -n 's/.*attached: xdp rv0.*(BPF program \([0-9]*\))/\1/p')
	contains "$(bpftool prog show id "$id")" rex_shim
	ping_from_peer 3
	contains "$(bpftool map dump name PACKETS)" value
	rexctl detach xdp_count xdp rv0
	nothing_left
}

test_generic_mode_and_a_network_namespace() {
	rexctl load "$COUNT"
	rexctl --netns rexpeer attach xdp_count xdp rv1 generic
	contains "$(rexctl --netns rexpeer status)" "attached: xdp rv1 generic"
	ping_from_peer 3
	[ "$(runs xdp_count count)" -ge 3 ] || fail "only $(runs xdp_count count) runs"
	contains "$(rexctl status)" "attached: xdp rv1 generic in network namespace rexpeer"
	refuses rexctl unload xdp_count
	contains "$REFUSAL" "is attached: xdp rv1 generic in network namespace rexpeer"
	rexctl --netns rexpeer detach xdp_count
	nothing_left
	refuses rexctl --netns nowhere attach xdp_count xdp rv1
	contains "$REFUSAL" '"nowhere"'
}

test_tc_both_ways() {
	local before
	rexctl load "$TC"
	rexctl attach tc_pass tc rv0 ingress
	rexctl attach tc_pass tc rv0 egress
	contains "$(rexctl status)" "attached: tc rv0 ingress"
	contains "$(rexctl status)" "attached: tc rv0 egress"
	contains "$(bpftool net show dev rv0)" rex_shim
	before=$(runs tc_pass tc_pass)
	ping_from_peer 5
	[ "$(runs tc_pass tc_pass)" -ge $((before + 10)) ] || fail "$before runs before, $(runs tc_pass tc_pass) after 5 pings"
	rexctl detach tc_pass tc rv0 egress
	contains "$(rexctl status)" "attached: tc rv0 ingress"
	lacks "$(rexctl status)" "attached: tc rv0 egress"
	rexctl detach tc_pass
	nothing_left
}

test_tc_leaves_a_qdisc_that_others_use() {
	rexctl load "$TC"
	tc qdisc add dev rv0 clsact
	tc filter add dev rv0 egress protocol ip prio 77 matchall action pass
	rexctl attach tc_pass tc rv0 ingress
	rexctl detach tc_pass
	contains "$(tc filter show dev rv0 egress)" "pref 77"
	eq "$(tc filter show dev rv0 ingress)" ""
	tc qdisc del dev rv0 clsact
}

test_tc_leaves_a_qdisc_that_others_made() {
	rexctl load "$TC"
	tc qdisc add dev rv0 clsact
	rexctl attach tc_pass tc rv0 ingress
	rexctl detach tc_pass
	contains "$(tc qdisc show dev rv0)" clsact
	eq "$(tc filter show dev rv0 ingress)" ""
	tc qdisc del dev rv0 clsact
}

# Ours for a while: then somebody replaces it while it is in use.
test_tc_leaves_a_qdisc_that_others_made_anew() {
	rexctl load "$TC"
	rexctl attach tc_pass tc rv0 ingress
	tc qdisc del dev rv0 clsact
	tc qdisc add dev rv0 clsact
	rexctl attach tc_pass tc rv0 egress
	rexctl detach tc_pass
	contains "$(tc qdisc show dev rv0)" clsact
	tc qdisc del dev rv0 clsact
}

test_chain_with_another_xdp_program() {
	rexctl load "$COUNT"
	xdp-loader load -m native rv0 "$OTHER"
	rexctl attach xdp_count xdp rv0
	contains "$(xdp-loader status rv0)" " pass "
	contains "$(xdp-loader status rv0)" rex_shim
	ping_from_peer 5
	[ "$(runs xdp_count count)" -ge 5 ] || fail "only $(runs xdp_count count) runs in the chain"
	rexctl detach xdp_count
	contains "$(xdp-loader status rv0)" " pass "
	lacks "$(xdp-loader status rv0)" rex_shim
	ping_from_peer 1
	xdp-loader unload rv0 --all
	nothing_left
}

test_a_foreign_xdp_program_is_never_replaced() {
	local id
	rexctl load "$COUNT"
	ip link set rv0 xdp obj "$OTHER" sec xdp.frags
	id=$(ip -d link show rv0 | sed -n 's/.*prog\/xdp id \([0-9]*\).*/\1/p')
	[ -n "$id" ] || fail "ip did not attach the other program"
	refuses rexctl attach xdp_count xdp rv0
	contains "$REFUSAL" '"rv0"'
	contains "$(ip -d link show rv0)" "id $id"
	eq "$(bpftool prog show name rex_shim)" ""
	ip link set rv0 xdp off
}

test_attach_twice_is_refused() {
	rexctl load "$COUNT"
	rexctl attach xdp_count xdp rv0
	refuses rexctl attach xdp_count xdp rv0
	contains "$REFUSAL" "attached there already: xdp rv0 native"
	eq "$(xdp-loader status rv0 | grep -c rex_shim)" 1
	rexctl detach xdp_count
	nothing_left
}

test_unload_is_refused_while_attached() {
	rexctl load "$COUNT"
	rexctl attach xdp_count xdp rv0
	refuses rexctl unload xdp_count
	contains "$REFUSAL" "is attached: xdp rv0 native"
	contains "$(rexctl status)" "attached: xdp rv0"
	rexctl unload xdp_count --force
	nothing_left
	eq "$(rexctl status)" "no program is loaded"
}

has_run() { [ "$(runs xdp_count count)" -gt 0 ]; }

test_unload_and_detach_while_packets_flow() {
	local pinger round sent received
	at_peer ping -q -f -w 60 10.99.0.1 >"$TMP/ping" 2>&1 &
	pinger=$!
	for round in 1 2 3; do
		rexctl load "$COUNT"
		rexctl attach xdp_count xdp rv0
		wait_for 10 has_run
		[ "$round" = 2 ] || rexctl detach xdp_count
		rexctl unload xdp_count --force
	done
	kill -INT $pinger
	wait $pinger || true
	# one is under way at the end, and a veth empties its ring when native XDP goes on or off
	read -r sent received < <(awk '/packets transmitted/ { print $1, $4 }' "$TMP/ping")
	[ "$received" -gt 1000 ] && [ $((sent - received)) -le 10 ] || fail "$(cat "$TMP/ping")"
	nothing_left
}

test_wrong_names_are_quoted() {
	rexctl load "$COUNT"
	refuses rexctl attach xdp_count xdp nosuchif
	contains "$REFUSAL" '"nosuchif"'
	refuses rexctl attach nosuchprog xdp rv0
	contains "$REFUSAL" '"nosuchprog"'
	refuses rexctl attach xdp_count:nosuchentry xdp rv0
	contains "$REFUSAL" 'has no entry "nosuchentry"; it has: xdp_count:count (xdp)'
	refuses rexctl attach xdp_count tc rv0 ingress
	contains "$REFUSAL" "no entry for hook tc"
	refuses rexctl attach xdp_count xdp rv0 fast
	contains "$REFUSAL" '"fast"'
	refuses rexctl attach xdp_count kprobe __x64_sys_dup
	refuses rexctl detach xdp_count
	refuses rexctl unload nosuchprog
	contains "$REFUSAL" '"nosuchprog"'
	nothing_left
}

test_load_twice_is_refused() {
	rexctl load "$COUNT"
	refuses rexctl load "$COUNT"
	contains "$REFUSAL" 'program "xdp_count" is loaded already'
	contains "$(rexctl status)" "program xdp_count: enabled"
}

test_what_is_no_program_is_refused() {
	printf 'hello\n' >"$TMP/text.ko"
	refuses rexctl load "$TMP/text.ko"
	contains "$REFUSAL" "not an ELF file"
	refuses rexctl load "$TMP/missing.ko"
	contains "$REFUSAL" "No such file"
	refuses rexctl load "$BUILD/kmod/rex.ko"
	contains "$REFUSAL" "not a Rex program"
	head -c 3000 "$COUNT" >"$TMP/short.ko"
	refuses rexctl load "$TMP/short.ko"
	strip "$COUNT" -o "$TMP/stripped.ko"
	refuses rexctl load "$TMP/stripped.ko"
	sed 's/rex_abi=[0-9]/rex_abi=9/' "$COUNT" >"$TMP/abi.ko"
	refuses rexctl load "$TMP/abi.ko"
	contains "$REFUSAL" "built for Rex ABI 9"
	refuses rexctl load /dev/null
	[ ! -d /sys/module/rex ] || fail "a refused file must not load rex.ko"
}

test_a_program_of_another_kernel_is_explained() {
	# (with modversions the kernel itself looks at the rest of the line only)
	sed 's/vermagic=6\.\([0-9.]*\)\(.*\) SMP/vermagic=5.\1\2 XMP/' "$COUNT" >"$TMP/old.ko"
	refuses rexctl load "$TMP/old.ko"
	contains "$REFUSAL" "was built for kernel \"5."
	contains "$REFUSAL" "$(uname -r)"
	[ ! -e /sys/module/xdp_count ] || fail "a module was left behind"
}

# The kernel refuses the second map; the module is in by then, and the first map made.
test_a_load_that_fails_half_way_leaves_nothing() {
	perl -0777 -pe 's/(PACKETS\0{9}.{12}).{4}/$1\xff\xff\xff\x7f/s' "$COUNT" >"$TMP/bad.ko"
	refuses rexctl load "$TMP/bad.ko"
	contains "$REFUSAL" 'cannot create map "PACKETS"'
	contains "$REFUSAL" "$TMP/bad.ko"
	[ ! -e /sys/module/xdp_count ] || fail "the module is still there"
	eq "$(rexctl status)" "rex.ko is not loaded"
	wait_for 5 test -z "$(bpftool map show name BYTES)"
	rexctl load "$COUNT"
}

test_a_removed_program_leaves_a_stale_shim_that_passes() {
	rexctl load "$COUNT"
	rexctl attach xdp_count xdp rv0
	rmmod xdp_count
	contains "$(rexctl status)" "stale: xdp rv0 native"
	ping_from_peer 2
	rexctl detach --stale
	nothing_left
}

test_status_sees_through_constant_blinding() {
	sysctl -qw net.core.bpf_jit_harden=2
	rexctl load "$COUNT"
	rexctl attach xdp_count xdp rv0
	contains "$(rexctl status)" "attached: xdp rv0 native"
	ping_from_peer 2
	rexctl detach xdp_count
	nothing_left
}

test_status_json_is_json() {
	rexctl load "$COUNT"
	rexctl load "$TC"
	rexctl attach xdp_count xdp rv0
	rexctl attach tc_pass tc rv0 egress
	rexctl status --json >"$TMP/status.json"
	perl -MJSON::PP -e '
		local $/; my $s = decode_json(<STDIN>);
		my ($count, $tc) = @{$s->{programs}};
		die "programs" unless $count->{name} eq "xdp_count" && $tc->{name} eq "tc_pass";
		my $link = $count->{entries}[0]{attached}[0];
		die "xdp" unless $link->{interface} eq "rv0" && $link->{mode} eq "native";
		die "tc" unless $tc->{entries}[0]{attached}[0]{side} eq "egress";
		die "maps" unless $count->{maps}[0]{bpf_map} > 0;
		die "state" unless $tc->{state} eq "enabled";' <"$TMP/status.json"
}

tap_run
