#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# rexctl sees and undoes everything: attachments whose interface has gone, moved or was renamed, in
# other network namespaces, without a dispatcher, below others, and two at once.
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/peer.sh"

COUNT=$BUILD/programs/xdp_count.ko
OTHER=$BUILD/tests/pass.bpf.o
TC=$BUILD/tests/tc_pass.ko
HOOKS=$BUILD/tests/all_hooks.ko

setup() {
	peer_up
	rexctl load "$COUNT"
}

teardown() {
	local name
	[ "$(grep -c ' /sys/fs/bpf bpf ' /proc/mounts)" = 1 ] || umount /sys/fs/bpf
	rm -f /sys/fs/bpf/held
	for name in xdp_count tc_pass all_hooks; do
		[ ! -d /sys/module/$name ] || rexctl unload "$name" --force
	done
	peer_down
	[ ! -e /run/netns/rexother ] || ip netns del rexother
	for name in rv2 oldname br0 bond0 dum0 dum1 dum2; do
		[ ! -e "/sys/class/net/$name" ] || ip link del $name
	done
	[ ! -d /sys/module/rex ] || wait_for 5 rex_is_free
	[ -z "$(find /sys/fs/bpf -type f)" ] || { find /sys/fs/bpf; xdp-loader clean; return 1; }
}

place() { rexctl status | sed -n "/^program $1:/,/^program /p"; }
runs() { place "$1" | sed -n 's/^  entry .*: \([0-9]*\) runs.*/\1/p'; }
shims() { bpftool prog show name rex_shim; }

rex_is_free() { [ "$(cat /sys/module/rex/refcnt)" = 0 ]; }

# Nothing keeps the program, nor rex.ko.
all_gone() {
	local name
	eq "$(find /sys/fs/bpf -name 'dispatch-*')" ""
	for name in xdp_count tc_pass all_hooks; do
		[ ! -d /sys/module/$name ] || rexctl unload "$name"
	done
	wait_for 5 rex_is_free
	eq "$(shims)" ""
}

# ---- libxdp's pins of what is not there any more

# left_by HOW MODE COMMAND...: HOW takes rv0 away; each command must clean up alone.
left_by() {
	local command how=$1 mode=$2
	shift 2
	for command; do
		[ -e /sys/class/net/rv0 ] || ip link add rv0 type veth peer name rv9
		[ -d /sys/module/xdp_count ] || rexctl load "$COUNT"
		rexctl attach xdp_count xdp rv0 "$mode"
		$how
		contains "$(place xdp_count)" "left over: what libxdp left of interface"
		contains "$(place xdp_count)" "not attached"
		contains "$(rexctl clean --dry-run)" "would remove: what libxdp left of interface"
		# shellcheck disable=SC2086
		rexctl $command
		lacks "$(rexctl status)" "left over"
		eq "$(rexctl clean)" "nothing is left over"
		[ ! -d /sys/module/xdp_count ] || rexctl unload xdp_count
		eq "$(find /sys/fs/bpf -name 'dispatch-*')" ""
	done
	all_gone
}

delete() { ip link del rv0; }
switch_off() { ip link set rv0 "$1" off; }
test_pins_of_a_deleted_interface_in_native_mode() {
	left_by delete native "detach xdp_count" "detach --stale" "unload xdp_count" "unload --force xdp_count"
	rmmod rex
}
test_pins_of_a_deleted_interface_in_generic_mode() { left_by delete generic "unload xdp_count"; }
test_pins_of_xdp_that_was_switched_off() {
	left_by "switch_off xdp" native "unload xdp_count" "detach xdp_count xdp rv0" clean
}

test_pins_of_a_network_namespace_that_was_deleted() {
	ip netns add rexother
	ip -n rexother link add dum0 type dummy
	rexctl --netns rexother attach xdp_count xdp dum0
	contains "$(place xdp_count)" "attached: xdp dum0 generic in network namespace rexother"
	ip netns del rexother
	wait_for 10 sh -c 'rexctl status | grep -q "left over"'
	rexctl unload xdp_count
	all_gone
}

