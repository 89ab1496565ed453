#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A machine that only runs Rex needs no lab: "make" calls nothing of it, and the packages of
# "make deps PROFILE=product" are enough for what it calls.
. "$(dirname "$0")/../lib/tap.sh"

# What make would do in a tree where nothing is built.
product() {
	mkdir "$TMP/headers"
	env -u MAKEFLAGS -u MAKELEVEL make -n V=1 BUILD="$TMP/build" KDIR="$TMP/headers" all
	rm -r "$TMP/headers"
}

# packages PROFILE...: one a line, with its alternatives
packages() {
	awk -v wanted=" $* " '/^\[/ { gsub(/[][]/, ""); on = index(wanted, " " $1 " "); next }
		{ sub(/#.*/, "") } on && NF' topology/deps/packages
}

# What comes with these packages: themselves, what they depend on, and what no Debian is without.
closure() { # FILE
	# shellcheck disable=SC2016 # of dpkg-query
	dpkg-query -W -f '${Package}\t${Essential}\t${Provides}\t${Pre-Depends}, ${Depends}\n' | perl -ne '
		BEGIN { @ARGV or exit; open my $f, "<", $ENV{LIST}; @todo = map { /[\w.+-]+/g } <$f> }
		chomp; my ($p, $essential, $provides, $depends) = split /\t/;
		s/\([^)]*\)|:\w+//g for $provides, $depends;
		$needs{$p} = [$depends =~ /[\w.+-]+/g];
		push @{$real{$_}}, $p for $provides =~ /[\w.+-]+/g;
		push @todo, $p if $essential eq "yes";
		END { while (defined($p = shift @todo)) {
			push @todo, @{$real{$p} // []};
			next if $seen{$p}++ || !$needs{$p};
			push @todo, @{$needs{$p}};
			print "$p\n";
		} }' -
}
come_with() { packages "$@" >"$TMP/list"; LIST=$TMP/list closure | sort -u; }

# owner FILE: the package that it is from
owner() {
	local file
	file=$(readlink -f "$1")
	dpkg -S "$file" 2>/dev/null || dpkg -S "${file#/usr}" 2>/dev/null || dpkg -S "/usr$file"
}

# The commands of a shell's text: what is where one can be.
commands() {
	perl -0777 -pe 's/\\\n/ /g; s/'"'[^']*'"'|"(\\.|[^"])*"/X/gs; s/[;|&(){}`]/\n/g' |
		sed -E 's/^[[:blank:]]+//; s/^((if|then|else|do|while|!|env|-u [A-Z]+|[A-Za-z_]+=[^ ]*)( +|$))+//' |
		awk 'NF { print $1 }' | sort -u
}

LAB='qemu|dpdk|rte_|cmocka|fsanitize|libfuzzer|\bspin\b|memcached|xdp-loader|shellcheck|mandoc|codespell|busybox|clippy|rustfmt|sparse'

test_make_names_no_tool_of_the_lab() {
	product >"$TMP/said"
	contains "$(cat "$TMP/said")" "bin/rexctl"
	contains "$(cat "$TMP/said")" "programs/rex_bmc.ko"
	lacks "$(cat "$TMP/said")" "$TOP/build/"
	eq "$(grep -ciE "$LAB" "$TMP/said")" 0
	# and these words are those of the lab
	make -n V=1 BUILD="$TMP/build" KDIR="$TMP" all bench check >"$TMP/said"
	contains "$(cat "$TMP/said")" -lcmocka
	contains "$(cat "$TMP/said")" -fsanitize=fuzzer
}

test_the_packages_of_the_product_have_no_tool_of_the_lab() {
	eq "$(packages product | grep -iE "$LAB")" ""
	# none of them in disguise, either
	come_with product >"$TMP/product"
	eq "$(grep -ciE '^(qemu|dpdk|libcmocka|memcached|xdp-tools|shellcheck|seabios)' "$TMP/product")" 0
	[ "$(packages vm bench test | wc -l)" -ge 25 ] || fail "$(packages vm bench test)"
}

test_the_packages_of_the_product_have_each_tool_that_make_calls() {
	local tool path package missing=''
	come_with product >"$TMP/product"
	product | commands >"$TMP/tools"
	# what rexc calls, and what kbuild does
	sed -nE 's/^\targs_add\(&args, "(ld|strip|make)"\);/\1/p' dataplane/rexc/module.c >>"$TMP/tools"
	printf '%s\n' /usr/bin/rustc pahole bc perl >>"$TMP/tools"
	for tool in cc clang bpftool bindgen rustc strip; do
		grep -qx "$tool\|.*/$tool" "$TMP/tools" || fail "$tool is not found: $(cat "$TMP/tools")"
	done
	while read -r tool; do
		path=$(type -P "$tool") || continue	# a word of the shell, or what is built here
		case $path in "$TMP"/* | "$BUILD"/* | [!/]*) continue ;; esac	# of the tree
		package=$(owner "$path" | sed 's/[:,].*//') || fail "no package has $path"
		grep -qx "$package" "$TMP/product" || missing+="$tool ($package) "
	done <"$TMP/tools"
	eq "$missing" ""
}

test_the_packages_of_the_product_have_each_library() {
	local library file package missing=''
	come_with product >"$TMP/product"
	product | grep -oE '(^| )-l[a-z]+' | tr -d ' ' | sort -u >"$TMP/libraries"
	[ "$(wc -l <"$TMP/libraries")" -ge 8 ] || fail "too few: $(cat "$TMP/libraries")"
	while read -r library; do
		file=$(realpath -s "$(cc -print-file-name="lib${library#-l}.so")")
		[ -e "$file" ] || file=$(realpath -s "$(cc -print-file-name="lib${library#-l}.a")")
		# the link that a package of headers has, not the library itself
		package=$(dpkg -S "$file" 2>/dev/null || dpkg -S "${file#/usr}") || fail "no package has $file"
		package=${package%%[:,]*}
		grep -qx "$package" "$TMP/product" || missing+="$library ($package) "
	done <"$TMP/libraries"
	eq "$missing" ""
}

test_an_unknown_profile_is_refused() {
	refuses topology/deps/install --check nosuch
	contains "$REFUSAL" "no profile 'nosuch' in topology/deps/packages; there are: product vm bench test"
	contains "$(make -n deps PROFILE=product)" "topology/deps/install product"
}

tap_run
