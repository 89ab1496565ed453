#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What programs see at each hook, and what their verdicts do. The program hooks looks at threads
# called "hooked" and writes down what it sees; control-hooks.t looks at attaching itself.
. "$(dirname "$0")/../lib/tap.sh"

HOOKS=$BUILD/tests/hooks.ko
INJECTOR=$BUILD/programs/error_injector.ko
TRACING=/sys/kernel/tracing
# sched_get_priority_max(2), which nobody calls, takes one argument; SCHED_RR has 99.
CALL=__x64_sys_sched_get_priority_max NR=146 POLICY=2 MAX=99
LIBC=/lib/x86_64-linux-gnu/libc.so.6
SAW=$(mktemp -d)/saw
KERNEL_CS_SS=$((0x10 << 16 | 0x18)) USER_CS_SS=$((0x33 << 16 | 0x2b))

no_shim() { lacks "$(bpftool prog)" rex_shim; }

# Most tests only look at what the first one saw: there is nothing to clean up behind them.
attach() {
	: >"$TMP/attached"
	rexctl attach "$@"
}

setup() {
	[ -d $TRACING/events ] || mount -t tracefs tracefs $TRACING
	[ -d /sys/module/hooks ] || rexctl load "$HOOKS"
}

teardown() {
	[ -e "$TMP/attached" ] || return 0
	! rexctl status | grep -q attached: || rexctl detach hooks
	[ ! -d "$TMP/cgroup/rex" ] || rmdir "$TMP/cgroup/rex"
	! mountpoint -q "$TMP/cgroup" || umount "$TMP/cgroup"
	no_shim
	eq "$(find /sys/fs/bpf -mindepth 1)" ""
}

# Runs perl under the name "hooked" and prints its number, then what the program prints.
hooked() { perl -MTime::HiRes=time -e '$| = 1; my $p = shift; print "$$\n"; $0 = "hooked"; eval $p; $0 = "perl"' -- "$1"; }
call() { hooked "print syscall($NR, $POLICY), \"\n\""; }

# dump FILE: what all entries saw, one line each: how often, then the values as signed numbers.
dump() {
	local map
	for map in RUNS SEEN; do
		bpftool -j map dump name $map | perl -MJSON::PP -e 'local $/;
			print join(" ", unpack "q<*", pack "C*", map { hex } @{$_->{value}}), "\n" for @{decode_json(<STDIN>)}' >"$1.$map"
	done
	paste -d ' ' "$1.RUNS" "$1.SEEN" >"$1"
}

# row NAME FILE [VARIABLE...]: the line of an entry: its number is a constant in the program.
row() {
	local number line=$2
	number=$(sed -n "s/^const $1: u32 = \([0-9]*\);/\1/p" tests/programs/hooks.rs)
	shift 2
	# shellcheck disable=SC2229 # names of variables
	read -r "$@" _ < <(sed -n "$((number + 1))p" "$line")
}

# The same of the common run.
saw() { row "$1" "$SAW" "${@:2}"; }

# All hooks at once, one process for all of them to look at.
test_all_hooks_see_a_process() {
	attach hooks:probe kprobe $CALL
	attach hooks:retprobe kretprobe $CALL
	attach hooks:user_probe uprobe $LIBC:syscall
	attach hooks:user_retprobe uretprobe $LIBC:syscall
	attach hooks:enter tracepoint syscalls:sys_enter_sched_get_priority_max
	attach hooks:enter_any tracepoint raw_syscalls:sys_enter
	attach hooks:exit tracepoint syscalls:sys_exit_sched_get_priority_max
	attach hooks:switch tracepoint sched:sched_switch
	attach hooks:wakeup tracepoint sched:sched_wakeup
	attach hooks:ends tracepoint sched:sched_process_exit
	attach hooks:sample perf_event cpu-clock freq=500
	attach hooks:begins fentry $CALL
	attach hooks:returns fexit do_sys_openat2
	attach hooks:raw raw_tracepoint sys_enter
	attach hooks:raw_switch raw_tracepoint sched_switch
	taskset -c 1 perl -MTime::HiRes=time -e '$| = 1; print "$$\n"; $0 = "hooked"; print syscall('"$NR, $POLICY"'), "\n";
		open my $file, "<", "/no/such/file";
		select undef, undef, undef, 0.05; my $end = time + 0.3; 1 while time < $end; $0 = "perl"' >"$SAW.out"
	dump "$SAW"
	perl -e '$| = 1; print "$$\n"; $0 = "hooked"' >"$SAW.ended"
	dump "$SAW.end"
	rexctl detach hooks
	no_shim
	# and it is over
	call
	dump "$TMP/after"
	eq "$(cut -d' ' -f1 "$TMP/after" | head -n 16)" "$(cut -d' ' -f1 "$SAW.end" | head -n 16)"
	eq "$(tail -n 1 "$SAW.out")" $MAX
	lacks "$(rexctl status --json)" '"state":"crashed"'
}

