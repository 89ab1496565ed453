#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# How topology/vm/kernel finds a kernel in apt's lists, with an apt of our own. "make test-kernels"
# fetches them for real.
. "$(dirname "$0")/../lib/tap.sh"

# kernel ARGUMENT...: topology/vm/kernel with an apt that lists $TMP/list and cannot download.
kernel() {
	mkdir -p "$TMP/bin"
	cat >"$TMP/bin/apt-get" <<-'END'
		#!/bin/sh
		echo "apt-get $*" >>"$TMP/calls"
		case "$*" in
		indextargets*) printf 'Debian/Debian http://a.invalid/debian/\nDebian/Debian-Security http://a.invalid/s/\n' ;;
		*update) ;;
		*) exit 100 ;;
		esac
	END
	cat >"$TMP/bin/apt-cache" <<-'END'
		#!/bin/sh
		case $1 in
		search) grep -E "$3" "$TMP/list" | sed 's/$/ - Linux for 64-bit PCs/' ;;
		show) sed -n "s/^$3 /Depends: /p" "$TMP/depends" ;;
		esac
	END
	chmod +x "$TMP/bin/"*
	PATH=$TMP/bin:$PATH BUILD=$TMP/build topology/vm/kernel "$@"
}

lists() {
	printf 'linux-image-%s\n' 6.1.176-amd64 6.12.9+deb13-amd64 6.12.90+deb13-amd64 6.12.90+deb13.1-amd64 \
		6.12.90+deb13.1-amd64-dbg 6.12.90+deb13.1-amd64-unsigned 6.120.1+deb13-amd64 7.3.4+deb13-amd64 \
		7.10.2+deb13-amd64 7.10.2+deb13-rt-amd64 7.10.10+deb13-cloud-amd64 8.0~rc1-amd64 amd64 >"$TMP/list"
	local rel
	for rel in 6.12.90+deb13.1 7.10.2+deb13; do
		echo "linux-headers-$rel-amd64 gcc-14-for-host, linux-headers-$rel-common (= 1), linux-kbuild-$rel"
	done >"$TMP/depends"
	echo "linux-image-7.10.2+deb13-amd64 linux-initramfs-tool, linux-base-7.10.2+deb13-amd64 (= 1)," \
		"linux-binary-7.10.2+deb13-amd64 (= 1), linux-modules-7.10.2+deb13-amd64 (= 1)" >>"$TMP/depends"
	echo "linux-headers-7.10.2+deb13-rt-amd64 linux-headers-7.10.2+deb13-common-rt (= 1), linux-kbuild-7.10.2+deb13" \
		>>"$TMP/depends"
}

test_the_newest_of_a_suite_is_found_with_all_its_packages() {
	lists
	refuses kernel 13-backports
	contains "$REFUSAL" "fetching Debian's 7.10.2+deb13-amd64"
	eq "$(grep -m1 download "$TMP/calls" | sed 's/.*download //')" "linux-image-7.10.2+deb13-amd64 \
linux-headers-7.10.2+deb13-amd64 linux-headers-7.10.2+deb13-common linux-kbuild-7.10.2+deb13 \
linux-base-7.10.2+deb13-amd64 linux-binary-7.10.2+deb13-amd64 linux-modules-7.10.2+deb13-amd64"
	contains "$(cat "$TMP/build/kernel/.apt/13-backports/sources.list")" "http://a.invalid/debian/ trixie-backports main"
}

test_the_newest_of_a_series_and_of_a_flavour_is_found() {
	lists
	refuses kernel 6.12
	contains "$REFUSAL" "fetching Debian's 6.12.90+deb13.1-amd64"
	refuses kernel 13-rt
	contains "$REFUSAL" "fetching Debian's 7.10.2+deb13-rt-amd64"
	eq "$(sed -E 's/.*\] //' "$TMP/build/kernel/.apt/13/sources.list")" \
		"http://a.invalid/debian/ trixie main"$'\n'"http://a.invalid/s/ trixie-security main"
}

test_what_is_no_kernel_is_refused() {
	lists
	refuses kernel 14
	contains "$REFUSAL" "no kernel '14'"
	refuses kernel sid
	contains "$REFUSAL" "'sid' is neither a series, a suite nor a release"
	refuses kernel 13-cloud # has no headers in these lists
	contains "$REFUSAL" "no kernel '13-cloud' with headers in Debian 13"
}

test_update_looks_again_although_there_is_one() {
	lists
	mkdir -p "$TMP/build/kernel/13"
	echo old >"$TMP/build/kernel/13/release"
	eq "$(kernel 13)" old
	[ ! -e "$TMP/calls" ]
	refuses kernel --update 13
	contains "$REFUSAL" "fetching Debian's 7.10.2+deb13-amd64"
}

tap_run
