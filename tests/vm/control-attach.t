#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# rexctl in a VM: load, attach, count, detach, unload, and what must be refused.
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/peer.sh"

COUNT=$BUILD/programs/xdp_count.ko
OTHER=$BUILD/tests/pass.bpf.o
TC=$BUILD/tests/tc_pass.ko
DROP=$BUILD/tests/xdp_drop_udp.ko
HOOKS=$BUILD/tests/all_hooks.ko

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

# place_in_chain PROGRAM: "NUMBER PRIORITY ACTIONS" of it at rv0
place_in_chain() {
	rexctl link list --program "$1" --json | perl -MJSON::PP -ne 'my $l = decode_json($_)->{links}[0];
		print "$l->{position} $l->{priority} ", join(",", @{$l->{actions}}), "\n"'
}

# The first drops UDP, but the chain continues after that verdict; of two more, one is not ours.
test_order_and_actions_of_a_chain() {
	rexctl load "$COUNT"
	rexctl load "$DROP"
	xdp-loader load -m native -P 30 rv0 "$OTHER"
	eq "$(rexctl attach xdp_count xdp rv0 priority=40)" "attached xdp_count:count: xdp rv0 native priority=40"
	contains "$(rexctl attach xdp_drop_udp xdp rv0 actions=drop,pass priority=10)" \
		": xdp rv0 native priority=10 actions=drop,pass"
	eq "$(place_in_chain xdp_drop_udp)" "1 10 drop,pass"
	eq "$(place_in_chain xdp_count)" "3 40 pass"
	eq "$(xdp-loader status rv0 | awk '/=>/ { print $2, $3 }')" $'10 rex_shim\n30 pass\n40 rex_shim'
	ping_from_peer 1
	at_peer bash -c 'for i in {1..40}; do echo hello >/dev/udp/10.99.0.1/9; done'
	[ "$(runs xdp_count count)" -ge 40 ] || fail "the chain ended with the verdict of the first: $(rexctl status)"
	rexctl detach xdp_drop_udp
	eq "$(place_in_chain xdp_count)" "2 40 pass"
	rexctl detach xdp_count
	contains "$(rexctl attach xdp_count xdp rv0 actions=none)" " actions=none"
	eq "$(place_in_chain xdp_count)" "2 50 "
	rexctl detach xdp_count
	contains "$(xdp-loader status rv0)" " pass "
	xdp-loader unload rv0 --all
	for words in priority=0 priority=x 'priority=1 priority=2' actions= actions=pass,jump 'actions=pass,,' \
		'native generic'; do
		# shellcheck disable=SC2086	# words
		refuses rexctl attach xdp_count xdp rv0 $words
		contains "$REFUSAL" "${words##* }"
	done
	nothing_left
}

test_several_interfaces_or_none() {
	ip link add dum0 type dummy
	rexctl load "$COUNT"
	eq "$(rexctl attach xdp_count xdp rv0,dum0)" "attached xdp_count:count: xdp rv0 native
attached xdp_count:count: xdp dum0 generic; its driver has no native mode"
	rexctl detach xdp_count
	refuses rexctl attach xdp_count xdp rv0,dum0,nosuch
	contains "$REFUSAL" '"nosuch"'
	contains "$REFUSAL" "nothing was changed"
	refuses rexctl attach xdp_count xdp rv0,,dum0
	refuses rexctl attach xdp_count xdp rv0,rv0
	lacks "$(rexctl status)" "attached: xdp"
	ip link set dum0 name a,b
	contains "$(rexctl attach --json xdp_count xdp a,b)" '"interface":"a,b"'
	rexctl detach --dev a,b
	ip link del a,b
	nothing_left
}

