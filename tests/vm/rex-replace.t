#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# rexctl replace: another program takes the place of an attached one. Nothing is attached anew, no
# packet is lost; and when it cannot be, nothing is lost either.
. "$(dirname "$0")/../lib/tap.sh"

ROUNDS=${ROUNDS:-6}
one=$BUILD/tests/replace/one/exchanged.ko two=$BUILD/tests/replace/two/exchanged.ko
lacking=$BUILD/tests/replace/lacking/exchanged.ko filter=$BUILD/tests/replace/filter/exchanged.ko
leafy=$BUILD/tests/replace/leafy/exchanged.ko mapless=$BUILD/tests/replace/mapless/exchanged.ko

rex() { rexctl --netns rex-server "$@"; }
has_run() { [ "$(value "$1" 0)" -gt 0 ]; }
pings() { ip netns exec rex-client ping -q -W 2 "$@" 10.77.0.1; }

# The BPF programs and links behind all attachments, and the places.
attached() {
	rex status --json | perl -0ne 'print "$1\n" while /("place":"[^"]*","bpf_program":\d+[^}]*)\}/g' | sort
}
slots() { rex status --json | perl -0ne 'print "$1 $2\n" while /"name":"(\w+)","hook":"\w+","slot":(\d+)/g' | sort; }
state() { rex status --json | perl -0ne 'print $1 if /"state":"(\w+)"/'; }
# value MAP INDEX
value() { bpftool -j map lookup name "$1" key "$2" 0 0 0 | perl -0ne 'print unpack "Q<", pack "C*", map { hex } $1 =~ /0x(\w\w)/g if /"value":\[(.*?)\]/'; }

setup() {
	topology/veth/lab up >/dev/null
	rexctl load "$one"
	rex attach exchanged:incoming xdp srv0
	rex attach exchanged:outgoing tc srv0 egress
	rex attach exchanged:calls fentry __x64_sys_umask
	attached >"$TMP/attached"
	[ "$(wc -l <"$TMP/attached")" = 3 ] || fail "attached: $(cat "$TMP/attached")"
}

teardown() {
	rex unload exchanged --force
	topology/veth/lab down
	! bpftool prog show | grep -q 'name rex_'
	rmmod rex
}

# Nothing is attached anew: the same BPF programs and links at the same places.
same_attachments() { attached | diff "$TMP/attached" - || fail "not attached as before"; }

# Under traffic, back and forth: all packets come through, and each program runs in its time.
test_replaced_under_traffic() {
	local i ping generation
	ip netns exec rex-client ping -q -i 0.002 -w 300 10.77.0.1 >"$TMP/ping" &
	ping=$!
	for ((i = 1; i <= ROUNDS; i++)); do
		rex replace "$two"
		wait_for 5 has_run RAN_TWO
		rex replace "$one"
		wait_for 5 has_run RAN_ONE
	done
	same_attachments
	generation=$(value RAN_ONE 1)
	kill -INT $ping
	wait $ping || :
	grep -q ', 0% packet loss' "$TMP/ping" || fail "$(cat "$TMP/ping")"
	[ "$(sed -n 's/ packets transmitted.*//p' "$TMP/ping")" -gt $((2 * ROUNDS)) ]
	# Counted on: data of the program before cannot be taken for this one's.
	eq "$generation" $((2 * ROUNDS + 1))
	contains "$(rex status --json)" "\"generation\":$generation"
}

# Who looks finds it, at any time.
test_it_is_never_missing() {
	local i loop
	( set -e; while [ ! -e "$TMP/end" ]; do
		"$BUILD/tests/cprog/drive" show exchanged
		echo looked
	done ) >"$TMP/loop" 2>&1 &
	loop=$!
	for ((i = 1; i <= ROUNDS; i++)); do
		rex replace "$two"
		rex replace "$one"
	done
	touch "$TMP/end"
	wait $loop || fail "$(tail -n 3 "$TMP/loop")"
	[ "$(grep -c looked "$TMP/loop")" -gt 3 ]
}

# Entries by their names, wherever they stand; one that nothing is attached to may go.
test_entries_keep_their_slots() {
	slots >"$TMP/before"
	rex replace "$two"
	slots >"$TMP/after"
	eq "$(join "$TMP/before" "$TMP/after" | awk '$2 == $3 { n++ } END { print n }')" 3
	contains "$(cat "$TMP/after")" only_there
	lacks "$(cat "$TMP/after")" only_here
	rex run exchanged:only_there --data-in <(head -c 64 /dev/zero) | grep -q XDP_DROP
}