le() { perl -e 'print join " ", map { sprintf "%#x", $_ } unpack "C*", pack shift, @ARGV' -- "$@"; }
# returns NUMBER: what the program gives back.
# shellcheck disable=SC2046 # words
returns() { bpftool map update name VERDICT key 0 0 0 0 value $(le 'l<' "$1"); }

# field FILE NAME: offset and size of a record's field.
field() { sed -n "s/.*[ *]$2\(\[[0-9]*\]\)\?;\toffset:\([0-9]*\);\tsize:\([0-9]*\);.*/\2 \3/p" "$TRACING/events/$1/format"; }

# ---- kprobe and its kind ------------------------------------------------------------------

test_kprobe_sees_registers() {
	local runs user arg second ret ip sp segments start
	saw PROBE runs user arg second ret ip sp segments
	eq "$runs $user $segments" "1 0 $KERNEL_CS_SS"
	# The call's registers on the kernel stack, on which it runs itself.
	[ "$arg" -lt 0 ] && [ $((arg - sp)) -gt 0 ] && [ $((arg - sp)) -lt 4096 ]
	start=$((0x$(awk '$3 == "'$CALL'" { print $1 }' /proc/kallsyms)))
	# One byte behind the probed one: at the beginning, or behind its endbr64.
	[ $((ip - start)) -eq 1 ] || [ $((ip - start)) -eq 5 ]
}

test_kretprobe_sees_the_result() {
	local runs user first second ret
	saw RETURN runs user first second ret
	eq "$runs $user $ret" "1 0 $MAX"
}

test_uprobe_sees_user_registers() {
	local runs user first second ret ip sp segments
	saw USER_PROBE runs user first second ret ip sp segments
	eq "$runs $user $first $second $segments" "1 1 $NR $POLICY $USER_CS_SS"
}

test_uretprobe_sees_the_result() {
	local runs user first second ret
	saw USER_RETURN runs user first second ret
	eq "$runs $user $ret" "1 1 $MAX"
}

# ---- override -------------------------------------------------------------------------------

test_the_seeds_example_makes_dup_fail_for_one_process_only() {
	local pid answer errno
	rexctl load "$INJECTOR"
	attach error_injector kprobe __x64_sys_dup
	# For each line that it gets, it duplicates a descriptor and says how that went.
	coproc CHOSEN { exec perl -e '$| = 1; print "$$\n"; while (<STDIN>) { $! = 0; print syscall(32, 0) < 0 ? "errno " . ($! + 0) : "fine", "\n" }'; }
	read -r -t 20 pid <&"${CHOSEN[0]}"
	chosen() { echo >&"${CHOSEN[1]}"; read -r -t 20 answer <&"${CHOSEN[0]}"; echo "$answer"; }
	other() { perl -e 'print syscall(32, 0) < 0 ? "errno " . ($! + 0) : "fine", "\n"'; }
	eq "$(chosen)" fine
	for errno in 19 5 1; do
		# shellcheck disable=SC2046 # words
		bpftool map update name pid_to_errno key $(le 'l<' "$pid") value $(le 'q<' -$errno)
		eq "$(chosen)" "errno $errno"
		eq "$(other)" fine
	done
	# shellcheck disable=SC2046 # words
	bpftool map delete name pid_to_errno key $(le 'l<' "$pid")
	eq "$(chosen)" fine
	# shellcheck disable=SC2046 # words
	bpftool map update name pid_to_errno key $(le 'l<' "$pid") value $(le 'q<' -19)
	eq "$(chosen)" "errno 19"
	rexctl detach error_injector kprobe __x64_sys_dup
	eq "$(chosen)" fine
	eval "exec ${CHOSEN[1]}>&-"
	rexctl unload error_injector
}

test_override_return_at_kprobe() {
	local runs first second
	attach hooks:overrides kprobe $CALL
	eq "$(call | tail -n 1)" 7778
	dump "$TMP/now"
	row OVERRIDES "$TMP/now" runs first second
	eq "$first $second" "0 0"
}

# A system call without arguments goes by more than one name.
test_override_return_at_a_call_without_arguments() {
	attach hooks:overrides kprobe __x64_sys_getppid
	eq "$(hooked 'print syscall(110), "\n"' | tail -n 1)" 7778
}

