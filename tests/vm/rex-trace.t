#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The helpers that need no packet, at every hook. At each hook the program trace_helpers looks
# once at the process tracee, and the tests compare what it found with what is true.
. "$(dirname "$0")/../lib/tap.sh"

PROGRAM=tests/programs/trace_helpers.rs
CGROUP=/sys/fs/cgroup/rex-trace
TRACING=/sys/kernel/tracing
UID_=1234 GID_=2345
CPU=$(($(nproc) - 1))
ALL=$(mktemp -d)
EFAULT=$((-14))

HOOKS='xdp tc'
GENERAL='ktime_ns ktime_coarse_ns ktime_boot_ns ktime_tai_ns jiffies64 smp_processor_id numa_node random
	printk trace_printk task_pid task_tgid task_find task_uid_gid task_comm task_cgroup_id task_utime
	probe_read_kernel probe_read_kernel_str probe_read_user probe_read_user_str'

# Where the program is attached, and what tracee does to make it run.
target() {
	case $1 in
	xdp) echo xdp lo generic ;;
	tc) echo tc lo egress ;;
	esac
}
action() {
	case $1 in
	xdp | tc | cgroup_skb) echo send ;;
	perf_event) echo spin ;;
	*) echo open ;;
	esac
}

# The number of a constant in the program.
index() { sed -n "s/^const $1: u32 = \([0-9]*\);/\1/p" "$PROGRAM"; }
# What the program put under that name.
value() { sed -n "$(($(index "$1") + 1))p" "$SEEN/values"; }
text() { sed -n "$(($(index "$1") + 1))p" "$SEEN/texts"; }
fact() { sed -n "s/^$1 //p" "$SEEN/facts"; }

le64() { perl -e 'print join " ", unpack "C8", pack "q<", $ARGV[0]' -- "$1"; }
set_param() {
	bpftool map update name PARAM key $(perl -e 'print join " ", unpack "C4", pack "L<", $ARGV[0]' \
		"$(index "$1")") value $(le64 "$2")
}

# dump MAP TEMPLATE: one line for each element.
dump() {
	bpftool -j map dump name "$1" | perl -MJSON::PP -e '
		my $template = shift;
		for (@{decode_json(join "", <STDIN>)}) {
			my $bytes = pack "C*", map { hex } @{$_->{value}};
			print unpack($template, $bytes), "\n";
		}' "$2"
}

# All clocks, in nanoseconds, and the ticks.
clocks() {
	perl -MTime::HiRes=clock_gettime -e 'for (["mono", 1], ["boot", 7], ["tai", 11]) {
		printf "%s-%s %.0f\n", $ARGV[0], $_->[0], 1e9 * clock_gettime($_->[1]) }' "$1"
	sed -n "s/^jiffies: /$1-jiffies /p;T;q" /proc/timer_list
}
# within WHAT NUMBER: between the facts before-WHAT and after-WHAT.
within() {
	[ "$(fact "before-$1")" -le "$2" ] && [ "$2" -le "$(fact "after-$1")" ] ||
		fail "$2 is not between $(fact "before-$1") and $(fact "after-$1")"
}

# Does TRACEE's line and reads the answers.
tracee_does() {
	echo "$1" >&"${TRACEE[1]}"
	while read -r -t 20 ANSWER <&"${TRACEE[0]}"; do
		echo "answer $ANSWER"
		[ "$ANSWER" != done ] || return 0
	done
	fail "tracee does not answer"
}

# Runs tracee under the eyes of the program at a hook, once for all tests there.
look_at() {
	local hook=$1 act; act=$(action "$1")
	SEEN=$ALL/$hook
	[ ! -e "$SEEN/ok" ] || return 0
	[ ! -e "$SEEN" ] || fail "looking failed before, see the first test at $hook"
	mkdir "$SEEN"
	rexctl load build/tests/trace_helpers.ko
	: >$TRACING/trace
	dmesg -C
	mkdir -p $CGROUP
	coproc TRACEE { echo "$BASHPID" >$CGROUP/cgroup.procs
		exec taskset -c $CPU setpriv --reuid $UID_ --regid $GID_ --clear-groups build/tests/tracee; }
	read -r -t 20 process thread <&"${TRACEE[0]}"
	set_param TGID "$process"
	set_param BANNER $((0x$(awk '$3 == "linux_banner" { print $1 }' /proc/kallsyms)))
	# shellcheck disable=SC2046
	rexctl attach "trace_helpers/$hook" $(target "$hook")
	{
		echo "process $process"
		echo "thread $thread"
		clocks before
		tracee_does "$act"
		tracee_does spin
		tracee_does "$act"
		clocks after
	} >"$SEEN/facts"
	rexctl detach "trace_helpers/$hook"
	dump VALUE q >"$SEEN/values"
	dump TEXT Z* >"$SEEN/texts"
	dump COMM Z* >"$SEEN/comm"
	dmesg >"$SEEN/log"
	cat $TRACING/trace >"$SEEN/trace"
	exec {TRACEE[1]}>&-
	wait "$TRACEE_PID" || fail "tracee failed: $?"
	rexctl unload trace_helpers
	touch "$SEEN/ok"
}

