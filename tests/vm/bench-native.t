#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# bench/native: every program gives the right frames, and each packet has a row. In a VM because the
# machine that runs the tests may not load BPF programs.
. "$(dirname "$0")/../lib/tap.sh"

test_every_packet_has_a_row() {
	bench/native/run --rounds 3 >"$TMP/table"
	python3 - "$BUILD/bench/native.json" <<-'END' || fail "$(cat "$BUILD/bench/native.json")"
		import json, sys
		report = json.load(open(sys.argv[1]))
		rows = {row["packet"]: row for row in report["rows"]}
		hits = ["get-hit-16-32", "get-hit-16-100", "get-hit-16-1000", "get-hit-64-32", "get-hit-64-1000"]
		assert list(rows) == hits + ["get-miss-16", "get-miss-64", "tcp-set-1000", "tcp-ack", "udp-other"]
		assert report["rounds"] == 3 and report["unit"] == "ns"
		for row in rows.values():
		    for name in "ebpf", "ebpf_checked", "ebpf_c", "rex":
		        assert row[name + "_min"] <= row[name] <= row[name + "_max"], row
	END
	contains "$(cat "$TMP/table")" get-hit-64-1000
}

test_nonsense_is_refused() {
	refuses bench/native/run --rounds 0
	contains "$REFUSAL" "--rounds needs a number"
	refuses bench/native/run --fast
	contains "$REFUSAL" "unknown option"
}

# Equal work: 18 variants of a request, of which both answer the same three.
test_the_checked_ebpf_program_makes_the_checks_of_rex() {
	local said
	said=$("$BUILD/bench/native/native" checks "$BUILD/bmc/bmc.bpf.o" "$BUILD/bmc/bmc_checked.bpf.o")
	eq "$(grep -c 'both answer$' <<<"$said") $(grep -c 'both pass$' <<<"$said")" "3 15"
	# without its checks, it answers what it must not
	refuses "$BUILD/bench/native/native" checks "$BUILD/bmc/bmc.bpf.o" "$BUILD/bmc/bmc.bpf.o"
	contains "$REFUSAL" "verdict 3, expected 2"
}
tap_run
