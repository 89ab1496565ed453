#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The helpers that need no packet, at every hook. At each hook the program trace_helpers looks at
# the process tracee, of which everything is known; the first test lets it, and the others
# compare what it found with what is true.
# shellcheck disable=SC2154  # the facts
. "$(dirname "$0")/../lib/tap.sh"

PROGRAM=tests/programs/trace_helpers.rs
CGROUP=/sys/fs/cgroup/rex-trace
TRACING=/sys/kernel/tracing
RUN_UID=1234 RUN_GID=2345
CPU=$(($(nproc) - 1))
USR1=10 KILL=9 EFAULT=14 EINVAL=22 EOPNOTSUPP=95
ALL=/run/rex-trace

NET_HOOKS='xdp tc cgroup_skb stream'
TRACING_HOOKS='kprobe tracepoint perf_event fentry fexit raw_tracepoint'
GENERAL='ktime_ns ktime_coarse_ns ktime_boot_ns ktime_tai_ns jiffies64 smp_processor_id numa_node random
	printk trace_printk task_pid task_tgid task_find task_uid_gid task_comm task_cgroup_id task_utime
	task_user_regs probe_read_kernel probe_read_kernel_str probe_read_user probe_read_user_str'
TRACING_ONLY='get_stack get_stackid send_signal_thread send_signal'

# Where the program is attached, and what tracee does to make it run.
target() {
	case $1 in
	xdp) echo xdp lo generic ;;
	tc) echo tc lo egress ;;
	cgroup_skb) echo cgroup_skb $CGROUP egress ;;
	stream) echo stream "$process:40009" ;;
	kprobe | fentry | fexit) echo "$1" __x64_sys_openat ;;
	tracepoint) echo tracepoint syscalls:sys_enter_openat ;;
	raw_tracepoint) echo raw_tracepoint sys_enter ;;
	perf_event) echo perf_event cpu-clock freq=100 "cpu=$CPU" ;;
	esac
}
action() {
	case $1 in
	xdp | tc | cgroup_skb) echo send ;;
	stream) echo reply ;;
	perf_event) echo spin ;;
	*) echo open ;;
	esac
}

# ---- looking --------------------------------------------------------------------------------

# All clocks, in nanoseconds, and the ticks.
clocks() {
	perl -MTime::HiRes=clock_gettime -e '
		printf "%s_%s=%.0f\n", $ARGV[0], $_->[0], 1e9 * clock_gettime($_->[1])
			for ["mono", 1], ["boot", 7], ["tai", 11]' "$1"
	sed -n "s/^jiffies: /$1_jiffies=/p;T;q" /proc/timer_list
}

# The constants of the program.
declare -A INDEX
while IFS=' :=;' read -r word name _ number _; do
	[ "$word" != const ] || INDEX[$name]=$number
done <"$PROGRAM"

# number BYTES NUMBER: as bytes for bpftool, in OUT.
number() {
	local i
	OUT=
	for ((i = 0; i < $1; i++)); do OUT+=" $(($2 >> 8 * i & 255))"; done
}

# set_param NAME NUMBER
set_param() {
	local key
	number 4 "${INDEX[$1]}"; key=$OUT
	number 8 "$2"
	# shellcheck disable=SC2086
	bpftool map update name PARAM key $key value $OUT
}

