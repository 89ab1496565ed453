#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# rexctl at every hook: what must be refused, with words that help, leaving nothing; and what
# has to hold for all hooks together.
. "$(dirname "$0")/../lib/tap.sh"

HOOKS=$BUILD/tests/all_hooks.ko
CGROUP=/sys/fs/cgroup/rextest

setup() {
	mountpoint -q /sys/kernel/tracing || mount -t tracefs tracefs /sys/kernel/tracing
	[ -d /sys/module/all_hooks ] || rexctl load "$HOOKS"
	LINKS=$(bpftool link show) PROGS=$(bpftool prog show)
}

teardown() {
	[ ! -d /sys/module/all_hooks ] || rexctl detach all_hooks 2>/dev/null
	[ ! -e /sys/class/net/rv0 ] || ip link del rv0
	[ ! -d "$CGROUP" ] || rmdir "$CGROUP"
	[ ! -e /sys/fs/bpf/rex ] || return 1
}

same_as_before() { [ "$(bpftool link show)" = "$LINKS" ] && [ "$(bpftool prog show)" = "$PROGS" ]; }
nothing_new() {
	wait_for 5 same_as_before
	[ ! -e /sys/fs/bpf/rex ] || fail "$(find /sys/fs/bpf/rex)"
}

# no ENTRY WHY WORDS...: not attached, and the text says WHY.
no() {
	local entry=$1 why=$2
	shift 2
	refuses rexctl attach "all_hooks:$entry" "$@"
	contains "$REFUSAL" "$why"
}

test_refused_at_kprobe() {
	no on_kprobe 'this kernel has no function "__x64_sys_sethostnam"' kprobe __x64_sys_sethostnam
	contains "$REFUSAL" 'did you mean "__x64_sys_sethostname"'
	no on_kprobe 'no instruction begins' kprobe __x64_sys_sethostname+0x1
	no on_kprobe '0x100000 bytes behind "__x64_sys_sethostname" no instruction begins' kprobe __x64_sys_sethostname+0x100000
	lacks "$REFUSAL" "multibyte"
	no on_kprobe '"asm_exc_int3" is' kprobe asm_exc_int3
	no on_kprobe '"foo bar" is not a kernel symbol' kprobe "foo bar"
	no on_kprobe '"f+x" has no number' kprobe f+x
	no on_kprobe 'has an offset' kretprobe f+4
	no on_kprobe 'kprobe requires a target: kprobe SYMBOL[+OFFSET]' kprobe
	no on_kprobe '"more" is an unexpected argument' kprobe f more
	nothing_new
}

test_refused_at_uprobe() {
	no on_kprobe 'has no function "sethostnam"; did you mean "sethostname"' uprobe /lib/x86_64-linux-gnu/libc.so.6:sethostnam
	no on_kprobe '"/no/such/file": No such file' uprobe /no/such/file:main
	no on_kprobe '"/etc/passwd" is not an ELF file' uprobe /etc/passwd:main
	no on_kprobe 'outside of the file' uprobe /bin/true:0x7fffffff
	no on_kprobe '"/bin/true" is not a place in a file' uprobe /bin/true
	no on_kprobe '"0" is not a process id' uprobe /bin/true:0x10 0
	no on_kprobe 'there is no process 4194304' uprobe /lib/x86_64-linux-gnu/libc.so.6:sethostname 4194304
	nothing_new
}

test_refused_at_tracepoint() {
	no on_tracepoint 'there is no tracepoint "syscalls:sys_enter_sethostnam"' tracepoint syscalls:sys_enter_sethostnam
	contains "$REFUSAL" 'did you mean "sys_enter_sethostname"'
	contains "$REFUSAL" '/sys/kernel/tracing/events/syscalls'
	no on_tracepoint 'has no category "syscals"; did you mean "syscalls"' tracepoint syscals:sys_enter_dup
	no on_tracepoint '"sys_enter_dup" is not a tracepoint: specify CATEGORY:NAME' tracepoint sys_enter_dup
	no on_tracepoint '"a:../b" is not a tracepoint' tracepoint a:../b
	no on_long 'reads 256 bytes of the record' tracepoint syscalls:sys_enter_sethostname
	nothing_new
}