test_the_number_of_a_deleted_interface_is_used_again() {
	local index
	index=$(cat /sys/class/net/rv0/ifindex)
	rexctl attach xdp_count xdp rv0
	ip link del rv0
	ip link add rv0 index "$index" type dummy
	rexctl attach xdp_count xdp rv0
	contains "$(place xdp_count)" "attached: xdp rv0 generic"
	contains "$(place xdp_count)" "left over"
	rexctl detach --stale
	contains "$(place xdp_count)" "attached: xdp rv0 generic"
	lacks "$(place xdp_count)" "left over"
	rexctl detach xdp_count
	all_gone
}

# Whoever reads pins alone takes them for left over: the interface has another number now, elsewhere.
test_a_chain_that_moved_to_another_namespace_is_no_leftover() {
	ip link add rv2 type veth peer name rv3
	rexctl attach xdp_count xdp rv2
	ip netns add rexother
	ip link set rv2 netns rexother index 77
	contains "$(place xdp_count)" "attached: xdp rv2 native in network namespace rexother"
	rexctl detach --stale
	contains "$(place xdp_count)" "attached: xdp rv2 native in network namespace rexother"
	contains "$(ip -n rexother -d link show rv2)" "prog/xdp"
	rexctl detach xdp_count
	lacks "$(ip -n rexother -d link show rv2)" "prog/xdp"
	all_gone
}

# Only an open file keeps the namespace: no name, no process in it.
test_a_namespace_that_an_open_file_keeps_is_found() {
	ip netns add rexother
	ip -n rexother link add dum0 type dummy
	rexctl --netns rexother attach xdp_count xdp dum0
	exec 7</run/netns/rexother
	ip netns del rexother
	contains "$(place xdp_count)" "attached: xdp dum0 generic in network namespace /proc/"
	rexctl detach --stale
	contains "$(place xdp_count)" "attached: xdp dum0 generic in network namespace /proc/"
	rexctl unload xdp_count --force
	exec 7<&-
	all_gone
}

test_the_pins_of_others_stay() {
	xdp-loader load -m native rv0 "$OTHER"
	ip link del rv0
	rexctl detach --stale
	contains "$(find /sys/fs/bpf -name 'prog0-prog')" dispatch-
	xdp-loader clean
	ip link add rv0 type veth peer name rv9
	xdp-loader load -m native rv0 "$OTHER"
	rexctl attach xdp_count xdp rv0
	xdp-loader unload rv0 --all
	refuses rexctl detach xdp_count
	contains "$REFUSAL" "not attached anywhere"
	all_gone
}

# ---- what runs is never "not attached"

test_other_network_namespaces_are_seen_and_undone() {
	ip netns add rexother
	ip -n rexother link add dum0 type dummy
	rexctl load "$TC"
	rexctl --netns rexother attach xdp_count xdp dum0
	rexctl --netns rexother attach tc_pass tc dum0 egress
	rexctl --netns rexother attach tc_pass tcx dum0 ingress
	rexctl attach xdp_count xdp rv0
	contains "$(rexctl status)" "attached: tc dum0 egress in network namespace rexother"
	contains "$(rexctl status)" "attached: tcx dum0 ingress in network namespace rexother"
	contains "$(rexctl status --json)" '"netns":"rexother"'
	contains "$(rexctl --netns rexother status)" "attached: xdp rv0 native in network namespace /proc/"
	refuses rexctl detach xdp_count xdp dum0
	contains "$REFUSAL" "rexctl --netns rexother detach xdp_count"
	rexctl --netns rexother detach xdp_count
	contains "$(place xdp_count)" "attached: xdp rv0 native"
	rexctl --netns rexother attach xdp_count xdp dum0
	rexctl detach xdp_count
	contains "$(place xdp_count)" "not attached"
	rexctl unload tc_pass --force
	lacks "$(tc -n rexother qdisc show dev dum0)" clsact
	all_gone
}

