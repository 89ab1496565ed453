#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make knows what each file was built from. Needs a tree that is built: make all bench check.
. "$(dirname "$0")/../lib/tap.sh"

# stale FILE: what a change of FILE makes stale, relative to the build folder.
stale() { make -n -W "$1" all bench check | sed -n "s/^echo '  [A-Z]*\t\(.*\)';.*/\1/p"; }

# rebuilds FILE OUTPUT...: a change of FILE rebuilds these.
rebuilds() {
	local file=$1 found
	shift
	found=$(stale "$file")
	for output; do
		grep -qx "$output" <<<"$found" || fail "a change of $file does not rebuild $output: $found"
	done
}

test_a_second_make_has_nothing_to_do() {
	make -q all bench check || fail "$(make -n all bench check)"
}

test_a_header_rebuilds_all_that_reads_it() {
	rebuilds control/librex/include/rex/librex.h lib/librex.a bin/rexctl tests/control-elf \
		tests/control-target-fuzz bench/micro/micro bench/insn/insn
	rebuilds kmod/include/rex_prog.h kmod/rex.ko bin/rexc tests/cprog/cprog.ko \
		sysroot/lib/rustlib/x86_64-unknown-none/lib/librex.rlib programs/hello.ko
	rebuilds bmc/ebpf/bmc.h bmc/bmc.bpf.o bmc/bmc.skel.h bin/ebpf-bmc bench/insn/insn
}

test_a_source_in_a_folder_of_a_program_rebuilds_it() {
	rebuilds bmc/rex/track/rules.rs programs/rex_bmc.ko tests/bmc-rex-host
	rebuilds bmc/proto/request.rs tests/bmc-proto tests/bmc-proto-agree tests/bmc-proto-fuzz
	rebuilds bmc/rex/../proto/request.rs programs/rex_bmc.ko tests/bmc-rex-host
	rebuilds dataplane/rex/src/lib.rs programs/hello.ko host/librex.rlib
}

test_a_change_of_one_room_leaves_the_others_alone() {
	lacks "$(stale control/rexctl/main.c)" programs/
	lacks "$(stale control/rexctl/main.c)" bin/rexc$'\n'
	lacks "$(stale bmc/rex/main.rs)" bin/
}

# Not those that kbuild, the crate's rules, tests and topology/vm compile.
# Nor the phrases of docs/from-ebpf.md, and what docs-examples.t builds against an installed tree.
test_every_source_is_known_to_a_compiler() {
	local unknown
	find "$BUILD"/obj* -name '*.d' -exec cat {} + | tr -d '\\' | tr ' :' '\n\n' | sort -u |
		xargs realpath -ms --relative-to . >"$TMP/read"
	unknown=$(git ls-files '*.h' '*.c' '*.rs' '*.S' | grep -vE '^(kmod|topology|dataplane/rex|tests/rexc|tests/compile-fail|tests/programs/cprog|docs/examples/(phrases|count_packets))/' |
		grep -vxF -f "$TMP/read" || :)
	eq "$unknown" dataplane/rexc/glue.c
}

test_make_n_changes_nothing() {
	touch "$TMP/before"
	make -n -W kmod/main.c -W tests/programs/cprog/cprog.c all bench check >"$TMP/said"
	contains "$(cat "$TMP/said")" kmod/rex.ko
	eq "$(find "$BUILD" -path "$BUILD/tests/results" -prune -o -newer "$TMP/before" -type f -print)" ""
}

# rexc's own list: a folder that is new, and a file that no module names.
test_rexc_lists_what_a_program_was_built_from() {
	mkdir -p "$TMP/prog/tables/deep"
	cp dataplane/samples/hello/main.rs "$TMP/prog/main.rs"
	printf '\npub mod tables;\n' >>"$TMP/prog/main.rs"
	echo 'pub mod deep;' >"$TMP/prog/tables/mod.rs"
	echo 'pub const TEXT: &str = include_str!("a $b #c.txt");' >"$TMP/prog/tables/deep/mod.rs"
	echo text >"$TMP/prog/tables/deep/a \$b #c.txt"
	cd "$TMP" || return
	rexc --name prog --depfile prog.d -o prog.ko prog
	printf 'prog.ko: ; false\ninclude prog.d\n' >Makefile
	make -q || fail "stale at once: $(cat prog.d)"
	for file in prog/main.rs prog/tables/deep/mod.rs "prog/tables/deep/a \$b #c.txt"; do
		make -n -W "$file" | grep -q false || fail "$file is not in the list: $(cat prog.d)"
	done
	rm prog/tables/deep/mod.rs
	make -n >said 2>&1 || fail "a file that is gone stops make: $(cat said)"
	contains "$(cat said)" false
	refuses rexc --depfile no/such/folder.d -o prog.ko "$TOP/dataplane/samples/hello"
	contains "$REFUSAL" "no/such/folder.d: error: cannot write the dependencies here"
}

tap_run