# An attached entry that the new file has not: refused, and nothing is changed.
test_missing_entry_is_refused() {
	refuses rex replace "$lacking"
	contains "$REFUSAL" 'entry "incoming" (xdp)'
	contains "$REFUSAL" 'has no such entry'
	contains "$REFUSAL" 'rexctl detach exchanged:incoming'
	same_attachments
	eq "$(state)" enabled
	pings -c 2
	has_run RAN_ONE
}

# Attached shims have no filter, and this program takes no other packets than those of its own.
test_another_filter_is_refused() {
	refuses rex replace "$filter"
	contains "$REFUSAL" 'entry "incoming" (xdp)'
	contains "$REFUSAL" 'has another filter there'
	same_attachments
	rex detach exchanged:incoming
	rex replace "$filter"
	contains "$(rex status)" 'entry incoming (xdp, leaf, filter udp, port 53): 0 runs'
}

# A shim of either kind calls an entry of either kind.
test_leaves_and_others_take_each_others_place() {
	rex replace "$leafy"
	contains "$(rex status)" 'entry incoming (xdp, leaf)'
	pings -c 2
	has_run RAN_LEAF
	rex detach exchanged:incoming
	rex attach exchanged:incoming xdp srv0
	attached >"$TMP/attached"
	pings -c 2
	rex replace "$one"
	contains "$(rex status)" 'entry incoming (xdp):'
	pings -c 2
	has_run RAN_ONE
	rex replace "$leafy"
	pings -c 2
	has_run RAN_LEAF
	same_attachments
}

test_bad_files_are_refused() {
	refuses rex replace /etc/passwd
	contains "$REFUSAL" /etc/passwd
	refuses rex replace "$BUILD/tests/tc_pass.ko"
	contains "$REFUSAL" 'no program "tc_pass" is loaded'
	refuses rex replace "$two" --fallback "$BUILD/tests/tc_pass.ko"
	contains "$REFUSAL" 'no fallback'
	same_attachments
	eq "$(state)" enabled
}

# The kernel takes the module, but not its maps: packets pass, and another file goes on.
test_what_does_not_load_leaves_it_parked() {
	refuses rex replace "$mapless"
	contains "$REFUSAL" 'cannot create map "HUGE"'
	contains "$REFUSAL" 'is parked'
	eq "$(state)" parked
	! grep -q ^exchanged /proc/modules
	same_attachments
	pings -c 3 -i 0.05
	contains "$(rex status)" 'program exchanged: parked'
	lacks "$(rex status)" stale
	refuses rex enable exchanged
	contains "$REFUSAL" parked
	refuses rexctl load "$lacking"
	contains "$REFUSAL" 'has no such entry'
	rex replace "$two"
	same_attachments
	pings -c 2
	has_run RAN_TWO
}

# The kernel rejects the new module: the previous one comes back.
test_fallback() {
	perl -0777pe 's/(.)(?=.{7}rex_program_register\0)/$1 ^ "\x01"/se' "$two" >"$TMP/exchanged.ko"
	eq "$(cmp -l "$two" "$TMP/exchanged.ko" | wc -l)" 1
	refuses rex replace "$TMP/exchanged.ko" --fallback "$one"
	contains "$REFUSAL" 'rejected'
	contains "$REFUSAL" "\"$one\" was loaded in its place"
	eq "$(state)" enabled
	same_attachments
	pings -c 2
	has_run RAN_ONE
	refuses rex replace "$mapless" --fallback "$one"
	contains "$REFUSAL" 'was loaded in its place'
	same_attachments
}

# What somebody has set stays.
test_settings_stay() {
	rex set exchanged budget 7ms timing on
	rex disable exchanged
	rex replace "$two"
	eq "$(state)" disabled
	contains "$(rex status)" 'budget 7 ms'
	contains "$(rex status)" 'timing on'
	pings -c 2
	eq "$(value RAN_TWO 0)" 0
	rex enable exchanged
	pings -c 2
	has_run RAN_TWO
}

# Parked slots go with the last attachment, or by unload: nothing is left, not even of the memory.
test_parked_slots_are_given_up() {
	refuses rex replace "$mapless"
	rex detach exchanged
	eq "$(state)" ''
	rexctl load "$one"
	rex attach exchanged:incoming xdp srv0
	refuses rex replace "$mapless"
	refuses rex unload exchanged
	contains "$REFUSAL" 'is attached'
	rex unload exchanged --force
	eq "$(state)" ''
	# rex.ko can go with parked slots in it, once no shim holds it.
	rexctl load "$one"
	refuses rex replace "$mapless"
	eq "$(state)" parked
	wait_for 5 rmmod rex
	rexctl load "$one"
}

tap_run
