# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# TAP for shell tests (bash). A test file defines functions named test_* and ends with tap_run:
#
#	#!/bin/bash
#	# SPDX-License-Identifier: GPL-2.0-only
#	. "$(dirname "$0")/../lib/tap.sh"
#	test_status_is_empty_at_first() { eq "$(rexctl status --json)" '{"programs":[]}'; }
#	tap_run
#
# Each function runs in its own subshell under set -e, with its own empty directory
# as $TMP. It fails when a command in it fails. setup and teardown, when defined,
# run around each test; teardown runs whatever happened. Inside the VM a test also
# fails when the kernel complained meanwhile (oops, BUG, WARNING, lockdep, stall).
set -u
TOP=${TOP:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
BUILD=${BUILD:-$TOP/build}
export TOP BUILD
export PATH="$BUILD/bin:$PATH"
cd "$TOP" || exit 1

# What a kernel says when something is wrong. Faults of Rex programs are no such thing.
KERNEL_COMPLAINTS='Oops|BUG:|BUG at|WARNING:|general protection|double fault|unable to handle|Kernel panic|INFO: rcu|rcu_(sched|preempt).*stall|possible recursive locking|circular locking|inconsistent lock|suspicious RCU|soft lockup|hard LOCKUP|hung_task|blocked for more than|scheduling while atomic|refcount_t:|list_(add|del) corruption|KFENCE|stack guard page'

in_vm() { [ -e /run/rex-vm ]; }

# Sets COMPLAINTS to what the kernel has complained about since the last time. Few processes: each
# costs tens of milliseconds in emulation, and this is done for each test.
TAP_KERNEL_LINES=0
tap_complaints() {
	COMPLAINTS=$(dmesg | awk -v from=$TAP_KERNEL_LINES -v complaint="$KERNEL_COMPLAINTS" '
		NR > from && $0 ~ complaint
		END { print NR }')
	TAP_KERNEL_LINES=${COMPLAINTS##*$'\n'}
	COMPLAINTS=${COMPLAINTS%"$TAP_KERNEL_LINES"}
}

# skip WHY: ends the test as skipped.
skip() { printf '%s' "$*" >"$TAP_SKIP"; exit 0; }

# fail TEXT: ends the test as failed.
fail() { echo "$*"; exit 1; }

eq() { [ "$1" = "$2" ] || fail "expected: $2"$'\n'"but got:  $1"; }
contains() { case $1 in *"$2"*) ;; *) fail "expected to find: $2"$'\n'"in: $1" ;; esac; }
lacks() { case $1 in *"$2"*) fail "expected not to find: $2"$'\n'"in: $1" ;; esac; }

# refuses COMMAND...: the command must fail, and not by a signal; its output is in $REFUSAL.
refuses() {
	local status=0
	REFUSAL=$("$@" 2>&1) || status=$?
	[ "$status" -ne 0 ] || fail "succeeded, but should be refused: $*"$'\n'"$REFUSAL"
	[ "$status" -lt 124 ] || fail "died with status $status: $*"$'\n'"$REFUSAL"
}

# wait_for SECONDS COMMAND...: until the command succeeds. Counted in tries, ten a second: on a
# busy machine a try takes longer, as does what is waited for.
wait_for() {
	local left=$((10 * $1)) end=$((SECONDS + $1)); shift
	until "$@" >/dev/null 2>&1; do
		[ $((left--)) -gt 0 ] || [ $SECONDS -lt $end ] || fail "waited in vain for: $*"
		sleep 0.1
	done
}

tap_one() {
	local number=$1 name=$2 words status log bare=''
	words=${name#test_}; words=${words//_/ }
	[[ " ${TAP_TABLE[*]} " != *" $name "* ]] || bare=${TAP_COMPARES:-}
	TMP=$TAP_DIR/$number; TAP_SKIP=$TAP_DIR/$number.skip
	export TMP
	[ -n "$bare" ] || mkdir "$TMP"
	log=$TAP_DIR/$number.log
	(
		set -e
		declare -F setup >/dev/null && setup
		"$name"
	) >"$log" 2>&1
	status=$?	# not "|| status=": that would switch set -e off inside
	if declare -F teardown >/dev/null; then
		( teardown ) >>"$log" 2>&1 || { status=1; echo "teardown failed" >>"$log"; }
	fi
	if [ -z "$bare" ] && in_vm; then
		tap_complaints
		[ -z "$COMPLAINTS" ] || { status=1; echo "the kernel complained: $COMPLAINTS" >>"$log"; }
	fi
	if [ $status -ne 0 ]; then
		echo "not ok $number - $words"
		sed 's/^/# /' "$log"
		TAP_FAILED=1
	elif [ -s "$TAP_SKIP" ]; then
		echo "ok $number - $words # SKIP $(cat "$TAP_SKIP")"
	else
		echo "ok $number - $words"
	fi
	[ -n "$bare" ] || ! compgen -G "$TMP/*" >/dev/null || rm -rf "$TMP"
}

# tap_table FUNCTION 'NAME...' 'HOOK...': makes a test test_NAME_at_HOOK of each pair, which runs
# FUNCTION NAME HOOK. These are the cells of docs/support.md (tests/lib/support). TAP_COMPARES=1:
# they only compare what an earlier test has found, and need neither $TMP nor the kernel's log.
TAP_TABLE=()
tap_table() {
	local name hook
	for hook in $3; do
		for name in $2; do
			eval "test_${name}_at_$hook() { $1 $name $hook; }"
			TAP_TABLE+=("test_${name}_at_$hook")
		done
	done
}

# Runs every test_* function of the test file, in the order in which they stand there, and then
# those that tap_table made. With TAP_LIST set it says their names and runs nothing.
tap_run() {
	local names number=0 name
	mapfile -t names < <(sed -n 's/^\(test_[A-Za-z0-9_]*\)().*/\1/p' "$0")
	names+=("${TAP_TABLE[@]}")
	if [ -n "${TAP_LIST:-}" ]; then
		printf '%s\n' "${names[@]}"
		exit 0
	fi
	TAP_FAILED=0
	! in_vm || tap_complaints
	TAP_DIR=$(mktemp -d)
	trap 'rm -rf "$TAP_DIR"' EXIT
	echo "1..${#names[@]}"
	for name in "${names[@]}"; do
		number=$((number + 1))
		tap_one $number "$name"
	done
	exit $TAP_FAILED
}