# What is in the maps, as shell variables: numbers by the names of the constants.
found() {
	local map
	for map in VALUE TEXT COMM STACK; do
		echo "map $map"
		bpftool -j map dump name $map
	done | perl -e '
		my ($program) = @ARGV;
		my %maps;
		while (<STDIN>) {
			if (/^map (\w+)/) { $map = $1; next }
			push @{$maps{$map}}, pack "C*", map { hex } $1 =~ /"0x(\w\w)"/g while /"value":\[(.*?)\]/g;
		}
		local $/;
		open my $source, "<", $program or die;
		<$source> =~ /static VALUE:(.*?)#\[rex_map\]/s or die;
		my $names = $1;
		printf "%s=%d\n", $1, unpack "q<", $maps{VALUE}[$2] while $names =~ /const (\w+): u32 = (\d+)/g;
		printf "%s=\x27%s\x27\n", @$_ for ["KERNEL_STR", unpack "Z*", $maps{TEXT}[0]],
			["USER_STR", unpack "Z*", $maps{TEXT}[1]], ["COMM", unpack "Z*", $maps{COMM}[0]];
		printf "%s=\x27%s\x27\n", $_->[0], join " ", map { sprintf "%016x", $_ } grep { $_ } unpack "Q<*", $_->[1]
			for ["STACK", $maps{STACK}[0]], ["USER_STACK", $maps{STACK}[1]];
	' "$PROGRAM"
}

# chain NUMBER: a call chain in the map STACKS, in the same form.
chain() {
	number 4 "$1"
	# shellcheck disable=SC2086
	bpftool -j map lookup name STACKS key $OUT | perl -e '
		<STDIN> =~ /"value":\[(.*?)\]/ or die;
		my $bytes = pack "C*", map { hex } $1 =~ /"0x(\w\w)"/g;
		print join " ", map { sprintf "%016x", $_ } grep { $_ } unpack "Q<*", $bytes'
}

# Has tracee do something, and reads what it says to that.
tracee_does() {
	local answer
	echo "$1" >&"$TO"
	while read -r -t 20 answer <&"$FROM"; do
		case $answer in
		done) return 0 ;;
		signal*) echo "answer='$answer'" ;;
		*) fail "tracee says: $answer" ;;
		esac
	done
	return 1
}

# Runs tracee under the eyes of the program at a hook.
look_at() {
	local hook=$1 act process thread status=0; act=$(action "$1")
	SEEN=$ALL/$hook
	mkdir -p "$SEEN" $CGROUP
	rexctl load build/tests/trace_helpers.ko
	# What it writes to the console is written in its time.
	rexctl set trace_helpers budget 1s
	: >$TRACING/trace
	coproc TRACEE { echo "$BASHPID" >$CGROUP/cgroup.procs
		exec taskset -c "$CPU" setpriv --reuid $RUN_UID --regid $RUN_GID --clear-groups build/tests/drivers/tracee; }
	local pid=$TRACEE_PID
	exec {FROM}<&"${TRACEE[0]}" {TO}>&"${TRACEE[1]}"
	read -r -t 20 process thread <&"$FROM"
	set_param TGID "$process"
	set_param BANNER "$BANNER"
	# shellcheck disable=SC2046
	rexctl attach "trace_helpers:$hook" $(target "$hook")
	{
		echo "process=$process thread=$thread"
		clocks before
		tracee_does "$act"
		tracee_does spin
		tracee_does "$act"
		clocks after
		found
	} >"$SEEN/facts"
	# shellcheck disable=SC1091
	. "$SEEN/facts"
	dmesg >"$SEEN/log"
	cat $TRACING/trace >"$SEEN/trace"
	grep '/tracee$' /proc/"$process"/maps >"$SEEN/maps"
	{
		[ "${STACKID:--1}" -lt 0 ] || echo "CHAIN='$(chain "$STACKID")'"
		[ "${USER_STACKID:--1}" -lt 0 ] || echo "USER_CHAIN='$(chain "$USER_STACKID")'"
		set_param SEND_THREAD $USR1
		tracee_does "$act"
		set_param SEND_PROCESS $KILL
		tracee_does "$act" || wait "$pid" || status=$?
		echo "status=$status"
		found | grep ^SENT
	} >>"$SEEN/facts"
	rexctl detach "trace_helpers:$hook"
	rexctl unload trace_helpers
	exec {TO}>&- {FROM}<&-
	touch "$SEEN/ok"
}

