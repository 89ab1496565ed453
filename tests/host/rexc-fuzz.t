#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A few seconds of libFuzzer on the parsers of rexc and on the line table that it makes; run the targets longer by hand.
. "$(dirname "$0")/../lib/tap.sh"

SECONDS_EACH=${REXC_FUZZ_SECONDS:-5}

fuzz() {
	echo 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return d && n > 99; }' >"$TMP/try.c"
	${CLANG:-clang} -fsanitize=fuzzer,address -o "$TMP/try" "$TMP/try.c" 2>/dev/null ||
		skip "clang has no fuzzer runtime here (libclang-rt-dev)"
	make -s -C dataplane/rexc fuzz
	(cd "$TMP" && "$BUILD/tests/rexc/$1" -max_total_time="$SECONDS_EACH" -max_len=32768 corpus)
}

test_token_scan() {
	mkdir "$TMP/corpus"
	for f in tests/rexc/*/*.rs; do cp "$f" "$TMP/corpus/${f//\//_}"; done
	fuzz fuzz_lexer
}

test_object_checks() {
	mkdir "$TMP/corpus"
	rexc --check --keep "$TMP/kept" tests/rexc/accept/recursion.rs
	cp "$TMP"/kept/*.o "$TMP/corpus/"
	fuzz fuzz_object
}

test_line_table() {
	mkdir "$TMP/corpus"
	for p in recursion panics; do
		rexc --name p --keep "$TMP/$p" -o "$TMP/p.ko" tests/rexc/accept/$p.rs
		cp "$TMP/$p/linked.o" "$TMP/corpus/$p.o"
	done
	fuzz fuzz_lines
}

tap_run
