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

# One test per file: tap_run, which reads function names from this script, has nothing to read.
programs=(tests/compile-fail/*.rs)
TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT
echo "1..${#programs[@]}"
number=0
failed=0
for program in "${programs[@]}"; do
	number=$((number + 1))
	name="$number - $(basename "$program" .rs)"
	if why=$(check "$program"); then
		echo "ok $name"
	else
		failed=1
		echo "not ok $name"
		sed 's/^/# /' <<<"$why"
	fi
done
exit $failed
