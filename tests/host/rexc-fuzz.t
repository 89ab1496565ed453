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
	make -s "$BUILD/tests/rexc/$1"
	(cd "$TMP" && "$BUILD/tests/rexc/$1" -max_total_time="$SECONDS_EACH" -max_len=32768 corpus)
}

test_token_scan() {
	mkdir "$TMP/corpus"
	for f in tests/rexc/*/*.rs; do cp "$f" "$TMP/corpus/${f//\//_}"; done
	fuzz fuzz_lexer
}

# A short run of "make test-tokens".
tokens() {
	"$TMP/fuzz_tokens" "$BUILD/tests/rexc/libtoken_dump.so" "$TMP" "$1" 100000 "$2"
}

test_made_up_programs_have_the_tokens_of_the_compiler() {
	make -s "$BUILD/tests/rexc/fuzz_tokens" "$BUILD/tests/rexc/libtoken_dump.so"
	cp "$BUILD/tests/rexc/fuzz_tokens" "$TMP"
	tokens 1 40
}

# planted FILE EDIT: with this edit in the scan a difference is found.
planted() {
	make -s "$BUILD/tests/rexc/libtoken_dump.so"
	cp dataplane/rexc/{lexer,scan,diag}.[ch] "$TMP"
	sed "$2" "dataplane/rexc/$1" >"$TMP/$1"
	! cmp -s "dataplane/rexc/$1" "$TMP/$1" || fail "nothing to plant in $1"
	cc -std=gnu11 -O2 -D_GNU_SOURCE -I"$TMP" -Idataplane/rexc -o "$TMP/fuzz_tokens" \
		tests/rexc/fuzz_tokens.c "$TMP"/{lexer,scan,diag}.c
	! tokens 1 200 >"$TMP/said" 2>&1 || fail "not found: $(cat "$TMP/said")"
	contains "$(cat "$TMP/said")" "a difference"
}

test_a_literal_without_its_suffix_is_a_difference() {
	planted lexer.c 's/if (name_at(lx, 0))$/if (0)/'
}

test_a_scan_that_misses_what_macros_make_is_a_difference() {
	planted scan.c 's/refuse(s, RULE_EXTERN_CRATE/if (0) &/'
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