check() {
	look_at "$2"
	"check_$1" "$2"
}

check_ktime_ns() { within mono "$(value KTIME_NS)"; [ "$(value KTIME_NS)" -le "$(value KTIME_AFTER)" ]; }
check_ktime_coarse_ns() {
	local coarse; coarse=$(value KTIME_COARSE_NS)
	within mono $((coarse + 10000000))
	[ "$coarse" -le "$(value KTIME_NS)" ]
	[ $((coarse + 100000000)) -gt "$(value KTIME_NS)" ]
}
check_ktime_boot_ns() { within boot "$(value KTIME_BOOT_NS)"; }
check_ktime_tai_ns() { within tai "$(value KTIME_TAI_NS)"; }
check_jiffies64() { within jiffies "$(value JIFFIES64)"; }
check_smp_processor_id() { eq "$(value CPU)" "$CPU"; }
check_numa_node() {
	eq "$(value NUMA_NODE)" "$(basename "$(echo /sys/devices/system/cpu/cpu"$CPU"/node*)" | tr -d a-z)"
}
check_random() { [ "$(value RANDOM)" != "$(value RANDOM_AGAIN)" ]; }
check_printk() { eq "$(grep -c "rex: trace_helpers: printed at $1\$" "$SEEN/log")" 1; }
check_trace_printk() {
	eq "$(grep -c "^ *tracee-thread-$(fact thread) .*bpf_trace_printk: traced at $1\$" "$SEEN/trace")" 1
}
check_task_pid() { eq "$(value PID)" "$(fact thread)"; }
check_task_tgid() { [ "$(value RUNS)" -ge 2 ]; lacks "$(fact process)" "$(fact thread)"; }
check_task_find() {
	eq "$(value FOUND_TGID)" "$(fact process)"
	eq "$(value FOUND_NOBODY)" 0
}
check_task_uid_gid() {
	eq "$(value UID)" "$UID_"
	eq "$(value GID)" "$GID_"
}
check_task_comm() { eq "$(cat "$SEEN/comm")" tracee-thread; }
check_task_cgroup_id() { eq "$(value CGROUP_ID)" "$(stat -c %i $CGROUP)"; }
# tracee spins for a tenth of a second in between.
check_task_utime() {
	local ran; ran=$(($(value UTIME) - $(value UTIME_FIRST)))
	[ "$ran" -gt 20000000 ] && [ "$ran" -lt 400000000 ] || fail "$ran ns"
}
check_probe_read_kernel() {
	eq "$(le64 "$(value KERNEL)")" "$(perl -e 'print join " ", unpack "C8", "Linux ve"')"
	eq "$(value KERNEL_FAULT) $(value KERNEL_FAULT_BYTES)" "$EFAULT 0"
}
check_probe_read_kernel_str() {
	eq "$(text KERNEL_STR)" "$(head -c 63 /proc/version)"
	eq "$(value KERNEL_STR_LEN) $(value KERNEL_STR_USER)" "63 $EFAULT"
}
check_probe_read_user() {
	eq "$(le64 "$(value USER)")" "$(perl -e 'print join " ", unpack "C8", "/nothing/here"')"
	eq "$(value USER_FAULT) $(value USER_KERNEL)" "$EFAULT $EFAULT"
}
check_probe_read_user_str() {
	eq "$(text USER_STR)" /nothing/here
	eq "$(value USER_STR_LEN) $(value USER_STR_END)" "13 13"
}

tap_table check "$GENERAL" "$HOOKS"

tap_run
rm -rf "$ALL"
