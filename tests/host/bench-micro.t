#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The micro-benchmarks' JSON and requirements from made-up rows.
# shellcheck source=tests/lib/tap.sh disable=SC2317
. "$(dirname "$0")/../lib/tap.sh"

# rows NAME EBPF REX [WHY]...: all that is required holds, but for the rows given
rows() {
	printf 'kernel\t6.12\n'
	{
		[ $# -eq 0 ] || printf '%s\t%s\t%s\t%s\n' "$@"
		printf '%s\t%s\t%s\t\n' empty-xdp 89 109 empty-fentry 130 190 empty-fexit 191 251 \
			empty-raw_tracepoint 138 198 empty-tc 87 140 empty-cgroup_skb 87 140 \
			empty-kprobe 361 414 empty-tracepoint 447 500 array-lookup 14 14 array-lookup-first 17 17 \
			hash-lookup 150 165 spin-lock-unlock 40 40 depth-33 900 300
	} | awk -F '\t' '!seen[$1]++ { print "row\t" $0 }'
}

required() { awk -f bench/micro/required.awk; }

test_requirements_hold_at_their_limits() { rows | required; }

fails_with() { # ROW EBPF REX
	local status=0 out
	out=$(rows "$@" '' | required) || status=$?
	eq "$status" 1
	eq "$(echo "$out" | grep -c FAILS:)" 1
	contains "$out" "$3"
}
test_an_empty_program_of_21_more_fails() { fails_with empty-xdp 89 110; }
test_an_empty_program_at_another_hook_fails() { fails_with empty-fexit 191 252; fails_with empty-tc 87 141; }
test_a_slower_array_fails() { fails_with array-lookup 14 14.5; }
test_a_slower_hash_table_fails() { fails_with hash-lookup 150 165.1; }
test_a_slower_lock_fails() { fails_with spin-lock-unlock 40 41; }
test_recursion_over_a_third_fails() { fails_with depth-33 900 300.5; }
test_a_missing_figure_fails() { fails_with hash-lookup null 5; fails_with hash-lookup 5 null; }
test_no_rows_at_all_fail() { if required </dev/null >"$TMP/out"; then fail "$(cat "$TMP/out")"; fi; }

test_the_json_is_what_it_says() {
	rows odd null 5 'eBPF: says "no" \ here' >"$TMP/insn"
	rows odd null 7.25 '' | sed '/array-lookup/d' >"$TMP/ns"
	awk -v json="$TMP/json" -v accel=tcg -v kernel=6.12 -f bench/micro/report.awk "$TMP/insn" "$TMP/ns" >"$TMP/table"
	perl -MJSON::PP -e '
		local $/;
		my $j = decode_json(<STDIN>);
		my %r = map { $_->{name} => $_ } @{$j->{rows}};
		my $o = $r{odd};
		print join("|", $j->{kernel}, $j->{accel}, scalar @{$j->{rows}}, $r{"empty-xdp"}{rex_insn},
			map { defined $_ ? $_ : "null" } @$o{qw(ebpf_insn rex_insn ebpf_ns rex_ns why)},
			$r{"array-lookup"}{ebpf_insn}, $r{"array-lookup"}{ebpf_ns}), "\n"' <"$TMP/json" >"$TMP/seen"
	eq "$(cat "$TMP/seen")" '6.12|tcg|14|109|null|5|null|7.25|eBPF: says "no" \ here|14|null'
	contains "$(cat "$TMP/table")" "empty-xdp"
	eq "$(wc -l <"$TMP/table")" 15
}

tap_run