# Adds the names of the functions in STACK to the facts: a return address is behind its symbol.
symbolise() {
	local hook
	for hook in $TRACING_HOOKS; do
		sed -n "s/^STACK='\(.*\)'/\1/p" "$ALL/$hook/facts" | tr ' ' '\n' | sed '/./s/$/ ?/'
	done >$ALL/addresses
	awk '$2 ~ /[tT]/ { print $1, $3 }' /proc/kallsyms | LC_ALL=C sort -u - $ALL/addresses |
		awk '$2 == "?" { print $1, last; next } { last = $2 }' >$ALL/symbols
	for hook in $TRACING_HOOKS; do
		awk -v "facts=$ALL/$hook/facts" '
			{ name[$1] = $2 }
			END {
				while ((getline line <facts) > 0)
					if (line ~ /^STACK=/) {
						n = split(substr(line, 8, length(line) - 8), at, " ")
						for (i = 1; i <= n; i++) all = all " " name[at[i]]
					}
				print "SYMBOLS=\x27" all " \x27"
			}' $ALL/symbols >>"$ALL/$hook/facts"
	done
}

# The program runs at every hook.
test_every_hook_is_reached() {
	local hook failed=
	set +e		# the other hooks are reached, too
	rm -rf $ALL
	mkdir $ALL
	BANNER=$((0x$(awk '$3 == "linux_banner" { print $1; exit }' /proc/kallsyms)))
	for hook in $NET_HOOKS $TRACING_HOOKS; do
		( set -e; look_at "$hook" ) >"$ALL/$hook.out" 2>&1
		[ -e "$ALL/$hook/ok" ] && continue
		failed+=" $hook"
		echo "$hook: $(cat "$ALL/$hook.out")"
		rexctl unload trace_helpers --force
	done
	symbolise
	[ -z "$failed" ] || fail "not at:$failed"
}

# ---- comparing -------------------------------------------------------------------------------

# within WHAT NUMBER: between the clocks before and after.
within() {
	local before=before_$1 after=after_$1
	[ "${!before}" -le "$2" ] && [ "$2" -le "${!after}" ] || fail "$2 is not between ${!before} and ${!after}"
}

# bytes TEXT: its first eight, as a number, in OUT.
bytes() {
	local i byte
	OUT=0
	for i in 7 6 5 4 3 2 1 0; do
		printf -v byte %d "'${1:$i:1}"
		OUT=$((OUT << 8 | byte))
	done
}

check() {
	[ -e "$ALL/$2/ok" ] || fail "it did not run at $2: see the first test"
	SEEN=$ALL/$2
	# shellcheck disable=SC1091
	. "$SEEN/facts"
	"check_$1" "$2"
}

