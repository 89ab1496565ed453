#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The crate's packet parsers: packets built by hand, any bytes, and no way to panic.
# shellcheck source=tests/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
RUSTC=${RUSTC:-/usr/bin/rustc}
CLANG=${CLANG:-clang}
HOST=$BUILD/host

setup() { make -s host; }

test_packets_built_by_hand() {
	"$RUSTC" --test --edition=2024 -O -L "$HOST" --extern "rex=$HOST/librex.rlib" \
		-o "$TMP/net" dataplane/rex/tests/net.rs
	"$TMP/net" >"$TMP/log" 2>&1 || fail "$(cat "$TMP/log")"
	grep -Eq 'test result: ok\. [1-9][0-9]* passed; 0 failed; 0 ignored' "$TMP/log" || fail "$(cat "$TMP/log")"
}

# Overflow is checked, too. The seed is a good packet, so that the fuzzer gets past the headers.
test_any_bytes() {
	"$RUSTC" --edition=2024 -O -g -Cdebug-assertions -Coverflow-checks -Cpanic=abort --crate-type staticlib \
		-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
		-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
		-Cllvm-args=-sanitizer-coverage-trace-compares \
		-L "$HOST" --extern "rex=$HOST/librex.rlib" -o "$TMP/libfuzz.a" dataplane/rex/tests/fuzz_net.rs
	"$CLANG" -fsanitize=fuzzer -o "$TMP/fuzz" "$TMP/libfuzz.a" -lpthread -ldl -lm
	mkdir "$TMP/seeds"
	perl -e 'print pack "H*", "02000a4d000102000a4d000208004500002600010000" .
		"4011662a0a4d00020a4d000103e807d00012158d68656c6c6f2c20726578"' >"$TMP/seeds/udp"
	perl -e 'print pack "H*", "02000a4d000102000a4d0002810000058" . "6dd600000000012003c" .
		"01" x 16 . "02" x 16 . "1100000000000000" . "00350050000a0000" . "6f6b"' >"$TMP/seeds/ipv6"
	"$TMP/fuzz" -max_total_time=8 -max_len=300 -artifact_prefix="$TMP/" "$TMP/seeds" >"$TMP/log" 2>&1 ||
		fail "$(tail -n 30 "$TMP/log")"
	# It got somewhere: edges are counted, and there are many.
	[ "$(grep -o 'cov: [0-9]*' "$TMP/log" | tail -n 1 | cut -d' ' -f2)" -gt 60 ] || fail "$(tail -n 5 "$TMP/log")"
}

# A program without a way to panic does not import what ends one.
test_no_way_to_panic() {
	make "$BUILD/tests/packet_parse.ko" "$BUILD/tests/oob_panic.ko"
	nm -u "$BUILD/tests/oob_panic.ko" | grep -q rex_panic
	lacks "$(nm "$BUILD/tests/packet_parse.ko")" panic
}

tap_run
