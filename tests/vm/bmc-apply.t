#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The accelerator from a file of rex.conf(5): started, changed, saved, stopped, and put back when a step fails.
. "$(dirname "$0")/../lib/tap.sh"

. "$TOP/bmc/tests/control.sh"

apply() { rexctl --netns $NS apply "$TMP/a.conf"; }
accelerator() { echo "accelerator = { port = 11211; memory = \"$1\"; max-age = \"60s\"; dev = \"srv0\"; udp = true; };" >"$TMP/a.conf"; }

test_it_is_started_changed_and_saved() {
	local daemon
	everything >"$LAB_DIR/before"
	accelerator 16M
	eq "$(apply)" "+ accelerator port 11211, memory 16M, max-age 60000000us, dev srv0, udp"
	eq "$(status state)" running
	daemon=$(status daemon)
	client set one 32 v
	eq "$(apply)" "nothing to change"
	eq "$(status daemon)" "$daemon"
	accelerator 32M
	contains "$(apply)" "~ accelerator port 11211, memory 32M"
	eq "$(status state) $(status memory)" "running $((32 << 20))"
	rexctl --netns $NS save "$TMP/a.conf"
	contains "$(cat "$TMP/a.conf")" "accelerator"
	lacks "$(cat "$TMP/a.conf")" "rex_bmc"
	eq "$(apply)" "nothing to change"
}

# So little memory is refused by start, when the one before was stopped already.
test_what_ran_before_runs_again() {
	[ "$(status memory)" = $((32 << 20)) ] || skip "it does not run"
	accelerator 1M
	refuses apply
	contains "$REFUSAL" "are the least"
	contains "$REFUSAL" "nothing was changed"
	eq "$(status state) $(status memory)" "running $((32 << 20))"
}

test_it_is_stopped() {
	echo 'accelerator = { enabled = false; };' >"$TMP/a.conf"
	contains "$(apply)" "- accelerator port 11211, memory 32M"
	eq "$(apply)" "nothing to change"
	nothing_left
}

run_in_control_lab
