#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# rexctl events and map: the records of a ring buffer and of a perf event array, and what is in maps.
. "$(dirname "$0")/../lib/tap.sh"

setup() {
	rexctl load "$BUILD/tests/records.ko"
	rexctl attach records kprobe __x64_sys_sethostname
}

teardown() {
	[ ! -d /sys/module/records ] || rexctl unload records --force
	[ ! -d /sys/module/map_test ] || rexctl unload map_test
	rm -rf /sys/fs/bpf/maps
	[ ! -d /sys/module/rex ] || wait_for 5 rmmod rex
}

# A ring buffer keeps its records for the reader that comes later.
test_records_of_a_ring_buffer() {
	hostname one; hostname two; hostname three
	contains "$(rexctl events records RING --count 1 --timeout 20)" "72 65 63 6f 72 64 73 21"
	eq "$(rexctl events records RING --count 1 --timeout 20 --json)" \
		'{"map":"RING","size":8,"data":"7265636f72647321"}'
	eq "$(rexctl events records RING --count 1 --timeout 20 --raw)" "records!"
	refuses rexctl events records RING --count 1 --timeout 1
	contains "$REFUSAL" "0 of 1 records within 1 s"
}

# There must be a reader first; the program writes until it has seen enough.
test_records_of_a_perf_event_array() {
	local reader
	rexctl events records PERF --count 2 --timeout 20 >"$TMP/records" &
	reader=$!
	while kill -0 $reader 2>/dev/null; do hostname again; done
	wait $reader || fail "no records"
	contains "$(cat "$TMP/records")" "bytes, CPU "
	contains "$(cat "$TMP/records")" "72 65 63 6f 72 64 73 21"
}

test_what_has_no_records_is_refused() {
	refuses rexctl events records NOSUCH
	contains "$REFUSAL" 'has no map "NOSUCH"; it has: '
	refuses rexctl events nosuch RING
	contains "$REFUSAL" '"nosuch"'
	refuses rexctl events records RING --count none
	contains "$REFUSAL" '"none"'
}

test_elements_of_maps_by_name() {
	rexctl load "$BUILD/programs/map_test.ko"
	contains "$(rexctl map list)" "records RING: ringbuf"
	contains "$(rexctl map list map_test)" "map_test LRU: lru_hash, key 4 B, value 8 B, 64 entries"
	eq "$(rexctl map show map_test LRU)" "$(rexctl map list map_test | grep ' LRU:')"
	rexctl map set map_test LRU 7 0x100
	eq "$(rexctl map get map_test LRU 7)" "7: 256"
	rexctl map set map_test LRU 8 01:00:00:00:00:00:00:ff
	eq "$(rexctl map dump map_test LRU | sort)" $'7: 256\n8: 18374686479671623681'
	eq "$(rexctl map get map_test LRU 8 --json)" '{"key":8,"value":"18374686479671623681"}'
	rexctl map set map_test PERCPU_HASH 3 5
	eq "$(rexctl map get map_test PERCPU_HASH 3)" "3: 10 = 5 + 5"
	eq "$(rexctl map dump map_test PERCPU_HASH --json)" \
		'{"program":"map_test","map":"PERCPU_HASH","elements":[{"key":3,"cpus":[5,5]}]}'
	rexctl map set map_test ROUTES 24/0a:00:01:00 9
	eq "$(rexctl map dump map_test ROUTES)" "24/0a:00:01:00: 9"
	eq "$(rexctl map get map_test ROUTES 32/0a:00:01:07 --json)" '{"key":"32/0a:00:01:07","value":9}'
	eq "$(rexctl map dump map_test PERCPU_ARRAY | wc -l)" 4
	eq "$(bpftool -j map dump name LRU | grep -o '"key"' | wc -l)" 2
}

test_a_pinned_map_outlives_its_program() {
	local dir=/sys/fs/bpf/maps pin=/sys/fs/bpf/maps/lru
	rexctl load "$BUILD/programs/map_test.ko"
	rexctl map set map_test LRU 7 8
	no "there is no directory \"$dir\": \"mkdir -m 700 $dir\"" pin map_test LRU $pin
	mkdir -m 777 $dir
	no "can be written by others (mode 777), who could take away what is pinned there: \"chmod 700 $dir\"" \
		pin map_test LRU $pin
	chmod 1777 $dir
	no "\"chmod 700 $dir\"" pin map_test LRU $pin
	chmod 700 $dir
	no 'no bpf file system at "/tmp"' pin map_test LRU /tmp/lru
	no "have no dots" pin map_test LRU $dir/lru.map
	no "is not the path of a file" pin map_test LRU $dir/
	no "goes when the program does" pin map_test LRU /sys/fs/bpf/rex/map_test/lru
	no "NOSUCH" pin map_test NOSUCH $pin
	eq "$(ls $dir)" ""
	rexctl map pin map_test LRU $pin
	no "there is a \"$pin\" already" pin map_test LRU $pin
	rexctl unload map_test
	contains "$(bpftool map dump pinned $pin)" "$(printf '08 00 00 00 00 00 00 00')"
	no "is the pin of a link or a program" unpin "$(echo /sys/fs/bpf/rex/records/*)"
	contains "$(rexctl status)" "kprobe"
	no "is not in a bpf file system" unpin /etc/passwd
	rexctl map unpin $pin
	no "is not the pin of a map: " unpin $pin
	eq "$(ls $dir)" ""
}

# no WHY WORDS...: "rexctl map WORDS" is refused, and the text says WHY.
no() { local why=$1; shift; refuses rexctl map "$@"; contains "$REFUSAL" "$why"; }

test_bad_keys_and_values_are_refused() {
	rexctl load "$BUILD/programs/map_test.ko"
	no 'has no such key' get map_test LRU 1
	no 'key: "x" is neither a number of 4 bytes nor 4 bytes like 0a:ff' get map_test LRU x
	no '"4294967296" is neither' get map_test LRU 4294967296
	no '"24/-1" is not' get map_test ROUTES 24/-1
	no 'key: "0a:00" is neither' set map_test LRU 0a:00 1
	no 'value: "0x" is neither' set map_test LRU 1 0x
	no 'is not the length of a prefix and 4 bytes' set map_test ROUTES 10.0.1.0/24 1
	no 'cannot write to map "ROUTES"' set map_test ROUTES 33/0a:00:01:00 1
	no 'it is full, or has no such index' set map_test PERCPU_ARRAY 4 1
	no 'whose elements have no keys' dump map_test QUEUE
	no '"rexctl events" reads its records' get map_test RECORDS 1
	no 'has no map "NOSUCH"; it has: ' dump map_test NOSUCH
	no '"nosuch"' list nosuch
	no 'KEY is needed' get map_test LRU
	eq "$(rexctl map dump map_test LRU)" ""
}

tap_run