test_pref_and_handle_of_tc_and_the_order_of_tcx() {
	local id
	rexctl load "$TC"
	rexctl load "$HOOKS"
	rexctl attach tc_pass tc rv0 egress pref=7 handle=3
	contains "$(tc filter show dev rv0 egress)" "pref 7 bpf chain 0 handle 0x3"
	refuses rexctl detach tc_pass tc rv0 egress pref=8
	contains "$(rexctl link list --dev rv0)" "tc_pass:tc_pass: tc rv0 egress; pref 7 handle 0x3"
	rexctl detach tc_pass tc rv0 egress pref=7
	tc qdisc del dev rv0 clsact
	rexctl attach tc_pass tcx rv0 ingress
	rexctl attach all_hooks tcx rv0 ingress first
	contains "$(rexctl link list --program all_hooks)" "number 1"
	rexctl detach all_hooks
	id=$(rexctl link list | sed -n 's/^\([0-9]*\) .*tc_pass:.*/\1/p')
	rexctl attach all_hooks tcx rv0 ingress after="$id"
	contains "$(rexctl link list --program all_hooks)" "number 2"
	rexctl detach all_hooks
	rexctl attach all_hooks tcx rv0 ingress before="$id"
	contains "$(rexctl link list --program all_hooks)" "number 1"
	rexctl detach all_hooks
	refuses rexctl attach all_hooks tcx rv0 ingress before=999999
	contains "$REFUSAL" 'BPF link 999999 is not at "tcx rv0 ingress"'
	refuses rexctl attach all_hooks tcx rv0 ingress before=first
	contains "$REFUSAL" '"before=first"'
	refuses rexctl attach all_hooks tc rv0 ingress pref=70000
	contains "$REFUSAL" '"pref=70000"'
	rexctl detach tc_pass
	nothing_left
}

test_a_shared_block_of_tc() {
	ip link add dum0 type dummy
	tc qdisc add dev rv0 ingress_block 7 clsact
	tc qdisc add dev dum0 ingress_block 7 clsact
	rexctl load "$TC"
	refuses rexctl attach tc_pass tc rv0 ingress
	contains "$REFUSAL" "Please use the block index"
	refuses rexctl attach tc_pass tc block=8
	contains "$REFUSAL" "block 8"
	rexctl attach tc_pass tc block=7 pref=5
	contains "$(tc filter show block 7)" "pref 5 bpf"
	eq "$(rexctl link list | cut -d: -f2-)" "tc_pass: tc block=7; pref 5 handle 0x1"
	contains "$(rexctl status --json)" '"block":7'
	ping_from_peer 3
	[ "$(runs tc_pass tc_pass)" -ge 3 ] || fail "$(rexctl status)"
	refuses rexctl attach tc_pass tc block=7
	contains "$REFUSAL" "attached there already: tc block=7"
	rexctl detach tc_pass tc block=7
	refuses rexctl detach tc_pass
	rexctl attach tc_pass tc block=7
	rexctl detach tc_pass
	eq "$(tc filter show block 7)" ""
	refuses rexctl attach tc_pass tc block=0
	tc qdisc del dev rv0 clsact
	ip link del dum0
	nothing_left
}

test_detach_by_link_and_by_interface() {
	local id
	rexctl load "$COUNT"
	rexctl load "$TC"
	rexctl attach xdp_count xdp rv0
	rexctl attach tc_pass tc rv0 ingress
	rexctl attach tc_pass tcx rv0 egress
	for place in 'xdp rv0' 'tc rv0'; do
		id=$(rexctl link list | awk -v place="$place" 'index($0, place) { print $1 }')
		rexctl detach --link "$id"
		lacks "$(rexctl link list)" ": $place"
		refuses rexctl detach --link "$id"
		contains "$REFUSAL" "there is no attachment \"$id\""
	done
	rexctl attach xdp_count xdp rv0
	rexctl --netns rexpeer attach xdp_count xdp rv1
	rexctl detach --dev rv0
	eq "$(rexctl link list --dev rv0)" "nothing is attached to rv0"
	contains "$(rexctl link list)" "xdp_count:count: xdp rv1 native in network namespace rexpeer"
	refuses rexctl detach --dev rv0
	contains "$REFUSAL" 'nothing is attached to "rv0"'
	refuses rexctl detach --dev rv0 xdp_count
	rexctl detach xdp_count
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
