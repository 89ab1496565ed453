#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# rexctl at every hook: attach by words, see it run, detach by the same words, nothing left.
. "$(dirname "$0")/../lib/tap.sh"

HOOKS=$BUILD/tests/all_hooks.ko
CGROUP=/sys/fs/cgroup/rextest

# The program stays loaded from test to test; each begins and ends with nothing attached.
setup() {
	mountpoint -q /sys/kernel/tracing || mount -t tracefs tracefs /sys/kernel/tracing
	mkdir -p "$CGROUP"
	if [ ! -d /sys/module/all_hooks ]; then
		rexctl load "$HOOKS"
		ip link add rv0 type veth peer name rv1
		ip link set rv0 up
		ip link set rv1 up
	fi
	LINKS=$(bpftool link show) PROGS=$(bpftool prog show)
}

teardown() {
	rexctl detach all_hooks 2>/dev/null
	rexctl detach --stale
	[ ! -d "$CGROUP" ] || rmdir "$CGROUP"
	[ ! -d /sys/fs/bpf/rex ] || return 1
}

# nothing_new: links, programs and pins are what they were before the test.
nothing_new() {
	eq "$(bpftool link show)" "$LINKS"
	eq "$(bpftool prog show)" "$PROGS"
	[ ! -e /sys/fs/bpf/rex ] || fail "$(find /sys/fs/bpf/rex)"
}

# runs ENTRY: how often it ran
runs() { rexctl status | sed -n "s/^  entry $1 (.*): \([0-9]*\) runs.*/\1/p"; }
# has_run ENTRY TIMES
has_run() { [ "$(runs "$1")" -ge "$2" ]; }

BY=' (BPF program '
# place ENTRY SHOWN COMMAND WORDS...: attach ENTRY to the place of WORDS, which status calls SHOWN;
# COMMAND must make it run; off again by the same words.
place() {
	local entry=$1 shown=$2 command=$3 before
	shift 3
	before=$(runs "$entry")
	rexctl attach "all_hooks:$entry" "$@"
	contains "$(rexctl status)" "attached: $shown$BY"
	refuses rexctl attach "all_hooks:$entry" "$@"
	contains "$REFUSAL" "attached there already"
	bash -c "$command" >/dev/null 2>&1 || :
	wait_for 5 has_run "$entry" $((before + 1))
	rexctl detach all_hooks "$@"
	nothing_new
	refuses rexctl detach all_hooks "$@"
	contains "$REFUSAL" "is not attached to"
}

SETHOSTNAME="hostname rex"
LIBC=$(realpath /lib/x86_64-linux-gnu/libc.so.6)

test_attach_at_xdp() { place on_xdp "xdp rv0 native" "ping -c 1 -W 0.1 -I rv1 10.0.0.1" xdp rv0 native; }

test_attach_at_tc() { place on_tc "tc rv0 egress" "ping -c 1 -W 0.1 -I rv0 10.0.0.1" tc rv0 egress; }

test_attach_at_tcx() { place on_tc "tcx rv0 ingress" "ping -c 1 -W 0.1 -I rv1 10.0.0.1" tcx rv0 ingress; }

test_attach_at_kprobe() { place on_kprobe "kprobe __x64_sys_sethostname" "$SETHOSTNAME" kprobe __x64_sys_sethostname; }

test_attach_at_kprobe_with_an_offset() {
	place on_kprobe "kprobe __x64_sys_sethostname+0x4" "$SETHOSTNAME" kprobe __x64_sys_sethostname+0x4
}

test_attach_at_kretprobe() { place on_kprobe "kretprobe __x64_sys_sethostname" "$SETHOSTNAME" kretprobe __x64_sys_sethostname; }

test_attach_at_uprobe() { place on_kprobe "uprobe $LIBC:sethostname" "$SETHOSTNAME" uprobe /lib/x86_64-linux-gnu/libc.so.6:sethostname; }

test_attach_at_uretprobe() { place on_kprobe "uretprobe $LIBC:sethostname" "$SETHOSTNAME" uretprobe /lib/x86_64-linux-gnu/libc.so.6:sethostname; }

test_attach_at_tracepoint() { place on_tracepoint "tracepoint syscalls:sys_enter_sethostname" "$SETHOSTNAME" tracepoint syscalls:sys_enter_sethostname; }

test_attach_at_raw_tracepoint() { place on_raw "raw_tracepoint sys_enter" true raw_tracepoint sys_enter; }

test_attach_at_fentry() { place on_fentry "fentry __x64_sys_sethostname" "$SETHOSTNAME" fentry __x64_sys_sethostname; }

test_attach_at_fexit() { place on_fexit "fexit __x64_sys_sethostname" "$SETHOSTNAME" fexit __x64_sys_sethostname; }

test_attach_at_perf_event_of_one_cpu() {
	place on_perf "perf_event cpu-clock freq=50 cpu=0" "timeout 0.3 sh -c 'while :; do :; done'" perf_event cpu-clock freq=50 cpu=0
}

test_attach_at_cgroup_skb() {
	ip link set lo up
	place on_cgroup "cgroup_skb $CGROUP egress" \
		"echo \$\$ >$CGROUP/cgroup.procs; ping -c 1 -W 1 127.0.0.1" \
		cgroup_skb "$CGROUP" egress
}

test_attach_at_stream() {
	ip link set lo up
	"$BUILD/tests/drivers/echo" tcp 127.0.0.1 7 >"$TMP/server" &
	local server=$! BY='; tcp, 1 listener'
	wait_for 5 grep -q ready "$TMP/server"
	place on_stream "stream 127.0.0.1:7" "echo | timeout 10 nc -N 127.0.0.1 7" stream $server:7
	kill $server
}

tap_run