test_without_a_dispatcher() {
	LIBXDP_SKIP_DISPATCHER=1 rexctl attach xdp_count xdp rv0
	contains "$(place xdp_count)" "attached: xdp rv0 native"
	ping_from_peer 3
	[ "$(runs xdp_count)" -ge 3 ] || fail "$(rexctl status)"
	refuses rexctl attach xdp_count xdp rv0
	contains "$REFUSAL" "attached there already"
	rexctl detach xdp_count
	lacks "$(ip -d link show rv0)" xdp
	all_gone
}

test_with_a_bpf_file_system_elsewhere() {
	mkdir -p "$TMP/bpf"
	mount -t bpf -o mode=700 bpf "$TMP/bpf"
	LIBXDP_BPFFS=$TMP/bpf rexctl attach xdp_count xdp rv0
	contains "$(place xdp_count)" "attached: xdp rv0 native"
	rexctl detach xdp_count
	eq "$(find "$TMP/bpf" -type f)" ""
	LIBXDP_BPFFS=$TMP/bpf xdp-loader load -m native rv0 "$OTHER"
	rexctl attach xdp_count xdp rv0
	contains "$(place xdp_count)" "attached: xdp rv0 native"
	rexctl detach xdp_count
	contains "$(LIBXDP_BPFFS=$TMP/bpf xdp-loader status rv0)" " pass "
	rexctl attach xdp_count xdp rv0
	ip link del rv0
	rexctl unload xdp_count
	eq "$(find "$TMP/bpf" -type f)" ""
	umount "$TMP/bpf"
	all_gone
}

test_what_a_pin_or_a_process_holds_is_named() {
	rexctl attach xdp_count xdp rv0
	bpftool prog pin id "$(rexctl status | sed -n 's/.*(BPF program \([0-9]*\)).*/\1/p')" /sys/fs/bpf/held
	rexctl detach xdp_count
	contains "$(place xdp_count)" "held by the pin /sys/fs/bpf/held"
	contains "$(rexctl status --json)" '"held_by":"the pin /sys/fs/bpf/held"'
	refuses rexctl detach xdp_count
	contains "$REFUSAL" "held by the pin /sys/fs/bpf/held"
	refuses rexctl unload xdp_count
	contains "$REFUSAL" "held by the pin /sys/fs/bpf/held"
	rm /sys/fs/bpf/held
	all_gone
}

# ---- one at a time, or nothing

above_and_below() {
	modprobe bonding max_bonds=0
	modprobe 8021q
	ip link add bond0 type bond mode active-backup
	ip link add dum1 type veth peer name dum2
	ip link set dum1 master bond0
	ip link add link bond0 name bond0.184 type vlan id 184
	rexctl attach xdp_count xdp bond0 native
	rexctl attach xdp_count xdp bond0.184
}

test_interfaces_above_go_first() {
	above_and_below
	refuses rexctl detach xdp_count xdp bond0
	eq "$(wc -l <<<"$REFUSAL")" 1
	contains "$REFUSAL" '"bond0.184" lies above "bond0"'
	refuses rexctl attach xdp_count xdp dum1
	contains "$REFUSAL" '"bond0" lies above "dum1"'
	contains "$REFUSAL" "Cannot attach when an upper device already has a program"
	rexctl detach xdp_count
	contains "$(place xdp_count)" "not attached"
	rexctl attach xdp_count xdp bond0 native
	rexctl attach xdp_count xdp bond0.184
	rexctl unload xdp_count --force
	all_gone
}

# Somebody else's program above: one cannot go, so none does.
test_all_or_nothing() {
	above_and_below
	rexctl detach xdp_count xdp bond0.184
	ip link set bond0.184 xdp obj "$OTHER" sec xdp.frags
	rexctl attach xdp_count xdp rv0
	refuses rexctl detach xdp_count
	contains "$REFUSAL" '"bond0.184" lies above "bond0"'
	contains "$REFUSAL" "nothing was changed"
	contains "$(place xdp_count)" "attached: xdp rv0 native"
	contains "$(place xdp_count)" "attached: xdp bond0 native"
	refuses rexctl unload xdp_count --force
	contains "$(place xdp_count)" "attached: xdp rv0 native"
	ip link set bond0.184 xdp off
	rexctl unload xdp_count --force
	all_gone
}

