#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The documents: what they show compiles, what they quote is what is said, and links lead somewhere.
. "$(dirname "$0")/../lib/tap.sh"

test_links_lead_to_files() {
	local doc link path
	for doc in README.md docs/*.md; do
		grep -oE '\]\([^)# ]+' "$doc" | sed 's/^](//' | sort -u >"$TMP/links"
		while read -r link; do
			case $link in http*) continue ;; esac
			path=$(dirname "$doc")/$link
			[ -e "$path" ] || echo "$doc: $link"
		done <"$TMP/links"
	done >"$TMP/dead"
	[ ! -s "$TMP/dead" ] || fail "$(cat "$TMP/dead")"
}

# | what | ``error`` | why | [name](test), ... |: the first test expects this error.
test_errors_of_the_safe_subset_are_those_of_the_tests() {
	local error file want n=0
	sed '/^## Every hole/q' docs/safe-subset.md | grep -F '](../tests/' | grep '^|' >"$TMP/rows"
	while IFS= read -r row; do
		error=$(awk -F ' [|] ' '{ print $2 }' <<<"$row" | sed -E 's/^`+ ?//; s/ ?`+$//')
		file=$(grep -oE '\]\(\.\./tests/[^)]*' <<<"$row" | head -1 | cut -c6-)
		want=$(sed -nE 's|.*//~ (ERROR: )?||p' "$file" | head -1)
		[ -n "$want" ] || fail "$file expects nothing"
		case $error in *"$want"*) ;; *) contains "$want" "$error" ;; esac
		n=$((n + 1))
	done <"$TMP/rows"
	[ "$n" -gt 35 ] || fail "only $n rows"
}

# [FILE](...): `test_name`, ...
test_tests_that_close_the_holes_exist() {
	local file name n=0
	sed -n '/^## Every hole/,/^## Out/p' docs/safe-subset.md |
		grep -oE '\(\.\./[a-z/-]*\.t\)|`test_[a-z_0-9]*`|`(compile-fail|rexc)/[^`]*`' >"$TMP/named"
	while read -r name; do
		case $name in
		\(*) name=${name#(../}; file=${name%)}; [ -e "$file" ] || fail "no $file" ;;
		\`test_*) name=${name//\`/}; grep -q "^$name()" "$file" || fail "$file has no $name" ;;
		*) compgen -G "tests/${name//\`/}" >/dev/null || fail "nothing is $name" ;;
		esac
		n=$((n + 1))
	done <"$TMP/named"
	[ "$n" -gt 20 ] || fail "only $n names"
}

test_the_safe_subset_names_every_program_that_is_refused() {
	local file
	for file in tests/rexc/refuse/*.rs tests/rexc/refuse/*/inner.* tests/rexc/refuse/outside.txt; do
		grep -qF "(../$file)" docs/safe-subset.md || echo "$file"
	done >"$TMP/missing"
	[ ! -s "$TMP/missing" ] || fail "$(cat "$TMP/missing")"
}

# <!-- FILE -->, then the file in a fence, without its first line (the license).
shown() { # FILE [DOCUMENT]
	awk -v file="$1" '$0 == "<!-- " file " -->" { want = 1; next }
	     want == 1 { want = /^```/ ? 2 : 0; next }
	     want == 2 && /^```/ { exit }
	     want == 2' "${2:-docs/from-ebpf.md}"
}

test_bmc_md_shows_its_client() {
	diff -u <(tail -n +2 docs/examples/udp_get.py) <(shown docs/examples/udp_get.py docs/bmc.md)
}

test_the_tutorial_shows_the_examples() {
	local file n=0
	for file in docs/examples/*/*.rs docs/examples/*/*.bpf.c; do
		diff -u <(tail -n +2 "$file") <(shown "$file") || fail "docs/from-ebpf.md does not show $file"
		n=$((n + 1))
	done
	[ "$n" -ge 7 ] || fail "only $n files"
}

test_examples_for_rex_build() {
	local dir n=0
	for dir in docs/examples/*/main.rs; do
		dir=${dir%main.rs} n=$((n + 1))
		rexc --name example -o "$TMP/example.ko" "$dir" 2>"$TMP/said" || fail "$dir: $(cat "$TMP/said")"
		[ ! -s "$TMP/said" ] || fail "$dir: $(cat "$TMP/said")"
	done
	[ "$n" -ge 4 ] || fail "only $n programs"
}

test_examples_for_ebpf_build() {
	local file
	for file in docs/examples/*/*.bpf.c; do
		"${CLANG:-clang}" -target bpf -O2 -g -Wall -Wextra -Werror \
			-I"/usr/include/$(cc -print-multiarch)" -c -o "$TMP/example.o" "$file"
	done
}

tap_run
