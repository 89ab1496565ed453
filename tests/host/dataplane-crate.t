#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The crate against its mock: unit tests, the examples of its documentation.
# shellcheck source=tests/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
RUSTC=${RUSTC:-/usr/bin/rustc}
RUSTDOC=${RUSTDOC:-/usr/bin/rustdoc}
HOST=$BUILD/host

test_crate_for_the_host_builds() { make -s host; }

test_unit_tests_pass() {
	"$RUSTC" --test --edition=2024 -O -L "$HOST" --extern "rex=$HOST/librex.rlib" \
		-o "$TMP/crate" dataplane/rex/tests/crate.rs
	"$TMP/crate" >"$TMP/log" 2>&1 || fail "$(cat "$TMP/log")"
	grep -Eq 'test result: ok\. [1-9][0-9]* passed; 0 failed; 0 ignored' "$TMP/log" || fail "$(cat "$TMP/log")"
}

test_examples_of_the_documentation_run() {
	RUSTC_BOOTSTRAP=1 REX_BINDINGS=$BUILD/sysroot/bindings.rs "$RUSTDOC" --test --edition=2024 --cfg rex_mock \
		--crate-name rex -L "$HOST" --extern "rex=$HOST/librex.rlib" \
		--extern "rex_macros=$HOST/librex_macros.so" dataplane/rex/src/lib.rs >"$TMP/log" 2>&1 ||
		fail "$(cat "$TMP/log")"
	# none is ignored: an example that does not run is no example
	grep -Eq 'test result: ok\. [1-9][0-9]* passed; 0 failed; 0 ignored' "$TMP/log" || fail "$(cat "$TMP/log")"
}

# As users see it, for the kernel; warnings (dead links, missing texts) are errors.
test_documentation_builds() {
	make -s doc >"$TMP/log" 2>&1 || fail "$(cat "$TMP/log")"
	[ -s "$BUILD/doc/rex/index.html" ]
	[ -s "$BUILD/doc/rex/prelude/index.html" ]
}

tap_run