test_two_at_once_are_retried() {
	local pids pid
	rexctl load "$HOOKS"
	for _ in 1 2; do
		pids=()
		rexctl attach xdp_count xdp rv0 & pids+=($!)
		rexctl attach all_hooks xdp rv0 & pids+=($!)
		rexctl --netns rexpeer attach xdp_count xdp rv1 & pids+=($!)
		for pid in "${pids[@]}"; do wait "$pid"; done
		contains "$(place xdp_count)" "attached: xdp rv0 native"
		contains "$(place all_hooks)" "attached: xdp rv0 native"
		pids=()
		rexctl detach xdp_count & pids+=($!)
		rexctl detach all_hooks & pids+=($!)
		for pid in "${pids[@]}"; do wait "$pid"; done
		lacks "$(rexctl status)" "attached: xdp"
	done
	all_gone
}

# ---- the right place

test_egress_is_not_at_an_ingress_qdisc() {
	rexctl load "$TC"
	tc qdisc add dev rv0 ingress
	refuses rexctl attach tc_pass tc rv0 egress
	contains "$REFUSAL" '"rv0" has an ingress qdisc, which has no egress side'
	contains "$REFUSAL" '"tcx rv0 egress"'
	contains "$(place tc_pass)" "not attached"
	rexctl attach tc_pass tc rv0 ingress
	eq "$(place tc_pass | grep -c attached:)" 1
	contains "$(place tc_pass)" "attached: tc rv0 ingress"
	rexctl attach tc_pass tcx rv0 egress
	rexctl detach tc_pass
	contains "$(tc qdisc show dev rv0)" ingress
	all_gone
}

test_a_new_interface_of_an_old_name() {
	rexctl load "$TC"
	rexctl attach tc_pass tcx rv0 ingress
	ip link set rv0 down
	ip link set rv0 name oldname
	ip link add rv0 type veth peer name rv9
	rexctl attach tc_pass tcx rv0 ingress
	contains "$(place tc_pass)" "attached: tcx rv0 ingress"
	contains "$(place tc_pass)" "attached: tcx oldname ingress"
	rexctl detach tc_pass tcx oldname ingress
	lacks "$(place tc_pass)" "tcx oldname"
	contains "$(place tc_pass)" "attached: tcx rv0 ingress"
	rexctl detach tc_pass
	all_gone
}

test_alternative_names_and_long_ones() {
	local name
	rexctl load "$TC"
	ip link property add dev rv0 altname short0 altname a-name-of-more-than-fifteen-letters
	for name in short0 a-name-of-more-than-fifteen-letters; do
		contains "$(rexctl attach xdp_count xdp $name)" "xdp rv0 native"
		rexctl attach tc_pass tc $name egress
		rexctl attach tc_pass tcx $name ingress
		contains "$(rexctl status)" "attached: tcx rv0 ingress"
		refuses rexctl attach xdp_count xdp $name
		contains "$REFUSAL" "attached there already: xdp rv0 native"
		rexctl detach xdp_count xdp $name
		rexctl detach tc_pass tc $name egress
		rexctl detach tc_pass tcx $name ingress
		contains "$(rexctl nic show $name)" "rv0: up"
	done
	refuses rexctl attach xdp_count xdp a-name-that-nothing-has-at-all
	contains "$REFUSAL" '"a-name-that-nothing-has-at-all"'
	all_gone
}

test_the_mode_is_told() {
	ip link add br0 type bridge
	eq "$(rexctl attach xdp_count xdp rv0)" "attached xdp_count:count: xdp rv0 native"
	eq "$(rexctl attach xdp_count xdp br0)" "attached xdp_count:count: xdp br0 generic; its driver has no native mode"
	contains "$(place xdp_count)" "; its driver has no native mode"
	refuses rexctl attach xdp_count xdp rv0 generic
	rexctl detach xdp_count xdp rv0
	eq "$(rexctl attach xdp_count xdp rv0 generic)" "attached xdp_count:count: xdp rv0 generic"
	rexctl load "$HOOKS"
	refuses rexctl attach all_hooks xdp rv0 native
	contains "$REFUSAL" '"rv0" has XDP programs in generic mode'
	rexctl detach xdp_count
	all_gone
}

