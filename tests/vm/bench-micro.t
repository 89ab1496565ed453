#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What the primitives cost against eBPF, in instructions: exact, hence with thresholds.
# vm: --icount
# shellcheck source=tests/lib/tap.sh disable=SC2317
. "$(dirname "$0")/../lib/tap.sh"
export REX_KO="$BUILD/kmod/rex.ko"
ROWS=/tmp/micro.rows

test_the_benchmarks_run_and_their_results_are_right() {
	"$BUILD/bench/micro/micro" insn "$BUILD/bench/micro" >$ROWS.part 2>$ROWS.said || fail "$(cat $ROWS.said)"
	mv $ROWS.part $ROWS
}

# a figure that half of the rounds do not agree with is no count
test_the_counts_are_exact() {
	local vague
	vague=$(sed -n 's/.* \([0-9]*\) counts vague$/\1/p' $ROWS.said)
	[ "$vague" -le 10 ] || fail "$(cat $ROWS.said)"
}

# the one that the verifier refuses is the only one
test_every_row_has_both_figures() {
	eq "$(awk -F '\t' '$1 == "row" && ($3 == "null" || $4 == "null") { print $2 }' $ROWS)" functions-8
	eq "$(grep -c '^row	depth-[0-9]' $ROWS)" 33
	contains "$(grep '^row	functions-8' $ROWS)" "eBPF: "
}

test_what_is_required_holds() {
	awk -f bench/micro/required.awk $ROWS
}

tap_run
