#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: --icount
# Instructions per packet of the Rex accelerator: no more than was counted before.
. "$(dirname "$0")/../lib/tap.sh"
TAP_COMPARES=1	# tap.sh: the other tests only compare what the first has found
export TAP_COMPARES

ROWS=$(sed -n 's/^\([a-z][a-z0-9-]*\)	.*/\1/p' bench/insn/exact.tsv)
for row in $ROWS; do
	name=test_${row//-/_}_keeps_its_limit
	eval "$name() { keeps $row; }"
	TAP_TABLE+=("$name")
done

keeps() {
	awk -F '\t' -f bench/insn/exact.awk <(grep "^$1	" bench/insn/exact.tsv) "$TAP_DIR/rows" && return
	# Of the rows that it knows: which functions grew.
	bench/insn/profile --against bench/insn/functions.tsv "$1" || :
	return 1
}

test_all_rows_are_counted() {
	bench/insn/run --in-vm | grep -E '^[a-z0-9-]+	[0-9]+	[0-9]+	[0-9]+' >"$TAP_DIR/rows"
	for row in $ROWS; do
		grep -q "^$row	" "$TAP_DIR/rows" || fail "$row is not counted"
	done
}
tap_run
