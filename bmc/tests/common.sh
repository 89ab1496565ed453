# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Tests that both accelerators must pass, in the VM, with real memcached and a veth pair.
# The test file defines accel_start, accel_stop and accel_stat NAME, which act in the
# server's network namespace, sources this after tap.sh, has a test_NAME for each
# check_NAME here, and ends with run_in_lab.

. "$TOP/bmc/tests/lab.sh"

lab_up() {
	veth_up
	memcached_run -l $SERVER -U 11211 -t 1
	echo $MEMCACHED >"$LAB_DIR/memcached.pid"
	wait_for 20 client request version
}

lab_down() {
	local pid
	if [ -e "$LAB_DIR/memcached.pid" ]; then
		pid=$(cat "$LAB_DIR/memcached.pid")
		kill "$pid" 2>/dev/null || :
		# it is no child of this shell
		wait_for 5 sh -c "! kill -0 $pid"
	fi
	topology/veth/lab down
}

# Not the other way round: a flush_all that was given just before the start may have had a delay, for
# all that Rex knows, and it answers nothing for some seconds.
setup() {
	accel_start
	client request "flush_all" >/dev/null
}

teardown() { accel_stop; }

# Making the lab takes seconds in emulation: one for all tests of the file.
run_in_lab() {
	local status=0
	LAB_DIR=$(mktemp -d)
	export LAB_DIR
	if lab_up; then
		(tap_run)
		status=$?	# not "|| status=": that would switch set -e off inside
	else
		echo "Bail out! the lab does not come up"
		status=1
	fi
	! declare -F accel_end >/dev/null || accel_end
	lab_down
	rm -rf "$LAB_DIR"
	exit $status
}

# counts COUNTER NUMBER COMMAND...: the command must make the counter grow by NUMBER.
counts() {
	local name=$1 number=$2 before
	shift 2
	before=$(accel_stat "$name")
	"$@" >"$TMP/counts.out"
	eq "$name: +$(($(accel_stat "$name") - before))" "$name: +$number"
}

is_hit() { ( counts hits 1 client get "$@" ); }

check_a_get_misses_then_hits() {
	local fills
	fills=$(accel_stat fills)
	client set key 32 v
	counts misses 1 client get key 32 v
	counts hits 1 client get key 32 v
	counts misses 0 client get key 32 v
	eq "fills: +$(($(accel_stat fills) - fills))" "fills: +1"
}

check_a_hit_needs_no_memcached() {
	local hit=0
	client set key 100 v
	client get key 100 v
	kill -STOP "$(cat "$LAB_DIR/memcached.pid")"
	client get key 100 v || hit=$?
	kill -CONT "$(cat "$LAB_DIR/memcached.pid")"
	eq $hit 0
}

check_a_set_is_seen_by_the_next_get() {
	local i
	client set key 10 a
	for i in 1 2 3; do client get key 10 a; done
	counts invalidations 1 client set key 20 b
	counts hits 0 client get key 20 b
	counts hits 1 client get key 20 b
}

check_every_size_of_key_and_value() {
	local hits
	hits=$(accel_stat hits)
	client matrix
	# a veth has no room for large replies, and some do not fit one datagram
	hits=$(($(accel_stat hits) - hits))
	[ $hits -gt 300 ] || fail "only $hits hits"
}

check_a_miss_of_memcached_is_no_fill() {
	counts fills 0 client request "get nothing"
	eq "$(client request "get nothing")" "END"$'\r'
	counts fills 0 client request "get nothing"
}

check_other_commands_are_for_memcached() {
	client set key 4 v
	client get key 4 v
	contains "$(client request "gets key")" "VALUE key 0 4 "
	client get key 4 v
	counts hits 1 client get key 4 v
	contains "$(client request "  get key")" "VALUE key 0 4"
	contains "$(client request "get nokey key")" "VALUE key 0 4"
}

check_keys_alike_are_kept_apart() {
	local key
	for key in a ab abc abcdefg abcdefgh abcdefghi abcdefgi abcdefghabcdefgh abcdefghabcdefgi; do
		client set $key ${#key} v
	done
	for _ in 1 2 3; do
		for key in a ab abc abcdefg abcdefgh abcdefghi abcdefgi abcdefghabcdefgh abcdefghabcdefgi; do
			client get $key ${#key} v
		done
	done
}

check_a_value_that_looks_like_a_reply() {
	# 22 bytes: END and another VALUE inside
	at_client bash -c "exec 3<>/dev/tcp/$SERVER/11211
		printf 'set k 0 0 22\r\nx\r\nEND\r\nVALUE k 0 1\r\ny\r\n' >&3
		read -t 5 -r line <&3; [ \"\$line\" = $'STORED\r' ]"
	client request "get k" >"$TMP/first"
	printf 'VALUE k 0 22\r\nx\r\nEND\r\nVALUE k 0 1\r\ny\r\nEND\r\n' | cmp - "$TMP/first"
	counts hits 1 client request "get k"
	cmp "$TMP/counts.out" "$TMP/first"
}

check_damaged_requests_do_no_harm() {
	client set key 50 v
	client garbage 3000
	client get key 50 v
	# memcached has read all of it, and what was known of the key's expiry may be known no more
	client set key 50 w
	wait_for 20 is_hit key 50 w
	! declare -F accel_healthy >/dev/null || accel_healthy
}
