#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A short run of bmc/tests/judge: "make test-consistency" is the whole one.
# vm: --mem 1536
. "$(dirname "$0")/../lib/tap.sh"

# judge NAME OPERATIONS PHASES: sets STATUS to the client's exit status.
judge() {
	STATUS=0
	bmc/tests/judge/guest "$1" "$2" "$TMP/$1.json" --phases "$3" >"$TMP/out" 2>&1 || STATUS=$?
	cat "$TMP/out"
}
figure() { sed -n "s/^[^[]*\"$2\":\([0-9.]*\),.*/\1/p" "$TMP/$1.json"; }

test_memcached_alone_is_consistent() {
	judge memcached 16000 mix,split,flush,netem
	eq "$STATUS" 0
	[ "$(figure memcached operations)" -ge 5000 ] || fail "hardly anything happened"
}

test_the_ebpf_accelerator_is_found_to_be_stale() {
	judge ebpf 16000 mix
	eq "$STATUS" 1
	[ "$(figure ebpf stale)" -gt 0 ] || fail "nothing stale"
}

test_rex_is_consistent() {
	judge rex 14000 warm,hot,mix,split,flush
	eq "$STATUS" 0
	[ "$(figure rex operations)" -ge 8000 ] || fail "hardly anything happened"
	awk -v hits="$(figure rex hit_ratio)" 'BEGIN { exit !(hits > 0.2) }' || fail "hardly anything was accelerated"
}

tap_run
