#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Some seconds of libFuzzer on the accelerator's parsers: make fuzz-proto runs it longer.
. "$(dirname "$0")/../lib/tap.sh"
FUZZ=$BUILD/tests/bmc-proto-fuzz

setup() {
	echo 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return d && n > 99; }' >"$TMP/try.c"
	${CLANG:-clang} -fsanitize=fuzzer -o "$TMP/try" "$TMP/try.c" 2>/dev/null ||
		skip "clang has no fuzzer runtime here (libclang-rt-dev)"
	make "$FUZZ" >"$TMP/made" 2>&1 || fail "$(cat "$TMP/made")"
	mkdir "$TMP/new"
}

test_any_bytes() {
	"$FUZZ" -max_total_time="${BMC_FUZZ_SECONDS:-5}" -max_len=1000 -artifact_prefix="$TMP/" \
		"$TMP/new" bmc/proto/corpus >"$TMP/log" 2>&1 || fail "$(tail -n 30 "$TMP/log")"
	# It got somewhere: edges are counted, and there are many.
	cov=$(grep -o 'cov: [0-9]*' "$TMP/log" | tail -n 1 | cut -d' ' -f2)
	[ "$cov" -gt 700 ] || fail "$(tail -n 5 "$TMP/log")"
}

# A parser that is mistaken when a stream is cut is found in the same time.
test_a_mistake_is_found() {
	cp -r bmc/proto "$TMP/"
	sed -i "s/(_, 1, b'\\\\n') =>/(_, 1, _) =>/; s/self.value -= n.min/self.value -= (n \& 0xfffd).min/" \
		"$TMP/proto/request.rs"
	! cmp -s {bmc,"$TMP"}/proto/request.rs || fail "nothing to mistake"
	make PROTO="$TMP/proto" BUILD="$TMP/build" "$TMP/build/tests/bmc-proto-fuzz" \
		>"$TMP/made" 2>&1 || fail "$(cat "$TMP/made")"
	! "$TMP/build/tests/bmc-proto-fuzz" -max_total_time=60 -max_len=1000 -artifact_prefix="$TMP/" \
		"$TMP/new" bmc/proto/corpus >"$TMP/log" 2>&1 || fail "a mistake was not found"
	contains "$(cat "$TMP/log")" "assertion"
}

tap_run