# refused WHERE...: overriding says EINVAL, and the call gives what it always gives.
override_is_refused() {
	local before runs first second
	dump "$TMP/before"
	row OVERRIDES "$TMP/before" before
	attach hooks:overrides "$@"
	eq "$(call | tail -n 1)" $MAX
	dump "$TMP/now"
	row OVERRIDES "$TMP/now" runs first second
	[ "$runs" -gt "$before" ]
	eq "$first $second" "22 -22"
}
test_override_return_is_refused_behind_the_entry() {
	local offset
	# The first instructions after the place where ftrace hooks in: where they begin depends on
	# the compiler.
	for offset in 9 10 11 12 13; do
		if attach hooks:overrides kprobe $CALL+$offset 2>/dev/null; then
			rexctl detach hooks:overrides kprobe $CALL+$offset
			override_is_refused kprobe $CALL+$offset
			return
		fi
	done
	fail "no instruction found behind the entry"
}
test_override_return_is_refused_at_kretprobe() { override_is_refused kretprobe $CALL; }
test_override_return_is_refused_at_uprobe() { override_is_refused uprobe $LIBC:syscall; }
test_override_return_is_refused_at_another_function() { override_is_refused kprobe ksys_write; }

# ---- tracepoints ------------------------------------------------------------------------------

test_tracepoint_sees_a_system_call_begin() {
	local runs nr arg sixth seventh
	saw ENTER runs nr arg sixth seventh
	eq "$runs $nr $arg $sixth $seventh" "1 $NR $POLICY 1 0"
}

test_tracepoint_sees_a_system_call_end() {
	local runs nr ret
	saw EXIT runs nr ret
	eq "$runs $nr $ret" "1 $NR $MAX"
}

# The one tracepoint for all calls has a longer number, in the same place. The last call that the
# process made under its name was to change it: prctl(PR_SET_NAME).
test_tracepoint_sees_any_system_call() {
	local runs nr arg
	saw ENTER_ANY runs nr arg
	[ "$runs" -gt 4 ]
	eq "$nr $arg" "157 15"
}

test_tracepoint_with_records_without_arguments() {
	eq "$(field syscalls/sys_enter_getppid __syscall_nr)" "8 4"
	attach hooks:enter tracepoint syscalls:sys_enter_getppid
}

test_tracepoint_sees_a_switch() {
	local runs pid prio state other
	saw SWITCH runs pid prio state other
	[ "$runs" -gt 0 ]
	# asleep, not ready
	eq "$pid $prio $state $other" "$(head -n 1 "$SAW.out") 120 1 1"
}

test_tracepoint_sees_a_wakeup() {
	local runs pid prio cpu
	saw WAKEUP runs pid prio cpu
	[ "$runs" -gt 0 ]
	eq "$pid $prio $cpu" "$(head -n 1 "$SAW.out") 120 1"
}

test_tracepoint_sees_a_thread_end() {
	local runs pid prio
	row ENDS "$SAW.end" runs pid prio
	eq "$runs $pid $prio" "1 $(cat "$SAW.ended") 120"
}

test_records_of_the_crate_are_the_kernels() {
	eq "$(field sched/sched_switch prev_comm) $(field sched/sched_switch next_prio)" "8 16 60 4"
	eq "$(field sched/sched_wakeup target_cpu) $(field sched/sched_process_exit prio)" "32 4 28 4"
	eq "$(field syscalls/sys_exit_dup ret)" "16 8"
}

test_tracepoint_with_shorter_records_is_refused() {
	# one byte less than the program reads, on all kernels
	eq "$(field timer/hrtimer_expire_entry function)" "24 8"
	refuses rexctl attach hooks:too_long tracepoint timer:hrtimer_expire_entry
	attach hooks:too_long tracepoint sched:sched_switch
}

test_raw_tracepoint_sees_arguments() {
	local runs n regs id third
	saw RAW runs n regs id third
	[ "$runs" -gt 4 ]
	eq "$n $id $third" "2 157 -1"
	[ "$regs" -lt 0 ]
}

test_raw_tracepoint_with_more_arguments() {
	local runs n prev next
	saw RAW_SWITCH runs n _ prev next
	[ "$runs" -gt 0 ]
	eq "$n" 4
	[ "$prev" -lt 0 ] && [ "$next" -lt 0 ] && [ "$prev" != "$next" ]
}

# ---- trampolines --------------------------------------------------------------------------------

test_fentry_sees_arguments() {
	local runs n arg second
	saw BEGINS runs n arg second
	eq "$runs $n $second" "1 1 -1"
	[ "$arg" -lt 0 ]
}