# ---- what a failed load leaves

test_a_load_that_the_kernel_refuses_takes_rex_back() {
	rexctl unload xdp_count
	rmmod rex
	perl -0777 -pe 's/(PACKETS\0{9}.{12}).{4}/$1\xff\xff\xff\x7f/s' "$COUNT" >"$TMP/bad.ko"
	refuses rexctl load "$TMP/bad.ko"
	contains "$REFUSAL" 'cannot create map "PACKETS"'
	[ ! -d /sys/module/rex ] || fail "rex.ko is still there"
	sed 's/vermagic=6\.\([0-9.]*\)\(.*\) SMP/vermagic=5.\1\2 XMP/' "$COUNT" >"$TMP/old.ko"
	refuses rexctl load "$TMP/old.ko"
	[ ! -d /sys/module/rex ] || fail "rex.ko is still there"
	rexctl load "$TC"
	refuses rexctl load "$TMP/bad.ko"
	contains "$(rexctl status)" "program tc_pass: enabled"
	rexctl unload tc_pass
}

# ---- pins

# A bpf file system as anybody can write to it, with a directory that somebody else made.
open_bpffs() {
	mount -t bpf bpf "$1"
	eq "$(stat -c %a "$1")" 1777
}
as_nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }

test_a_directory_of_somebody_else_is_refused() {
	local dir
	rexctl load "$TC"
	open_bpffs /sys/fs/bpf
	for dir in rex rex/tc_pass; do
		[ "$dir" = rex ] || mkdir -m 777 /sys/fs/bpf/rex
		as_nobody mkdir /sys/fs/bpf/$dir
		[ "$dir" = rex ] || chmod 700 /sys/fs/bpf/rex
		refuses rexctl attach tc_pass tcx rv0 ingress
		contains "$REFUSAL" "\"/sys/fs/bpf/$dir\" belongs to user 65534"
		contains "$REFUSAL" "\"rm -r /sys/fs/bpf/$dir\""
		eq "$(bpftool link show)" ""
		rm -rf /sys/fs/bpf/rex
	done
	as_nobody ln -s /sys/fs/bpf /sys/fs/bpf/rex
	refuses rexctl attach tc_pass tcx rv0 ingress
	contains "$REFUSAL" '"/sys/fs/bpf/rex" is not a directory'
	rm /sys/fs/bpf/rex
	mkdir -m 770 /sys/fs/bpf/rex
	chmod 770 /sys/fs/bpf/rex
	refuses rexctl attach tc_pass tcx rv0 ingress
	contains "$REFUSAL" '"chmod 700 /sys/fs/bpf/rex"'
	rmdir /sys/fs/bpf/rex
	as_nobody mkdir /sys/fs/bpf/xdp
	refuses rexctl attach xdp_count xdp rv0
	contains "$REFUSAL" '"/sys/fs/bpf/xdp" belongs to user 65534'
	rmdir /sys/fs/bpf/xdp
	eq "$(shims)" ""
	umount /sys/fs/bpf
	all_gone
}

# The sticky bit keeps ours safe there; without it, nothing is.
test_a_world_writable_file_system() {
	rexctl load "$TC"
	open_bpffs /sys/fs/bpf
	rexctl attach tc_pass tcx rv0 ingress
	eq "$(stat -c %a /sys/fs/bpf/rex)" 700
	refuses as_nobody mv /sys/fs/bpf/rex /sys/fs/bpf/gone
	rexctl detach tc_pass
	chmod 777 /sys/fs/bpf
	refuses rexctl attach tc_pass tcx rv0 ingress
	contains "$REFUSAL" '"chmod 700 /sys/fs/bpf"'
	umount /sys/fs/bpf
	mkdir "$TMP/empty"
	LIBXDP_BPFFS=$TMP/empty refuses rexctl attach xdp_count xdp rv0
	contains "$REFUSAL" "mount -t bpf -o mode=700 bpf $TMP/empty"
	all_gone
}

tap_run
