#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# rexctl apply in a VM: from nothing to what a file describes, once more, a change, and back when a step fails.
. "$(dirname "$0")/../lib/tap.sh"

COUNT=$BUILD/programs/xdp_count.ko
TC=$BUILD/tests/tc_pass.ko

# No frame of IPv6's own may be under way when there are fewer queues: the kernel warns of those.
setup() {
	sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	ip link add rv0 numrxqueues 4 numtxqueues 4 type veth peer name rv1 numrxqueues 4 numtxqueues 4
	ip link set rv0 up
	ip link set rv1 up
}

teardown() {
	local name
	for name in $(rexctl status --json | grep -o '"name":"[^"]*","id"' | cut -d'"' -f4); do
		rexctl unload "$name" --force
	done
	ip link del rv0
	rm -rf /var/lib/rex/nic
	[ ! -d /sys/module/rex ] || rmmod rex
}

programs="programs = ( { path = \"$COUNT\"; budget = \"30ms\"; }, { path = \"$TC\"; } );"
attachments='attachments = (
	{ program = "xdp_count"; target = "xdp rv0 native priority=10"; },
	{ program = "tc_pass"; target = "tc rv0 ingress pref=7"; },
	{ program = "tc_pass"; target = "tcx rv1,rv0 egress"; } );'

# differs OPTION...: a dry run; says so with its exit status
differs() {
	local status=0
	rexctl apply --dry-run "$TMP/a.conf" || status=$?
	[ $status = 3 ] || fail "exit status $status"
}

