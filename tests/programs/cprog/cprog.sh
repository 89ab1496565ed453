# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For the kmod tests: rex.ko with the C test program, without rexctl. Source after tap.sh.
CPROG=$BUILD/tests/cprog
drive() { "$CPROG/drive" "$@"; }

rex_up() {
	insmod "$BUILD/kmod/rex.ko"
	insmod "$CPROG/cprog.ko"
	drive bind cprog
}

rex_down() {
	local file module
	# those of a test that has failed, which are no children here
	for file in "$TMP"/keep*.pid; do
		[ -e "$file" ] || continue
		kill "$(cat "$file")" 2>/dev/null || :
		wait_for 10 sh -c "! kill -0 $(cat "$file")"
	done
	for module in cprog cbare rex; do
		! grep -q "^$module " /proc/modules || rmmod "$module"
	done
}

# keep CPU PROGRAM/ENTRY: test runs of it on that CPU, in the background, until keep_end.
keep() {
	taskset -c "$1" "$CPROG/drive" keep "$2" >"$TMP/keep$1" &
	echo $! >"$TMP/keep$1.pid"
	wait_for 20 grep -q seen "$TMP/keep$1"
}
keep_end() {
	local file pid
	for file in "$TMP"/keep*.pid; do
		pid=$(cat "$file")
		kill "$pid"
		wait "$pid"
		rm "$file"
	done
}
# keep_saw VERDICT CPU...: until these have seen it.
keep_saw() {
	local verdict=$1 cpu; shift
	for cpu; do wait_for 20 grep -qx "seen $verdict" "$TMP/keep$cpu"; done
}
# kept CPU: all verdicts seen there
kept() { tail -n 1 "$TMP/keep$1"; }

# verdict PROGRAM/ENTRY [REPEAT [XOR]]
verdict() { drive run "$@" | cut -d' ' -f1; }
state() { drive show cprog | sed -n '1s/^[^ ]* \([a-z]*\) .*/\1/p'; }
# counter ENTRY NAME
counter() { drive show cprog | sed -n "s/^  entry $1 .*\b$2=\([0-9]*\).*/\1/p"; }
# info NAME
info() { drive info | sed -n "s/.*\b$1=\([0-9]*\).*/\1/p"; }
# The last N lines of the kernel log that rex.ko wrote.
rexlog() { dmesg | sed -n 's/^\[[^]]*\] rex: //p' | tail -n "$1"; }
