# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For tests that end, kill or exchange something while clients ask. Sourced after what defines hits_grow.

# beside_load SECONDS FAULTS COMMAND...: runs COMMAND while LOAD_COMMAND runs, which must get its first hits within
# SECONDS. It ends well, and its last line has FAULTS ("lost 0 wrong 0"); all that it says is in $TMP/load.
beside_load() {
	local seconds=$1 faults=$2 load status
	shift 2
	"${LOAD_COMMAND[@]}" >"$TMP/load" 2>&1 &
	load=$!
	wait_for "$seconds" hits_grow
	set +e
	( set -e; "$@" )
	status=$?	# not "|| status=": that would switch set -e off inside
	set -e
	kill -0 $load || fail "the load ended: $(cat "$TMP/load")"
	kill $load
	wait $load || fail "the load failed: $(cat "$TMP/load")"
	cat "$TMP/load"
	[ $status -eq 0 ] || fail "see above"
	contains "$(tail -n 1 "$TMP/load")" "$faults"
}