test_refused_at_raw_tracepoint() {
	no on_raw 'there is no raw tracepoint "sched_switc"; did you mean "sched_switch"' raw_tracepoint sched_switc
	no on_raw '"sched:sched_switch" is not the name of a tracepoint' raw_tracepoint sched:sched_switch
	nothing_new
}

test_refused_at_fentry_and_fexit() {
	no on_fentry 'this kernel has no function "tcp_recvms"' fentry tcp_recvms
	no on_fexit 'this kernel has no function "tcp_recvms"' fexit tcp_recvms
	no on_fentry '"nosuch(" is not the name of a kernel function' fentry 'nosuch('
	nothing_new
}

test_refused_at_perf_event() {
	no on_perf 'there is no perf event "cpu-clok"; did you mean "cpu-clock"' perf_event cpu-clok
	no on_perf '"freq=many" has no number' perf_event cpu-clock freq=many
	no on_perf '"period=5" is unexpected: use either freq=N or period=N' perf_event cpu-clock freq=9 period=5
	no on_perf '"speed=1" is nothing that a perf_event has' perf_event cpu-clock speed=1
	no on_perf 'may be too many' perf_event cpu-clock freq=100000000
	no on_perf 'there is no CPU 77' perf_event cpu-clock cpu=77
	no on_perf 'there is no process 4194304' perf_event cpu-clock pid=4194304
	no on_perf 'this machine has no counter for it' perf_event cycles
	nothing_new
}

test_refused_at_cgroup_skb() {
	no on_cgroup 'cannot open cgroup "/sys/fs/cgroup/nosuch"' cgroup_skb /sys/fs/cgroup/nosuch egress
	no on_cgroup '"/tmp" is not a cgroup of version 2' cgroup_skb /tmp egress
	no on_cgroup 'needs a side' cgroup_skb /sys/fs/cgroup
	no on_cgroup 'not "sideways"' cgroup_skb /sys/fs/cgroup sideways
	nothing_new
}

test_refused_at_tcx() {
	no on_tc 'there is no interface "nosuchif"' tcx nosuchif ingress
	no on_tc 'needs a side' tcx lo
	nothing_new
}

test_an_entry_of_another_hook_is_refused() {
	no on_fentry 'is for hook fentry, not kprobe' kprobe __x64_sys_dup
	no on_kprobe 'is for hook kprobe, not cgroup_skb' cgroup_skb /sys/fs/cgroup egress
	no on_kprobe '"krobe" is not a hook; the hooks are xdp, tc, tcx, kprobe' krobe __x64_sys_dup
	nothing_new
}

# The second CPU's place is taken: the first CPU's must be given back.
test_a_perf_event_that_fails_on_one_cpu_is_on_none() {
	mkdir -p /sys/fs/bpf/rex/all_hooks
	bpftool map create "/sys/fs/bpf/rex/all_hooks/on_perf,perf_event,cpu-clock,freq=99,cpu=1" \
		type array key 4 value 4 entries 1 name in_the_way
	no on_perf 'on_perf,perf_event,cpu-clock,freq=99,cpu=1": File exists' perf_event cpu-clock
	rm "/sys/fs/bpf/rex/all_hooks/on_perf,perf_event,cpu-clock,freq=99,cpu=1"
	rmdir /sys/fs/bpf/rex/all_hooks /sys/fs/bpf/rex
	nothing_new
}

test_a_perf_event_is_on_all_cpus_and_off_again() {
	rexctl attach all_hooks:on_perf perf_event cpu-clock
	eq "$(rexctl status | grep -c 'attached: perf_event cpu-clock freq=99 cpu=[01] ')" 2
	refuses rexctl attach all_hooks:on_perf perf_event cpu-clock cpu=1
	contains "$REFUSAL" "attached there already"
	rexctl detach all_hooks perf_event cpu-clock cpu=1
	contains "$(rexctl status)" "freq=99 cpu=0"
	rexctl detach all_hooks perf_event cpu-clock
	nothing_new
}

