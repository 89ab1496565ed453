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
	local module
	for module in cprog cbare rex; do
		! grep -q "^$module " /proc/modules || rmmod "$module"
	done
}

# verdict PROGRAM/ENTRY [REPEAT [XOR]]
verdict() { drive run "$@" | cut -d' ' -f1; }
state() { drive show cprog | sed -n '1s/^[^ ]* \([a-z]*\) .*/\1/p'; }
# counter ENTRY NAME
counter() { drive show cprog | sed -n "s/^  entry $1 .*\b$2=\([0-9]*\).*/\1/p"; }
# info NAME
info() { drive info | sed -n "s/.*\b$1=\([0-9]*\).*/\1/p"; }
# The last N lines of the kernel log that rex.ko wrote.
rexlog() { dmesg | sed -n 's/^\[[^]]*\] rex: //p' | tail -n "$1"; }
