#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The demo's table and report.json from made-up measurements: sums, medians, refusals.
# shellcheck source=tests/lib/tap.sh disable=SC2317,SC2086
. "$(dirname "$0")/../lib/tap.sh"

# samples WRONG EBPF_GETS EBPF_OWN_HITS
samples() {
	local row round rps
	for row in memcached ebpf rex; do
		round=0
		for rps in 300 100 200; do
			round=$((round + 1))
			printf "$row $round %s %s\n" rps $rps p50_us $((rps * 2)) p99_us $((rps * 3)) \
				sent 1000 received 1000 verified 1000 lost 0 wrong 0 missing 0 duplicate 0 \
				warm_wrong 0 warm_missing 0 warm_duplicate 0 flood_rps $rps flood_wrong 0
			case $row in
			memcached) printf "$row $round %s %s\n" gets 1000 own_hits 0 ;;
			ebpf) printf "$row $round %s %s\n" gets $2 own_hits $3 ;;
			rex) printf "$row $round %s %s\n" gets 40 own_hits 960 ;;
			esac
		done
	done
	[ $1 -eq 0 ] || echo "rex 3 missing $1"
}

report() { # INSN ROWS
	printf 'client a client\nkernel 6.12\naccel emulation\n' >"$TMP/facts"
	printf '{"rows":[{"packet":"get-hit-16-320","ebpf":1,"rex":1},%s]}' "$1" >"$TMP/insn"
	awk -v insn="$TMP/insn" -v json="$TMP/json" -v rows="$2" -f bench/demo/report.awk \
		"$TMP/samples" "$TMP/facts" >"$TMP/out"
}
INSN='{"packet":"get-hit-16-32","ebpf":500,"rex":400}'
ROWS=memcached,ebpf,rex

test_medians_sums_and_the_form_of_the_json() {
	samples 0 50 950 >"$TMP/samples"
	report "$INSN" $ROWS
	local json
	json=$(cat "$TMP/json")
	contains "$json" '{"rows":[{"name":"memcached","rps":200.0,"p50_us":400.00,"p99_us":600.00,"hit_ratio":0.0000,"lost":0,"wrong":0,"insn_per_hit":null,'
	contains "$json" '{"name":"ebpf","rps":200.0,"p50_us":400.00,"p99_us":600.00,"hit_ratio":0.9500,"lost":0,"wrong":0,"insn_per_hit":500,"verified":3000,'
	contains "$json" '{"name":"rex","rps":200.0,"p50_us":400.00,"p99_us":600.00,"hit_ratio":0.9600,"lost":0,"wrong":0,"insn_per_hit":400,'
	contains "$json" '"client":"a client","repeats":3,"kernel":"6.12"'
	contains "$(cat "$TMP/out")" "memcached + Rex BMC"
}

test_a_wrong_reply_fails() {
	samples 1 50 950 >"$TMP/samples"
	refuses report "$INSN" $ROWS
	contains "$(cat "$TMP/out")" "memcached + Rex BMC: 1 wrong replies"
	contains "$(cat "$TMP/json")" '"wrong":1,'
}

test_a_cache_that_does_not_serve_fails() {
	samples 0 150 850 >"$TMP/samples"
	refuses report "$INSN" $ROWS
	contains "$(cat "$TMP/out")" "eBPF BMC: hit ratio 0.85"
}

test_counters_that_contradict_each_other_fail() {
	samples 0 50 500 >"$TMP/samples"
	refuses report "$INSN" $ROWS
	contains "$(cat "$TMP/out")" "eBPF BMC: it counted 1500 hits, but memcached did not see 2850"
}

test_a_missing_instruction_count_fails() {
	samples 0 50 950 >"$TMP/samples"
	refuses report '{"packet":"get-miss-16","ebpf":500,"rex":400}' $ROWS
	contains "$(cat "$TMP/out")" "no instruction count"
}

test_a_silent_row_fails() {
	samples 0 50 950 | grep -v '^rex . verified' >"$TMP/samples"
	refuses report "$INSN" $ROWS
	contains "$(cat "$TMP/out")" "Rex BMC: no reply at all"
}

tap_run
