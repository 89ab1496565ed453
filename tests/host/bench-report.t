#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The demo's table and report.json from made-up measurements: sums, medians, ranges, refusals.
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
				warm_wrong 0 warm_missing 0 warm_duplicate 0 flood_rps $rps flood_wrong 0 \
				server_ns $((rps * 10000)) run_us $((rps * 20)) begin $((round * 100)) \
				end $((round * 100 + 10)) load 1.5 steal_ticks 0
			case $row in
			memcached) printf "$row $round %s %s\n" gets 1000 own_hits 0 xdp_mode none cache_bytes 0 ;;
			ebpf) printf "$row $round %s %s\n" gets $2 own_hits $3 ;;
			rex) printf "$row $round %s %s\n" gets 40 own_hits 960 ;;
			esac
			[ $row = memcached ] || printf "$row $round %s %s\n" xdp_mode native \
				xdp_mode_after native cache_bytes 92274688 map_bytes 92300000
			echo "$row $round complete 1"
		done
	done
	[ $1 -eq 0 ] || echo "rex 3 missing $1"
}

gets() {
	local i
	for i in 0 1 2; do
		printf '%s\t%s\t%s\t%s\t%s\n' memcached 35000 14700 $((20000 + i)) "" \
			ebpf 15000 14700 $((700 + i)) native rex 16000 14700 $((1900 + i)) native
	done
}

report() { # INSN ROWS
	printf 'client a client\nkernel 6.12\naccel emulation\nseed 7\nended %s\ncpus 2\n' "${ENDED:-}" >"$TMP/facts"
	printf '{"rows":[{"packet":"get-hit-16-320","ebpf":1,"rex":1},%s]}' "$1" >"$TMP/insn"
	printf '%s\n' '100 3.0 10' '110 5.0 30' '200 9.0 30' >"$TMP/host"
	[ -e "$TMP/gets" ] || gets >"$TMP/gets"
	awk -v insn="$TMP/insn" -v get="$TMP/gets" -v json="$TMP/json" -v rows="$2" -f bench/demo/report.awk \
		"$TMP/host" "$TMP/samples" "$TMP/facts" >"$TMP/out"
}
INSN='{"packet":"get-hit-16-32","ebpf":500,"rex":400}'
ROWS=memcached,ebpf,rex

test_medians_sums_and_the_form_of_the_json() {
	samples 0 50 950 >"$TMP/samples"
	report "$INSN" $ROWS
	local json
	json=$(cat "$TMP/json")
	perl -MJSON::PP -0777 -ne 'decode_json($_)' "$TMP/json"
	contains "$json" '{"rows":[{"name":"memcached","rps":200.0,"p50_us":400.00,"p99_us":600.00,"hit_ratio":0.0000,"lost":0,"wrong":0,"insn_per_hit":null,"insn_per_get":20001,"insn_per_get_range":[20000,20002],"xdp_mode":"none","cache_bytes":0,'
	contains "$json" '{"name":"ebpf","rps":200.0,"p50_us":400.00,"p99_us":600.00,"hit_ratio":0.9500,"lost":0,"wrong":0,"insn_per_hit":500,"insn_per_get":701,"insn_per_get_range":[700,702],"xdp_mode":"native","cache_bytes":92274688,"map_bytes":92300000,"server_cpu_us":2.000,"server_busy":0.500,"rps_range":[100.0,300.0],'
	contains "$json" '{"name":"rex","rps":200.0,"p50_us":400.00,"p99_us":600.00,"hit_ratio":0.9600,"lost":0,"wrong":0,"insn_per_hit":400,"insn_per_get":1901,'
	contains "$json" '"rounds":[{"round":1,"rps":300.0,"p50_us":600.00,"p99_us":900.00,"server_cpu_us":3.000,"server_busy":0.500,"flood_rps":300.0,"hit_ratio":0.9600,"xdp_mode":"native","begin":100,"end":110,"load":1.50,"steal_percent":0.00,"host_load":4.00,"host_steal_percent":1.00},{"round":2,"rps":100.0,'
	contains "$json" '"client":"a client","repeats":3,"seed":7,"ended_early":"","client_bound":"memcached alone, memcached + eBPF BMC, memcached + Rex BMC","kernel":"6.12"'
	contains "$(cat "$TMP/out")" "memcached + Rex BMC"
	contains "$(cat "$TMP/out")" "EMULATED"
	contains "$(cat "$TMP/out")" "Client-bound"
	grep -q '^  memcached + Rex BMC  *1901   \[1900 - 1902\]   10.5 times fewer$' "$TMP/out" || fail "$(cat "$TMP/out")"
}

