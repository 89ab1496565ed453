#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# librex exports what its header declares, and nothing else.
. "$(dirname "$0")/../lib/tap.sh"

HEADER=control/librex/include/rex/librex.h
ALL=$BUILD/lib

setup() {
	gcc -I"$(dirname "$HEADER")" -Ikmod/include/uapi -Ikmod/include -fsyntax-only -aux-info "$TMP/declared" -x c "$HEADER"
	sed -n 's|^/\* [^ ]*/librex\.h:[^(]*[ *]\(rex_[a-z0-9_]*\) (.*|\1|p' "$TMP/declared" | sort >"$TMP/header"
	[ "$(wc -l <"$TMP/header")" -gt 40 ] || fail "$(cat "$TMP/declared")"
}

test_version_script_lists_what_the_header_declares() {
	sed -n 's/^\t\t\(rex_.*\);$/\1/p' control/librex/librex.map >"$TMP/map"
	diff "$TMP/header" "$TMP/map" || fail "librex.h (<) and librex.map (>) differ"
}

test_shared_object_exports_the_API_alone() {
	nm -D --defined-only "$ALL/librex.so.0" | sed -n 's/.* T \(.*\)@@LIBREX_0\.1$/\1/p' | sort >"$TMP/so"
	diff "$TMP/header" "$TMP/so" || fail "librex.h (<) and librex.so.0 (>) differ"
	eq "$(nm -D --defined-only "$ALL/librex.so.0" | grep -v " T " | cut -d" " -f2-)" "A LIBREX_0.1"
	contains "$(readelf -d "$ALL/librex.so.0")" "soname: [librex.so.0]"
}

test_archive_hides_the_rest() {
	readelf -Ws "$ALL/librex.a" | awk '$5 == "GLOBAL" && $6 == "DEFAULT" && $7 != "UND" { print $8 }' | sort >"$TMP/a"
	diff "$TMP/header" "$TMP/a" || fail "librex.h (<) and librex.a (>) differ"
}

# That each function has a comment, make has seen.
test_reference_has_every_function_and_no_error() {
	mandoc -Tlint -Wwarning "$BUILD/share/man/man3/librex.3"
	sed -n 's/^\.Fo //p' "$BUILD/share/man/man3/librex.3" | sort >"$TMP/manual"
	diff "$TMP/header" "$TMP/manual" || fail "librex.h (<) and librex.3 (>) differ"
	contains "$(cat "$BUILD/share/man/man3/rex_attach.3")" "man3/librex.3"
	echo 'int rex_undocumented(void);' | cat "$HEADER" - >"$TMP/bad.h"
	refuses awk -f control/librex/reference.awk "$TMP/bad.h"
	contains "$REFUSAL" "rex_undocumented() has no doc comment"
}

# modinfo of rex.ko and of a program, the command's, the library's.
test_version_is_the_same_everywhere() {
	local version
	version=$(PKG_CONFIG_PATH=$ALL/pkgconfig pkg-config --modversion librex)
	eq "$(modinfo -F version "$BUILD/kmod/rex.ko")" "$version"
	eq "$(modinfo -F rexc "$BUILD/programs/xdp_count.ko")" "$version"
	eq "$("$BUILD/bin/rexc" --version)" "rexc $version"
}
tap_run
