#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Programs of tests/compile-fail must not compile, for the reason that their first line names.
# One without a reason is the control: it must compile.
# shellcheck source=tests/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
RUSTC=${RUSTC:-/usr/bin/rustc}

compile() {
	local flags
	mapfile -t flags < <(sed '/^#/d' dataplane/target-flags)
	RUSTC_BOOTSTRAP=1 "$RUSTC" "${flags[@]}" --sysroot "$BUILD/sysroot" --extern rex --edition=2024 \
		-Zcrate-attr=no_std -Aunused_attributes -Zallow-features= -Funsafe_code --crate-name prog \
		--crate-type lib --emit=obj="$TMP/out.o" "$1" 2>&1
}

check() {
	local want out status=0
	want=$(sed -n '1s|^//~ ERROR: ||p' "$1")
	out=$(compile "$1") || status=$?
	if [ -z "$want" ]; then
		[ $status -eq 0 ] || fail "the control does not compile: $out"
		return
	fi
	[ $status -ne 0 ] || fail "compiles, but must not"
	contains "$out" "$want"
}

for program in tests/compile-fail/*.rs; do
	name=$(basename "$program" .rs)
	eval "test_$name() { check $program; }"
done

tap_run
