#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The accelerator and rexctl agree on what lies in the maps that both use.
. "$(dirname "$0")/../lib/tap.sh"

PROGRAM=$BUILD/tests/bmc-rex-host
[ -x "$PROGRAM" ] || { echo "1..0 # SKIP $PROGRAM is not built: make bmc"; exit 0; }

test_the_header_in_c_is_the_layout_in_rust() {
	"$BUILD/tests/bmc-shared" >"$TMP/c"
	"$PROGRAM" --exact tests::shared::say_what_is_shared --nocapture |
		grep -E '^[a-z0-9_]+ [0-9]' >"$TMP/rust.all"
	# what the test runner says begins with other words
	grep -vE '^(running|test) ' "$TMP/rust.all" >"$TMP/rust"
	grep -q '^counters [1-9]' "$TMP/c"
	diff "$TMP/c" "$TMP/rust"
}

# A field that the test forgets would not be compared.
test_every_field_is_compared() {
	sed -n '/^struct bmc_meta {/,/^};/s/^\t__[us][0-9]*\t\([a-z0-9_]*\).*;.*/\1/p' \
		bmc/shared.h >"$TMP/fields"
	"$BUILD/tests/bmc-shared" | sed -n 's/^\([a-z0-9_]*\) [0-9]* [0-9]*$/\1/p' >"$TMP/said"
	[ -s "$TMP/fields" ]
	diff "$TMP/fields" "$TMP/said"
}

tap_run
