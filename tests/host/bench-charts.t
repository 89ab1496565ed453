#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# bench/report makes HTML and text of the sample JSON, and refuses JSON that its schema does not describe.
# shellcheck source=tests/lib/tap.sh disable=SC2317
. "$(dirname "$0")/../lib/tap.sh"

NAMES='insn native stream hitratio micro'

setup() {
	command -v gnuplot >/dev/null || skip "gnuplot is not installed"
	command -v jq >/dev/null || skip "jq is not installed"
	cp bench/report/sample/*.json "$TMP"
}

report() { bench/report/run "$TMP"; }
figure() { sed -n "/<figure id=\"$1\">/,/<\/figure>/p" "$TMP/report.html"; }

test_each_plot_has_its_data() {
	local name rows bars
	report
	for name in $NAMES; do
		rows=$(($(wc -l <"$TMP/$name.tsv") - 1))
		[ "$rows" -ge 2 ] || fail "$name: $rows rows"
		bars=$(figure $name | grep -c '<polygon' || :)
		[ "$bars" -ge "$rows" ] || fail "$name: $bars bars of $rows rows"
		contains "$(cat "$TMP/report.html")" "JSON: $name.json"
	done
	contains "$(grep '^get-hit-16-1000' "$TMP/insn.tsv")" $'817\t965\t585'
	contains "$(cat "$TMP/report.md")" "| get-hit-16-1000 | 817 | 965 | 585 |"
	contains "$(cat "$TMP/report.html")" "<td>get-hit-16-1000</td><td>817</td><td>965</td><td>585</td>"
	# 0 is not a count
	contains "$(cat "$TMP/report.md")" "| tcp-set-1000-other | - | - | 835 |"
	# a median has its range, in the table and as a line in the plot
	contains "$(cat "$TMP/report.md")" "| get-hit-16-32 | 20 [1 - 69] | 28 [6 - 56] |"
	eq "$(head -n 1 "$TMP/native.tsv")" "$(printf 'packet'; printf '\t%s\t%s_min\t%s_max' \
		ebpf{,,} ebpf_checked{,,} ebpf_c{,,} rex{,,})"
	[ "$(figure native | grep -c 'stroke-width="1.50"')" -ge 4 ] || fail "no whiskers"
	eq "$(figure insn | grep -c 'stroke-width="1.50"')" 0
	for name in host CPU mitigations kernel memcached commit load steal; do
		contains "$(cat "$TMP/report.html")" "<td>$name</td>"
	done
}

# One disturbed round has a range a thousand times as long as the bars.
test_a_disturbed_round_does_not_hide_the_bars() {
	sed -i 's/"rex_max":47.44/"rex_max":343991.3/; s/"rex_min":26.18/"rex_min":-343991.3/' "$TMP/native.json"
	report
	contains "$(cat "$TMP/report.md")" "[-343991.3 - 343991.3]"
	figure native | grep -qE '<text><tspan[^>]*> *(150|200|250)<' || fail "$(figure native | grep '<tspan')"
	if figure native | grep -qE '> *-?[0-9]{4,}<'; then fail "the axis reaches the disturbed round"; fi
}

test_the_page_is_complete_in_itself() {
	report
	if grep -iE '(https?:)?//[a-z]|<script|<link|<img|@import|url\(' "$TMP/report.html"; then
		fail "it refers to something else"
	fi
	eq "$(grep -c '<svg' "$TMP/report.html") $(grep -c '</svg>' "$TMP/report.html")" "5 5"
	contains "$(cat "$TMP/report.html")" "color-scheme: light dark"
	contains "$(cat "$TMP/report.html")" "@media print"
	eq "$(grep -o " id=['\"][^'\"]*" "$TMP/report.html" | sort | uniq -d)" ""
}

test_what_is_not_measured_is_named() {
	rm "$TMP/native.json"
	report
	contains "$(cat "$TMP/report.md")" "Not measured. make bench-native measures it."
	contains "$(cat "$TMP/report.html")" "Not measured. make bench-native measures it."
	eq "$(grep -c '<svg' "$TMP/report.html")" 4
}

refused() { # NAME SED-EXPRESSION PART
	cp bench/report/sample/*.json "$TMP"
	sed -i "$2" "$TMP/$1.json"
	refuses report
	contains "$REFUSAL" "$3"
	[ ! -e "$TMP/report.html" ] || fail "a report of that"
}

test_json_that_the_schema_does_not_describe_is_refused() {
	refused insn 's/"rex":467/"rex":"467"/' 'insn.json: .rows[0].rex: string, not number'
	refused insn 's/"rex":467/"rust":467/' '.rows[0].rust: not in schema.tsv'
	refused insn 's/,"rex":467//' '.rows[].rex: 17 times, of 18 rows'
	refused native 's/"unit":"ns",//' '.unit: 0 times'
	refused hitratio 's/"rex":[0-9.]*/"rex":null/' 'null, not number'
	refused stream 's/"rows":.*/"rows":[]}/' 'no rows'
	refused micro 's/]}$//' 'not JSON'
	refused insn 's/$/{}/' 'not JSON'
}

test_texts_are_escaped() {
	sed -i 's/"empty-xdp"/"<b>\&|"/' "$TMP/micro.json"
	report
	contains "$(cat "$TMP/report.html")" "<td>&lt;b&gt;&amp;|</td>"
	contains "$(cat "$TMP/report.md")" "| &lt;b&gt;&amp;\\| | 89"
}

# So that the schema has the units of all figures.
test_the_schema_has_types_and_units() {
	awk -F '\t' '/^#/ { next }
		NF != 5 || $3 !~ /^(string|number|boolean)[?]?$/ || $4 == "" || ($3 ~ /^number/ && $4 == "-") || $5 == "" {
			print; bad = 1 } END { exit bad }' bench/report/schema.tsv
}

test_quick_refuses_what_it_does_not_know() {
	refuses bench/report/quick --limit 0
	contains "$REFUSAL" "'0' is not a number"
	refuses bench/report/quick fast
	contains "$REFUSAL" "'fast': unknown option"
	refuses bench/report/run "$TMP/nowhere"
	contains "$REFUSAL" "make bench-quick"
}

tap_run
