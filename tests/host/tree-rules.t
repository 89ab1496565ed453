#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What holds for the whole tree.
. "$(dirname "$0")/../lib/tap.sh"

# Programs that must be refused, or that only talk about it, are in these two.
rust_files() { find bmc dataplane docs tests -name '*.rs' -not -path 'tests/rexc/*' -not -path 'tests/compile-fail/*'; }

test_no_unsafe_outside_the_crate() {
	local found
	# libFuzzer calls a C function with a pointer.
	found=$(rust_files | grep -Ev '^(dataplane/rex/|bmc/tests/agree/fuzz\.rs$)' | xargs grep -nw unsafe || :)
	eq "$found" ""
}

test_every_unsafe_block_has_a_SAFETY_comment() {
	# clippy knows what a block is; the deny list is only about this
	make -s "$BUILD/sysroot/lib/rustlib/x86_64-unknown-none/lib/librex.rlib"
	local sysroot=$BUILD/sysroot flags
	mapfile -t flags < <(sed '/^#/d' dataplane/target-flags)
	REX_BINDINGS=$sysroot/bindings.rs RUSTC_BOOTSTRAP=1 /usr/bin/clippy-driver --crate-name rex \
		--crate-type rlib --edition=2024 --emit=metadata "${flags[@]}" \
		--sysroot "$sysroot" --extern rex_macros --out-dir "$TMP" --cap-lints warn \
		-Aclippy::all -Wclippy::undocumented_unsafe_blocks -Wclippy::missing_safety_doc \
		dataplane/rex/src/lib.rs 2>"$TMP/out" || fail "$(cat "$TMP/out")"
	lacks "$(cat "$TMP/out")" 'missing a safety comment'
	lacks "$(cat "$TMP/out")" 'missing_safety_doc'
	# and that the lint works at all
	echo 'pub fn f(p: *const u8) -> u8 { unsafe { *p } }' >"$TMP/bad.rs"
	/usr/bin/clippy-driver --crate-type rlib --edition=2024 --emit=metadata --out-dir "$TMP" \
		-Wclippy::undocumented_unsafe_blocks "$TMP/bad.rs" 2>"$TMP/out" || :
	contains "$(cat "$TMP/out")" 'missing a safety comment'
}

test_every_source_file_names_its_license() {
	local found
	found=$(git ls-files '*.c' '*.h' '*.S' '*.rs' '*.t' '*.sh' '*Makefile' '*.md' 2>/dev/null |
		xargs -r -d '\n' grep -L 'SPDX-License-Identifier: GPL-2.0-only' || :)
	eq "$found" ""
}

test_shell_scripts_are_clean() {
	local files
	files=$(grep -lE '^#!/bin/(ba)?sh' -r topology tests bench bmc .ci dataplane control --include='*' | grep -v '\.o$')
	# SC1091: sourced files; SC2317, SC2329: test functions are called by name
	# shellcheck disable=SC2086 # a list of files
	shellcheck -S warning -e SC1091,SC2317,SC2329 $files
}

# Tabs, and nothing behind the text. .clang-format says why it is not more.
test_c_is_indented_with_tabs() {
	local files
	mapfile -t files < <(git ls-files '*.c' '*.h' '*.S')
	[ "${#files[@]}" -gt 200 ] || skip "not a git repository: no list of files"
	eq "$(grep -nE '[[:blank:]]+$|^ {8}' "${files[@]}")" ""
}

# All but the seed's example, whose every byte is given.
test_rust_is_formatted() {
	rust_files | grep -v '^dataplane/samples/error_injector/' | xargs /usr/bin/rustfmt --edition 2024 --check
}
tap_run
