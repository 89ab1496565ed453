#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# How tests/run-kernels reads results. "make test-kernels" runs it for real.
. "$(dirname "$0")/../lib/tap.sh"

# shellcheck source=/dev/null
. tests/run-kernels

# tap LINE...: what a test file has left
tap() { printf '%s\n' "$@" >"$TMP/vm-bmc-rex.tap"; }

test_a_cell_is_ok_only_if_tests_have_passed() {
	tap 1..2 'ok 1 - a' 'ok 2 - b # SKIP no memcached'
	eq "$(result bmc-udp '' "$TMP")" "ok 1"
	tap 1..2 'ok 1 - a' 'not ok 2 - b'
	eq "$(result bmc-udp '' "$TMP")" FAILED
	tap 1..1 'ok 1 - b # SKIP no memcached'
	eq "$(result bmc-udp '' "$TMP")" FAILED
	rm "$TMP/vm-bmc-rex.tap"
	eq "$(result bmc-udp '' "$TMP")" FAILED
}

test_a_refusal_is_one_only_if_each_failure_gives_the_reason() {
	tap 'not ok 1 - a' '# x: is lazy' 'not ok 2 - b' '# so' '# y: is lazy'
	eq "$(result bmc-udp 'is lazy' "$TMP")" refused
	tap 'not ok 1 - a' '# x: is lazy' 'not ok 2 - b' '# oops'
	eq "$(result bmc-udp 'is lazy' "$TMP")" FAILED
	tap 'not ok 1 - a' '# oops' 'not ok 2 - b' '# x: is lazy'
	eq "$(result bmc-udp 'is lazy' "$TMP")" FAILED
	tap 'ok 1 - a'
	eq "$(result bmc-udp 'is lazy' "$TMP")" FAILED
	rm "$TMP/vm-bmc-rex.tap"
	eq "$(result bmc-udp 'is lazy' "$TMP")" FAILED
}

test_what_is_only_built_must_be_there() {
	mkdir -p "$TMP/kmod" "$TMP/tests/drivers" "$TMP/programs"
	touch "$TMP/kmod/rex.ko" "$TMP/tests/hooks.ko" "$TMP/tests/all_hooks.ko" "$TMP/tests/drivers/echo"
	eq "$(result hooks built "$TMP/tests/results")" FAILED
	touch "$TMP/programs/error_injector.ko"
	eq "$(result hooks built "$TMP/tests/results")" built
	rm "$TMP/kmod/rex.ko"
	eq "$(result hooks built "$TMP/tests/results")" FAILED
}

test_the_configuration_decides_what_is_refused() {
	echo CONFIG_PREEMPT_LAZY=y >"$TMP/config"
	eq "$(exception bmc-udp "$TMP/config")" ""
	eq "$(exception hooks "$TMP/config")" ""
	echo '# CONFIG_NET_9P is not set' >>"$TMP/config"
	eq "$(exception bmc-udp "$TMP/config" | cut -f 1)" built
	echo CONFIG_PREEMPT_RT=y >>"$TMP/config"
	contains "$(exception hooks "$TMP/config")" kmod-rt.t
	printf '%s\n' '# CONFIG_PREEMPT_RT is not set' CONFIG_NET_9P=m >"$TMP/config"
	eq "$(exception bmc-udp "$TMP/config")" ""
}

test_what_the_groups_need_can_be_built() {
	local needs
	needs=$(for group in $(group_names); do group_needs "$group"; done | tr ' ' '\n' | sort -u)
	contains "$needs" rex_bmc.ko
	# shellcheck disable=SC2046,SC2086 # names without blanks
	make --no-print-directory -n $(printf "$BUILD/%s " $needs) >/dev/null
}

test_the_table_and_its_status() {
	printf '%s\n' $'12\tload\tok 3\t' $'12\tbmc-udp\tok 4\t' $'13\tload\tok 3\t' $'13\tbmc-udp\trefused\tlazy' >"$TMP/cells"
	eq "$(table "$TMP/cells")" "\
kernel              load         bmc-udp
12                  ok 3         ok 4
13                  ok 3         refused (1)
(1) lazy"
	table "$TMP/cells" >/dev/null
	printf '14\tload\tFAILED\t\n' >>"$TMP/cells"
	refuses table "$TMP/cells"
	: >"$TMP/cells"
	refuses table "$TMP/cells"
}

# What a test takes from the build directory by its name is in its row.
test_the_table_names_what_its_tests_take() {
	local group file needs taken n=0
	while IFS=$'\t' read -r group file needs; do
		while read -r taken; do
			contains " $needs " " $taken "
			n=$((n + 1))
		done < <(grep -ohE '\$BUILD/(tests|programs|bench)/[A-Za-z0-9_./-]+' "$file" | cut -d/ -f2- | sort -u)
	done < <(grep . <<<"$GROUPS_TABLE")
	[ "$n" -ge 6 ] || fail "only $n files"
}

test_what_the_table_names_exists() {
	local group file
	for group in $(group_names); do
		[ -n "$(group_needs "$group")" ]
		for file in $(group_files "$group"); do [ -x "$file" ] || fail "$file"; done
	done
	refuses tests/run-kernels 11
	contains "$REFUSAL" "11: not one of 12 "
	refuses tests/run-kernels 12:load,luck
	contains "$REFUSAL" "luck: not one of load "
}

tap_run
