#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The accelerator's parser and a real memcached, given the same bytes: make test-proto asks longer.
. "$(dirname "$0")/../lib/tap.sh"
RUSTC=${RUSTC:-/usr/bin/rustc}
AGREE=$BUILD/tests/bmc-proto-agree

setup() {
	type memcached >/dev/null || skip "memcached is not installed: make deps"
	[ -x "$AGREE" ] || skip "$AGREE is not built: make bmc"
}

test_streams_of_commands_mean_the_same_to_memcached() {
	"$AGREE" --streams 6000 --gets 5000 >"$TMP/log" || fail "$(cut -c1-3000 "$TMP/log")"
	contains "$(cat "$TMP/log")" "agreed on 6000 streams"
	# of every kind of command
	for op in Set Add Replace Append Prepend Cas Delete Incr Decr Touch Meta{Set,Get,Delete,Arith}; do
		grep -Eq "[ ,]$op [1-9][0-9]+" "$TMP/log" || fail "no $op"$'\n'"$(cat "$TMP/log")"
	done
	cat "$TMP/log"
}

# mistaken FILE SED_SCRIPT: the same with a mistake in the parser, which must come out.
mistaken() {
	cp -r bmc/proto "$TMP/proto"
	sed -i "$2" "$TMP/proto/$1"
	! cmp -s "bmc/proto/$1" "$TMP/proto/$1" || fail "nothing to mistake in $1: $2"
	"$RUSTC" --edition=2024 --crate-type lib --crate-name bmc_proto -o "$TMP/libbmc_proto.rlib" "$TMP/proto/lib.rs"
	"$RUSTC" --edition=2024 --extern bmc_proto="$TMP/libbmc_proto.rlib" -o "$TMP/agree" bmc/tests/agree/agree.rs
	refuses "$TMP/agree" --streams 20000 --seed 1
	contains "$REFUSAL" "$3"
}

test_a_command_without_its_effect_is_found() {
	mistaken text.rs 's/sink.effect(Effect { op: Op::Delete.*//' "has changed"
}

test_a_wrong_expiry_is_found() {
	mistaken meta.rs 's/let exptime = Some(flags.exptime.unwrap_or(0));/let exptime = Some(0);/' "has another expiry"
}

test_a_wrong_end_of_a_command_is_found() {
	mistaken binary.rs 's/Next::Value(header.value()?, reply)/Next::Value(header.value()? + 8, reply)/' \
		"what follows is not understood"
}

test_a_wrong_key_of_a_get_is_found() {
	mistaken get.rs 's/text.strip_prefix(b"get ")?.strip_suffix(b"\\n")?;/text.get(4..)?.strip_suffix(b"\\n")?;/' "is not get"
}

tap_run
