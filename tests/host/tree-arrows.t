#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Which file uses which (tests/lib/arrows): none one of a room above it (docs/architecture.md, "The
# tree"), and no circle.
. "$(dirname "$0")/../lib/tap.sh"

# Of these, symbols count as well as includes. In the other folders with C, each main.c has what all
# of a test program use.
LINKED='dataplane/rexc control/cli control/librex control/rexctl bmc/daemon bmc/ebpf tests/lib/mc
	bench/lib bench/rexgen bench/mcload bench/live bench/demo bench/insn bench/native bench/micro'

arrows() {
	local folder objects=("$BUILD/kmod=kmod")
	for folder in $LINKED; do objects+=("$BUILD/obj/$folder=$folder"); done
	"$TOP/tests/lib/arrows" "$1" "${objects[@]}"
}

# What is wrong with the tree, if all of it was read.
look() {
	arrows "$TOP" >"$TMP/out" || :
	[ "$(sed -n 's/ arrows$//p' "$TMP/out")" -gt 1500 ] || fail "too few: $(cat "$TMP/out")"
}

test_no_file_uses_a_room_above() {
	look
	lacks "$(cat "$TMP/out")" "of a room above it"
}

test_no_circle_of_files() {
	look
	lacks "$(cat "$TMP/out")" "circle: "
}

# Each file of the tree that is linked is looked at, or has no object.
test_all_objects_are_there() {
	local folder file
	for folder in $LINKED; do
		for file in "$folder"/*.c; do
			case $file in *.bpf.c | */glue.c) continue ;; esac
			[ -e "$BUILD/obj/${file%.c}.o" ] || fail "no object of $file"
		done
	done
}

# plant FILE LINE: adds it to a file in a copy of the tree. tests/lib/arrows must refuse that copy.
plant() {
	[ -d "$TMP/kmod" ] || find kmod dataplane control bmc bench docs tests -name '*.[chS]' -o -name '*.rs' |
		cpio -pd --quiet "$TMP"
	[ -e "$TMP/$1" ] || fail "no $1"
	echo "$2" >>"$TMP/$1"
}
found() { # LINE
	refuses arrows "$TMP"
	eq "$(grep -v ' arrows$' <<<"$REFUSAL")" "$1"
}

test_an_include_of_a_room_above_is_found() {
	plant control/librex/genl.c '#include "../../bmc/daemon/why.h"'
	found "control/librex/genl uses bmc/daemon/why, of a room above it"
}

test_a_module_of_a_room_above_is_found() {
	plant dataplane/rex/src/errno.rs '#[path = "../../../bmc/rex/sum.rs"] mod sum;'
	found "dataplane/rex/src/errno.rs uses bmc/rex/sum.rs, of a room above it"
}

test_a_circle_of_includes_is_found() {
	plant bench/lib/samples.c '#include "tally.h"'
	found "circle: bench/lib/samples -> bench/lib/tally -> bench/lib/samples"
}

test_a_circle_of_modules_is_found() {
	plant dataplane/rex/src/task.rs 'use crate::{Result, kprobe::{Kprobe}};'
	found "circle: dataplane/rex/src/kprobe.rs -> dataplane/rex/src/task.rs -> dataplane/rex/src/kprobe.rs"
}

test_a_circle_of_symbols_is_found() {
	mkdir "$TMP/obj"
	cp "$BUILD"/obj/control/librex/*.o "$TMP/obj"
	echo 'int rex_open(void); int in_genl(void) { return rex_open(); }' |
		${CC:-cc} -c -x c -o "$TMP/more.o" -
	ld -r -o "$TMP/obj/genl.o" "$BUILD/obj/control/librex/genl.o" "$TMP/more.o"
	refuses "$TOP/tests/lib/arrows" "$TOP" "$TMP/obj=control/librex"
	contains "$REFUSAL" "circle: control/librex/genl -> control/librex/"
}

tap_run