check_ktime_ns() { within mono "$KTIME_NS"; [ "$KTIME_NS" -le "$KTIME_AFTER" ]; }
# The tick may have been a while ago.
check_ktime_coarse_ns() { [ "$KTIME_COARSE_NS" -le "$KTIME_NS" ]; within mono $((KTIME_COARSE_NS + 10000000)); }
check_ktime_boot_ns() { within boot "$KTIME_BOOT_NS"; }
check_ktime_tai_ns() { within tai "$KTIME_TAI_NS"; }
check_jiffies64() { within jiffies "$JIFFIES64"; }
check_smp_processor_id() { eq "$CPU" "$CPU_SEEN"; }
check_numa_node() { [ -e "/sys/devices/system/cpu/cpu$CPU/node$NUMA_NODE" ]; }
check_random() { [ "$RANDOM_FIRST" != "$RANDOM_AGAIN" ]; }
check_printk() { eq "$(grep -c "rex: trace_helpers: printed at $1\$" "$SEEN/log")" 1; }
check_trace_printk() {
	eq "$(grep -c "^ *tracee-thread-$thread .*bpf_trace_printk: traced at $1\$" "$SEEN/trace")" 1
}
check_task_pid() { eq "$TASK_PID" "$thread"; }
check_task_tgid() { eq "$TASK_TGID" "$process"; [ "$process" != "$thread" ]; }
check_task_find() { eq "$FOUND_TGID $FOUND_NOBODY" "$process 0"; }
check_task_uid_gid() { eq "$TASK_UID $TASK_GID" "$RUN_UID $RUN_GID"; }
check_task_comm() { eq "$COMM" tracee-thread; }
check_task_cgroup_id() { eq "$CGROUP_ID" "$(stat -c %i $CGROUP)"; }
# tracee spins for a tenth of a second in between.
check_task_utime() {
	local ran=$((UTIME - UTIME_FIRST))
	[ $ran -gt 20000000 ] && [ $ran -le $((after_mono - before_mono)) ] || fail "$ran ns"
}
# tracee's text is in rsi all the time; the number of the system call is that of the action.
check_task_user_regs() {
	eq "$USER_REGS_SI" $((0x70000000))
	case $(action "$1") in
	open) eq "$USER_REGS_ORIG_AX" 257 ;;
	send | reply) eq "$USER_REGS_ORIG_AX" 44 ;;
	esac
}
check_probe_read_kernel() { bytes 'Linux ve'; eq "$KERNEL $KERNEL_FAULT $KERNEL_FAULT_BYTES" "$OUT -$EFAULT 0"; }
check_probe_read_kernel_str() {
	eq "$KERNEL_STR" "$(head -c 63 /proc/version)"
	eq "$KERNEL_STR_LEN $KERNEL_STR_USER" "63 -$EFAULT"
}
check_probe_read_user() { bytes /nothing/here; eq "$USER $USER_FAULT $USER_KERNEL" "$OUT -$EFAULT -$EFAULT"; }
check_probe_read_user_str() { eq "$USER_STR $USER_STR_LEN $USER_STR_END" "/nothing/here 13 13"; }

# At perf_event, user code was interrupted, so its chain is the one that there is.
check_get_stack() {
	eq "$STACK_FLAGS" "-$EINVAL"
	if [ "$1" = perf_event ]; then
		perl -e 'my $ip = hex shift; while (<STDIN>) {
			/^(\w+)-(\w+) r-x/ && hex $1 <= $ip && $ip < hex $2 && exit 0 } exit 1' \
			"${USER_STACK%% *}" <"$SEEN/maps" || fail "$USER_STACK is not in tracee"
		return
	fi
	local frames; read -ra frames <<<"$STACK"
	eq "${#frames[@]}" "$STACK_LEN"
	contains "$SYMBOLS" " do_syscall_64 "
	contains "$SYMBOLS" " entry_SYSCALL_64"
	case $1 in
	kprobe) [[ $SYMBOLS == " __x64_sys_openat "* ]] || fail "$SYMBOLS" ;;
	fentry | fexit) contains "$SYMBOLS" " __x64_sys_openat " ;;
	esac
}
check_get_stackid() {
	if [ "$1" = perf_event ]; then
		eq "$USER_CHAIN" "$USER_STACK"
	else
		eq "$STACKID" "$STACKID_AGAIN"
		eq "$CHAIN" "$STACK"
	fi
}
check_send_signal_thread() { eq "$SENT_THREAD $answer" "0 signal $USR1 $thread"; }
check_send_signal() { eq "$SENT_PROCESS $status" "0 $((128 + KILL))"; }

check_no_signal() { eq "$SENT_THREAD $SENT_PROCESS $status" "-$EOPNOTSUPP -$EOPNOTSUPP 0"; }

# shellcheck disable=SC2034  # for tap.sh
TAP_COMPARES=1
tap_table check "$GENERAL" "$NET_HOOKS $TRACING_HOOKS"
tap_table check "$TRACING_ONLY" "$TRACING_HOOKS"
tap_table check no_signal "$NET_HOOKS"

tap_run
