#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The accelerator's protocol pieces: the Rust unit tests, one line each.
. "$(dirname "$0")/../lib/tap.sh"

PROTO=$BUILD/tests/bmc-proto
[ -x "$PROTO" ] || { echo "1..0 # SKIP $PROTO is not built: make bmc"; exit 0; }

mapfile -t names < <("$PROTO" --list --format terse | sed -n 's/^\(.*\): test$/\1/p')
# A program without tests must not pass.
[ "${#names[@]}" -gt 0 ] || { echo "1..1"; echo "not ok 1 - the test program has tests"; exit 1; }
echo "1..${#names[@]}"
number=0 failed=0
for name in "${names[@]}"; do
	number=$((number + 1))
	if output=$("$PROTO" --exact "$name" 2>&1); then
		echo "ok $number - ${name#tests::}"
	else
		failed=1
		echo "not ok $number - ${name#tests::}"
		printf '%s\n' "$output" | sed 's/^/# /'
	fi
done
exit $failed
