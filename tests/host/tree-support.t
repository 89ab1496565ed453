#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# docs/support.md, the table of what works where.
. "$(dirname "$0")/../lib/tap.sh"

# made by tests/lib/support, which asks the tests themselves
test_the_table_is_that_of_the_tests() {
	tests/lib/support >"$TMP/now"
	diff docs/support.md "$TMP/now" || fail "run: tests/lib/support >docs/support.md"
}

test_every_hook_and_a_map_and_a_helper_are_in_it() {
	local hook
	for hook in $(tests/lib/hooks); do
		contains "$(cat docs/support.md)" "hash_at_$hook"
		contains "$(cat docs/support.md)" "ktime_ns_at_$hook"
	done
}
tap_run