# seen: what is loaded, set and attached; no counts, numbers or ids
seen() {
	rexctl status --json | perl -MJSON::PP -ne '
		my $s = decode_json($_);
		for my $p (@{$s->{programs}}) {
			print "$p->{name} $p->{state} $p->{budget_us} $p->{timing}\n";
			for my $e (@{$p->{entries}}) {
				print "$e->{name} $_\n" for sort map { join " ", $_->{place}, $_->{priority} // "" } @{$e->{attached}};
			}
		}'
}

same() { eq "$(rexctl apply "$TMP/a.conf")" "nothing to change"; }

test_first_apply_and_the_second() {
	local out before
	echo "$programs $attachments" >"$TMP/a.conf"
	out="+ program xdp_count: $COUNT
+ program tc_pass: $TC
~ program xdp_count: budget 30000us
+ attachment xdp_count:count xdp rv0 native priority=10
+ attachment tc_pass:tc_pass tc rv0 ingress pref=7
+ attachment tc_pass:tc_pass tcx rv1 egress
+ attachment tc_pass:tc_pass tcx rv0 egress"
	eq "$(differs)" "$out"
	[ ! -d /sys/module/rex ] || fail "a dry run loaded rex.ko"
	eq "$(rexctl apply "$TMP/a.conf")" "$out"
	contains "$(rexctl status)" "attached: xdp rv0 native priority=10"
	contains "$(rexctl status)" "attached: tcx rv1 egress"
	contains "$(tc filter show dev rv0 ingress)" "pref 7 "
	before=$(rexctl link list)
	same
	eq "$(rexctl apply --dry-run "$TMP/a.conf")" "nothing to change"
	eq "$(rexctl apply --json "$TMP/a.conf")" '{"applied":true,"changes":[]}'
	eq "$(rexctl link list)" "$before"
}

test_changes() {
	echo "$programs $attachments" >"$TMP/a.conf"
	rexctl apply "$TMP/a.conf"
	rexctl attach tc_pass tc rv1 egress
	sed -i 's/priority=10/generic priority=20/; s/xdp rv0 native/xdp rv0/; s/pref=7/pref=8/; s/rv1,rv0/rv0/; s/30ms/10ms/' "$TMP/a.conf"
	eq "$(rexctl apply "$TMP/a.conf")" "~ program xdp_count: budget 10000us, was 30000us
- attachment tc_pass:tc_pass tc rv1 egress pref=49152 handle=24087
- attachment tc_pass:tc_pass tcx rv1 egress
~ attachment xdp_count:count xdp rv0 generic priority=20, was xdp rv0 native priority=10
~ attachment tc_pass:tc_pass tc rv0 ingress pref=8, was tc rv0 ingress pref=7 handle=24087"
	eq "$(seen)" "xdp_count enabled 10000 0
count xdp rv0 generic priority=20 20
tc_pass enabled 20000 0
tc_pass tc rv0 ingress 8
tc_pass tcx rv0 egress "
	same
}

# What is described by no file stays, in other network namespaces, too.
test_what_is_not_described_stays() {
	rexctl load "$TC"
	rexctl attach tc_pass tcx rv1 egress
	ip netns add rexother
	ip -n rexother link add ro0 type dummy
	echo "programs = ( { path = \"$COUNT\"; } );" >"$TMP/a.conf"
	rexctl apply "$TMP/a.conf"
	rexctl --netns rexother attach xdp_count xdp ro0 generic
	same
	contains "$(rexctl status)" "attached: tcx rv1 egress"
	contains "$(rexctl status)" "attached: xdp ro0 generic in network namespace rexother"
	rexctl detach xdp_count
	ip netns del rexother
}

# The last step fails: something else has the interface.
test_a_failure_in_the_middle_is_undone() {
	local before
	ip link set rv1 xdpgeneric obj "$BUILD/tests/pass.bpf.o" sec xdp.frags
	echo "$programs ${attachments%)*}, { program = \"xdp_count\"; target = \"xdp rv1\"; } );" |
		sed 's/rv1,rv0/rv0/' >"$TMP/a.conf"
	refuses rexctl apply "$TMP/a.conf"
	contains "$REFUSAL" '"rv1" has an XDP program that does not share the interface'
	contains "$REFUSAL" "rexctl: nothing was changed: what was done before that is undone"
	[ ! -d /sys/module/rex ] || fail "rex.ko stays: $(rexctl status)"
	eq "$(tc qdisc show dev rv0 clsact; ip -d link show rv0 | grep prog/xdp)" ""

	# The same when there was something before.
	echo "$programs $attachments" >"$TMP/b.conf"
	rexctl apply "$TMP/b.conf"
	before=$(seen)
	sed -i 's/30ms/10ms/; s/pref=7/pref=8/; s/native priority=10/native priority=11/' "$TMP/a.conf"
	refuses rexctl apply "$TMP/a.conf"
	contains "$REFUSAL" "- attachment tc_pass:tc_pass tcx rv1 egress"
	contains "$REFUSAL" "nothing was changed"
	eq "$(seen)" "$before"
	ip link set rv1 xdpgeneric off
}

test_a_program_that_crashed_stays_off() {
	echo "programs = ( { path = \"$COUNT\"; enabled = true; } );" >"$TMP/a.conf"
	rexctl apply "$TMP/a.conf"
	rexctl disable xdp_count
	eq "$(rexctl apply "$TMP/a.conf")" "~ program xdp_count: enabled"
	contains "$(rexctl status)" "xdp_count: enabled"
	same
}

# queues: of rv0, as another tool sees them
queues() { ethtool -l rv0 | sed -n '/^Current/,$s/^[RT]X:[ \t]*//p' | xargs; }

nic='nics = ( { interface = "rv0"; channels = 2; offload = "gro=on"; xps = "all=0"; busy-poll = "defer-hard-irqs=3"; } );'

test_settings_of_an_interface() {
	local was
	was=$(queues)
	echo "$nic" >"$TMP/a.conf"
	eq "$(differs)" "~ nic rv0: channels 2, offload gro=on, xps all=0, busy-poll defer-hard-irqs=3"
	eq "$(queues)" "$was"
	rexctl apply "$TMP/a.conf"
	eq "$(queues) $(cat /sys/class/net/rv0/napi_defer_hard_irqs)" "2 2 3"
	same
	ethtool -K rv0 generic-receive-offload off
	eq "$(differs)" "~ nic rv0: offload gro=on"
	rexctl nic restore rv0
	eq "$(queues)" "$was"
}

# The program's step fails, and what was set before comes back: at first, and where rexctl had changed it already.
test_settings_are_undone() {
	local was
	ip link set rv1 xdpgeneric obj "$BUILD/tests/pass.bpf.o" sec xdp.frags
	was=$(queues)
	echo "$nic $programs" 'attachments = ( { program = "xdp_count"; target = "xdp rv1"; } );' >"$TMP/a.conf"
	refuses rexctl apply "$TMP/a.conf"
	contains "$REFUSAL" "nothing was changed"
	eq "$(queues)" "$was"
	[ ! -e /var/lib/rex/nic/rv0 ] || fail "the state stays"
	rexctl nic set rv0 channels 3
	refuses rexctl apply "$TMP/a.conf"
	eq "$(queues)" "3 3"
	rexctl nic restore rv0
	eq "$(queues)" "$was"
	eq "$(compgen -G '/run/rexctl.[0-9]*')" ""
	ip link set rv1 xdpgeneric off
}

# What is written describes what is there: nothing to change, and the same again from nothing.
test_what_is_saved_is_applied() {
	local before
	echo "$programs ${attachments/native/generic} $nic" >"$TMP/a.conf"
	rexctl apply "$TMP/a.conf"
	rexctl load "$BUILD/tests/all_hooks.ko"
	rexctl disable all_hooks
	rexctl attach all_hooks perf_event cpu-clock freq=9
	rexctl attach all_hooks tcx rv1 egress
	rexctl attach all_hooks kprobe __x64_sys_dup
	before=$(seen)
	refuses rexctl save "$TMP/b.conf"
	contains "$REFUSAL" 'program "tc_pass" is loaded, but its file is not found'
	[ ! -e "$TMP/b.conf" ] || fail "it is written"
	rexctl save --programs "$BUILD/tests" "$TMP/b.conf"
	eq "$(rexctl apply --dry-run "$TMP/b.conf")" "nothing to change"
	eq "$(rexctl save --programs "$BUILD/tests")" "$(cat "$TMP/b.conf")"
	rexctl unload all_hooks --force
	rexctl unload tc_pass --force
	rexctl unload xdp_count --force
	rexctl nic restore rv0
	rexctl apply "$TMP/b.conf"
	eq "$(seen)" "$before"
	eq "$(queues)" "2 2"
	eq "$(rexctl apply --dry-run "$TMP/b.conf")" "nothing to change"
}

test_two_at_once() {
	local i
	echo "$programs $attachments" >"$TMP/a.conf"
	for i in 1 2 3; do rexctl apply "$TMP/a.conf" >"$TMP/$i" & done
	wait
	eq "$(cat "$TMP"/[123] | grep -c '^+')" 6
	eq "$(cat "$TMP"/[123] | grep -c '^nothing to change')" 2
	same
}

test_in_a_network_namespace() {
	ip netns add rexother
	ip -n rexother link add ro0 type dummy
	echo "programs = ( { path = \"$COUNT\"; } ); attachments = ( { program = \"xdp_count\"; target = \"xdp ro0\"; } );" >"$TMP/a.conf"
	rexctl --netns rexother apply "$TMP/a.conf"
	contains "$(rexctl status)" "attached: xdp ro0 generic in network namespace rexother"
	eq "$(rexctl --netns rexother apply "$TMP/a.conf")" "nothing to change"
	rexctl detach xdp_count
	ip netns del rexother
}

tap_run
