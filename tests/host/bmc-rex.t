#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The accelerator as a whole, frames in and frames out, against the crate's mock of rex.ko: the
# Rust unit tests, one line each.
. "$(dirname "$0")/../lib/tap.sh"

PROGRAM=$BUILD/tests/bmc-rex-host
[ -x "$PROGRAM" ] || { echo "1..0 # SKIP $PROGRAM is not built: make bmc"; exit 0; }

# Those of the protocol are in it too, and in bmc-proto.t.
mapfile -t names < <("$PROGRAM" --list --format terse | sed -n 's/^\(.*\): test$/\1/p' | grep -v '^proto::')
# A program without tests must not pass.
[ "${#names[@]}" -gt 0 ] || { echo "1..1"; echo "not ok 1 - the test program has tests"; exit 1; }
echo "1..${#names[@]}"
number=0 failed=0
for name in "${names[@]}"; do
	number=$((number + 1))
	words=${name/tests::/}; words=${words/::/: }; words=${words//_/ }
	if output=$("$PROGRAM" --exact "$name" 2>&1); then
		echo "ok $number - $words"
	else
		failed=1
		echo "not ok $number - $words"
		printf '%s\n' "$output" | sed 's/^/# /'
	fi
done
exit $failed