# do_sys_openat2(int dfd, const char __user *filename, struct open_how *how)
test_fexit_sees_arguments_and_the_result() {
	local runs n dir name how fourth ret
	saw RETURNS runs n dir name how fourth _ ret
	[ "$runs" -gt 0 ]
	eq "$n $((dir & 0xffffffff)) $fourth $((ret << 32 >> 32))" "3 $((-100 & 0xffffffff)) -1 -2"
	[ "$name" -gt 0 ] && [ "$how" -lt 0 ]
}

# ---- perf_event ------------------------------------------------------------------------------------

test_perf_event_sees_samples() {
	local runs period addr counter enabled ip user
	saw SAMPLE runs period addr counter enabled ip user
	echo "$runs samples, the last: $period $addr $counter $enabled $ip $user"
	[ "$runs" -gt 10 ]
	eq "$period $addr" "2000000 0"
	# the kernel's addresses are negative
	eq "$user" $((ip > 0))
	# of cpu-clock, the counter is the time that it counted
	[ "$counter" -gt 0 ] && [ "$counter" -le "$enabled" ]
}

# ---- cgroup_skb --------------------------------------------------------------------------------------

# In a cgroup of its own: a shell, for the words.
in_cgroup() { sh -c 'echo $$ >"$1"; shift; exec "$@"' - "$TMP/cgroup/rex/cgroup.procs" "$@"; }
pings() { in_cgroup ping -q -c 1 -W 1 127.0.0.1; }

cgroup_verdicts() {
	local runs len first protocol
	mkdir -p "$TMP/cgroup"
	mount -t cgroup2 none "$TMP/cgroup"
	mkdir -p "$TMP/cgroup/rex"
	ip link set lo up
	pings
	attach hooks:cgroup cgroup_skb "$TMP/cgroup/rex" "$1"
	refuses pings
	dump "$TMP/now"
	row CGROUP "$TMP/now" runs len first protocol
	[ "$runs" -gt 0 ]
	# IPv4 without options, ICMP, 56 bytes of data
	eq "$len $first $protocol" "84 69 1"
	returns 1
	pings
	# the processes outside are not its business
	returns 0
	ping -q -c 1 -W 1 127.0.0.1
	rexctl detach hooks:cgroup cgroup_skb "$TMP/cgroup/rex" "$1"
	pings
}
test_cgroup_skb_drops_and_allows_what_comes() { cgroup_verdicts ingress; }
test_cgroup_skb_drops_and_allows_what_goes() { cgroup_verdicts egress; }

# ---- all of them ----------------------------------------------------------------------------------------

test_a_disabled_program_gives_the_safe_verdict() {
	mkdir -p "$TMP/cgroup"
	mount -t cgroup2 none "$TMP/cgroup"
	mkdir -p "$TMP/cgroup/rex"
	ip link set lo up
	attach hooks:cgroup cgroup_skb "$TMP/cgroup/rex" egress
	attach hooks:overrides kprobe $CALL
	refuses pings
	eq "$(call | tail -n 1)" 7778
	rexctl disable hooks
	pings
	eq "$(call | tail -n 1)" $MAX
	rexctl enable hooks
	refuses pings
	eq "$(call | tail -n 1)" 7778
}

# Two at one call, one inside another: an fentry program on a function that the kprobe program's
# system call runs, with samples on top.
test_hooks_nest() {
	attach hooks:overrides kprobe $CALL
	attach hooks:raw raw_tracepoint sys_enter
	attach hooks:enter_any tracepoint raw_syscalls:sys_enter
	attach hooks:sample perf_event cpu-clock freq=1000
	local before runs
	dump "$TMP/before"
	row ENTER_ANY "$TMP/before" before
	hooked "for (1 .. 200) { syscall($NR, $POLICY) == 7778 or die }; print qq(fine\n)" >"$TMP/out"
	eq "$(tail -n 1 "$TMP/out")" fine
	dump "$TMP/now"
	row ENTER_ANY "$TMP/now" runs
	[ $((runs - before)) -ge 200 ]
	lacks "$(rexctl status --json)" '"state":"crashed"'
}

test_the_runtime_itself_cannot_be_probed() {
	local symbol
	for symbol in rex_kprobe rex_panic rex_map_lookup rex_unwind; do
		grep -q " $symbol.*\[rex\]" /proc/kallsyms || fail "no function $symbol"
		refuses sh -c "echo 'p:hooks_t/x $symbol' >$TRACING/kprobe_events"
		refuses rexctl attach hooks:probe kprobe $symbol
		refuses rexctl attach hooks:begins fentry $symbol
	done
}

test_nothing_is_left() {
	rexctl unload hooks
	lacks "$(bpftool map)" SEEN
	eq "$(cat $TRACING/kprobe_events $TRACING/uprobe_events)" ""
	# A shim that has gone holds rex.ko until its memory is freed, after a grace period of RCU.
	wait_for 10 rmmod rex
}

tap_run