test_rows_whose_ranges_overlap_are_not_ranked() {
	samples 0 50 950 >"$TMP/samples"
	report "$INSN" $ROWS
	eq "$(grep -c 'not ranked: ranges overlap$' "$TMP/out")" 6
	# and those that do not overlap are
	sed 's/^\(rex . rps \)/\19/' "$TMP/samples" >"$TMP/s"
	mv "$TMP/s" "$TMP/samples"
	report "$INSN" $ROWS
	contains "$(cat "$TMP/out")" "requests/s: memcached + Rex BMC better than memcached + eBPF BMC, 46.00 times"
	eq "$(grep -c 'not ranked: ranges overlap$' "$TMP/out")" 4
}

test_one_round_is_not_ranked() {
	samples 0 50 950 | grep ' 1 ' | sed 's/^\(rex . rps \)/\19/' >"$TMP/samples"
	report "$INSN" $ROWS
	contains "$(cat "$TMP/out")" "requests/s: memcached + eBPF BMC, memcached + Rex BMC: not ranked: one round only"
}

test_missing_rounds_still_give_a_table() {
	samples 0 50 950 | grep -v '^rex [23]\|^ebpf 3' >"$TMP/samples"
	ENDED="the VM used up its time" report "$INSN" $ROWS
	contains "$(cat "$TMP/out")" "Ended early: the VM used up its time"
	contains "$(cat "$TMP/json")" '"repeats":1,'
	grep -q '^memcached + Rex BMC .* 1$' "$TMP/out" || fail "$(cat "$TMP/out")"
	grep -q '^memcached + eBPF BMC .* 2$' "$TMP/out" || fail "$(cat "$TMP/out")"
	grep -q '^memcached alone .* 3$' "$TMP/out" || fail "$(cat "$TMP/out")"
}

test_a_row_without_any_round_fails_and_the_table_stands() {
	samples 0 50 950 | grep -v '^rex' >"$TMP/samples"
	refuses report "$INSN" $ROWS
	contains "$(cat "$TMP/out")" "memcached + Rex BMC: nothing was measured"
	contains "$(cat "$TMP/out")" "requests/s"
	grep -q '^memcached + eBPF BMC .* 3$' "$TMP/out" || fail "$(cat "$TMP/out")"
}

test_different_XDP_modes_fail() {
	samples 0 50 950 | sed '/^rex/s/native/generic/' >"$TMP/samples"
	refuses report "$INSN" $ROWS
	contains "$(cat "$TMP/out")" "Rex BMC: XDP mode generic, but memcached + eBPF BMC: native"
	contains "$(cat "$TMP/json")" '"xdp_mode":"generic"'
	# in one round only, after it only, or where instructions are counted
	samples 0 50 950 | sed '/^rex 2/s/native/generic/' >"$TMP/samples"
	refuses report "$INSN" $ROWS
	contains "$(cat "$TMP/out")" "XDP mode native generic"
	samples 0 50 950 | sed '/^ebpf 3 xdp_mode_after/s/native/none/' >"$TMP/samples"
	refuses report "$INSN" $ROWS
	samples 0 50 950 >"$TMP/samples"
	gets | sed '/^rex/s/native/generic/' >"$TMP/gets"
	refuses report "$INSN" $ROWS
	contains "$(cat "$TMP/out")" "XDP mode generic where instructions are counted"
}

test_unequal_memory_fails() {
	samples 0 50 950 | sed '/^rex . cache_bytes/s/92274688/268435456/' >"$TMP/samples"
	refuses report "$INSN" $ROWS
	contains "$(cat "$TMP/out")" "Rex BMC: cache of 268435456 bytes, but memcached + eBPF BMC: 92274688"
	samples 0 50 950 | sed '/^rex . map_bytes/s/92300000/120000000/' >"$TMP/samples"
	refuses report "$INSN" $ROWS
	contains "$(cat "$TMP/out")" "its maps take"
}

test_a_wrong_reply_fails() {
	local name
	samples 1 50 950 >"$TMP/samples"
	refuses report "$INSN" $ROWS
	contains "$(cat "$TMP/out")" "memcached + Rex BMC: 1 wrong replies"
	contains "$(cat "$TMP/json")" '"wrong":1,'
	for name in late_wrong stray duplicate warm_wrong flood_wrong; do
		{ samples 0 50 950; echo "rex 2 $name 1"; } >"$TMP/samples"
		refuses report "$INSN" $ROWS
		contains "$(cat "$TMP/out")" "memcached + Rex BMC: 1 wrong replies"
	done
}

test_a_lost_request_fails() {
	{ samples 0 50 950; echo "memcached 2 lost 3"; } >"$TMP/samples"
	refuses report "$INSN" $ROWS
	contains "$(cat "$TMP/out")" "memcached alone: 3 requests lost"
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
	gets | grep -v '^rex' >"$TMP/gets"
	refuses report "$INSN" $ROWS
	contains "$(cat "$TMP/out")" "Rex BMC: no instruction count for a whole GET"
}

test_a_silent_row_fails() {
	samples 0 50 950 | grep -v '^rex . verified' >"$TMP/samples"
	refuses report "$INSN" $ROWS
	contains "$(cat "$TMP/out")" "Rex BMC: no reply at all"
}

tap_run
