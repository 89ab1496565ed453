#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# rex::sock: the program sockets says what it finds at the reads, writes and closes of a process
# that says what is true of them. And how often a program was enabled.
. "$(dirname "$0")/../lib/tap.sh"

TRACING=/sys/kernel/tracing
TRUE=/run/rex-sock.true SEEN=/run/rex-sock.seen

attach_all() {
	local function
	for function in tcp udp udpv6; do
		rexctl attach sockets:reads fexit ${function}_recvmsg
		rexctl attach sockets:writes fentry ${function}_sendmsg
	done
	rexctl attach sockets:closes fentry inet_release
	rexctl attach sockets:bad fentry __x64_sys_umask
	rexctl attach sockets:lookup xdp lo generic
}

# What the program says while the process runs.
look() {
	: >$TRACING/trace
	build/tests/drivers/sockets >$TRUE
	sed -n 's/.* bpf_trace_printk: sock: //p' $TRACING/trace >$SEEN
}

# At functions of TCP and UDP over both IPs: ends, addresses, namespace, bytes, ranges, names, position.
test_the_program_sees_what_is_true() {
	ip link set lo up
	echo 1024 >$TRACING/buffer_size_kb
	rexctl load build/tests/sockets.ko
	rexctl set sockets budget 1s	# the trace is written in its time
	attach_all
	look
	[ "$(wc -l <$TRUE)" -ge 50 ] || fail "the process said too little: $(cat $TRUE)"
	grep -v ^bad $SEEN | sed 's/ seq=[0-9]*//' | diff -u $TRUE - || fail "not the same"
}

# With the bytes read, nothing else: a read that is missing would be noticed. The end is one more.
test_positions_go_on_with_the_bytes_read() {
	# by connection: the reads that take something away
	grep '^read [0-9]* 6 ' $SEEN | awk '{
		for (i = 1; i <= NF; i++) if (split($i, kv, "=") == 2) v[kv[1]] = kv[2]
		who = $2 " " $5 " " $6
		if (who in seq && (v["seq"] - seq[who]) % 4294967296 != v["read"] - was[who]) {
			print "position " seq[who] " and " was[who] " bytes, then: " $0; bad = 1
		}
		seq[who] = v["seq"]; was[who] = v["read"]; n++
	} END { if (n < 20) { print "only " n " reads"; bad = 1 } exit bad }'
}

# A number that leads nowhere is refused, and one that leads somewhere else harms nobody.
test_bad_pointers_give_nothing() {
	eq "$(grep ^bad $SEEN)" "bad 20 of 20 generation 1"
}

# Each enabling counts once, and enabling what is enabled does not.
test_generation_counts_how_often_it_was_enabled() {
	rexctl enable sockets
	look
	contains "$(cat $SEEN)" "generation 1"
	rexctl disable sockets
	rexctl enable sockets
	look
	contains "$(cat $SEEN)" "generation 2"
	contains "$(rexctl status --json | tr -d ' \n')" '"generation":2'
}

# The kernel says where it can be preempted, and rexctl says so, too.
test_preemption_model() {
	local model
	mount -t debugfs none /sys/kernel/debug 2>/dev/null || :
	model=$(sed -n 's/.*(\(.*\)).*/\1/p' /sys/kernel/debug/sched/preempt)
	[ -n "$model" ] || skip "no /sys/kernel/debug/sched/preempt in this kernel"
	contains "$(rexctl status --json | tr -d ' \n')" "\"preempt\":\"$model\""
	echo full >/sys/kernel/debug/sched/preempt
	contains "$(rexctl status --json | tr -d ' \n')" '"preempt":"full"'
	echo "$model" >/sys/kernel/debug/sched/preempt
}

test_all_goes_again() {
	rexctl detach sockets
	rexctl unload sockets
}

tap_run