# What the kernel lists and what JSON says, of several hooks at once; then unload takes all.
test_unload_force_takes_everything() {
	mkdir -p "$CGROUP"
	ip link add rv0 type veth peer name rv1
	rexctl attach all_hooks:on_kprobe kprobe __x64_sys_dup
	rexctl attach all_hooks:on_kprobe kretprobe __x64_sys_dup
	rexctl attach all_hooks:on_fexit fexit __x64_sys_dup
	rexctl attach all_hooks:on_raw raw_tracepoint sys_exit
	rexctl attach all_hooks:on_tracepoint tracepoint sched:sched_switch
	rexctl attach all_hooks:on_cgroup cgroup_skb "$CGROUP" ingress
	rexctl attach all_hooks:on_tc tcx rv0 egress
	refuses rexctl unload all_hooks
	contains "$REFUSAL" 'kprobe __x64_sys_dup'
	contains "$REFUSAL" 'tracepoint sched:sched_switch'
	contains "$REFUSAL" "cgroup_skb $CGROUP ingress"
	rexctl status --json >"$TMP/json"
	perl -MJSON::PP -e '
		local $/; my $s = decode_json(<STDIN>);
		my %at = map { map { $_->{place} => $_ } @{$_->{attached}} } @{$s->{programs}[0]{entries}};
		die "kprobe" unless $at{"kprobe __x64_sys_dup"}{symbol} eq "__x64_sys_dup";
		die "fexit" unless $at{"fexit __x64_sys_dup"}{bpf_link} > 0;
		die "raw" unless $at{"raw_tracepoint sys_exit"}{hook} eq "raw_tracepoint";
		die "pin" unless $at{"kprobe __x64_sys_dup"}{pin} =~ m(^/sys/fs/bpf/rex/all_hooks/);
		die "tcx" unless $at{"tcx rv0 egress"}{side} eq "egress";' <"$TMP/json"
	rexctl unload all_hooks --force
	wait_for 5 rmmod rex
	eq "$(bpftool prog show name rex_shim)" ""
	eq "$(bpftool link show)" "$LINKS"
}

# The interface and the cgroup go while their links are pinned: the pins go, too.
test_pins_of_places_that_are_gone_are_removed() {
	mkdir -p "$CGROUP"
	ip link add rv0 type veth peer name rv1
	rexctl attach all_hooks:on_tc tcx rv0 ingress
	rexctl attach all_hooks:on_cgroup cgroup_skb "$CGROUP" ingress
	ip link del rv0
	rmdir "$CGROUP"
	wait_for 10 sh -c 'rexctl status >/dev/null; [ ! -e /sys/fs/bpf/rex ]'
	nothing_new
	rexctl unload all_hooks
}

test_a_removed_program_leaves_stale_links() {
	rexctl attach all_hooks:on_kprobe kprobe __x64_sys_dup
	rmmod all_hooks
	contains "$(rexctl status)" "stale: kprobe __x64_sys_dup"
	rexctl detach --stale
	lacks "$(rexctl status)" "stale"
	nothing_new
}

# No pin of ours: found all the same, but not ours to end.
test_a_link_that_others_hold_is_seen() {
	local pin
	rexctl attach all_hooks:on_kprobe kprobe __x64_sys_dup
	pin=$(find /sys/fs/bpf/rex -type f)
	bpftool link pin "$pin" /sys/fs/bpf/other 2>/dev/null || bpftool link pin id "$(bpftool -j link show | perl -MJSON::PP -ne 'print decode_json($_)->[-1]{id}')" /sys/fs/bpf/other
	refuses rexctl detach all_hooks
	contains "$REFUSAL" "is held by BPF link"
	contains "$(rexctl status)" "attached: kprobe __x64_sys_dup"
	rm /sys/fs/bpf/other
	wait_for 5 sh -c '! rexctl status | grep -q "attached: kprobe"'
	nothing_new
}

tap_run
