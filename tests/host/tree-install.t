#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make install gives a tree that works by itself, and the README's program is right.
. "$(dirname "$0")/../lib/tap.sh"

setup() { make --no-print-directory install DESTDIR="$TMP/root" >"$TMP/log" 2>&1 || fail "$(tail "$TMP/log")"; }

test_installed_rexc_builds_the_program_of_the_README() {
	sed -n '/^```rust$/,/^```$/{/^```/d;p}' README.md >"$TMP/count.rs"
	contains "$(cat "$TMP/count.rs")" '#[rex_xdp]'
	(cd "$TMP" && env -i PATH=/usr/bin:/bin "$TMP/root/usr/local/lib/rex/bin/rexc" count.rs)
	contains "$(modinfo -F depends "$TMP/count.ko")" rex
	contains "$(rexctl inspect "$TMP/count.ko")" COUNT
}

test_all_parts_are_there() {
	local release
	release=$(cat "$BUILD/kernel/default/release")
	for file in usr/local/bin/rexctl usr/local/bin/rex-bmc usr/local/bin/rexc usr/local/share/man/man8/rexctl.8 usr/local/share/man/man8/rex-bmc.8 \
		usr/local/share/man/man5/rex.conf.5 \
		usr/local/share/bash-completion/completions/rexctl \
		usr/local/lib/systemd/system/rex-bmc.service usr/local/lib/systemd/system/rex.service \
		usr/local/lib/rex/programs/rex_bmc.ko "lib/modules/$release/updates/rex.ko"; do
		[ -e "$TMP/root/$file" ] || [ -L "$TMP/root/$file" ] || fail "$file is missing"
	done
}

# Of the units, each program that they start is one that was installed.
test_units_start_what_is_installed() {
	local unit program
	for unit in "$TMP"/root/usr/local/lib/systemd/system/*.service; do
		grep -oE '^Exec[A-Za-z]+=-?[^ ]+' "$unit" | sed 's/.*=-*//' >"$TMP/programs"
		[ -s "$TMP/programs" ] || fail "$unit starts nothing"
		while read -r program; do [ -L "$TMP/root$program" ] || fail "$unit: $program"; done <"$TMP/programs"
	done
}

# And it removes what is there of Rex, nothing else.
test_uninstall_leaves_an_empty_tree() {
	touch "$TMP/root/usr/local/share/man/man8/other.8"
	make --no-print-directory uninstall DESTDIR="$TMP/root" >"$TMP/log" 2>&1 || fail "$(tail "$TMP/log")"
	eq "$(find "$TMP/root" -type f -o -type l)" "$TMP/root/usr/local/share/man/man8/other.8"
	refuses make --no-print-directory uninstall DESTDIR="$TMP/root"
	contains "$REFUSAL" "nothing is installed with this PREFIX and DESTDIR"
	make --no-print-directory install DESTDIR="$TMP/other" PREFIX=/opt/x >"$TMP/log" 2>&1 || fail "$(tail "$TMP/log")"
	[ -x "$TMP/other/opt/x/bin/rexctl" ] || fail "$(find "$TMP/other/opt")"
	make --no-print-directory uninstall DESTDIR="$TMP/other" PREFIX=/opt/x
	eq "$(find "$TMP/other" -mindepth 1)" ""
}
tap_run
