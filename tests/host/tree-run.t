#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# tests/run: a VM that dies of the emulator's own fault is run once more, and any other end counts.
. "$(dirname "$0")/../lib/tap.sh"

CPU='Hardware name: QEMU Standard PC (Q35 + ICH9, 2009), BIOS 1.16.2'
FAULT="PANIC: double fault, error_code: 0x0
$CPU
RIP: 0010:this_cpu_cmpxchg16b_emu+0x5/0x20"
IMPOSSIBLE="$FAULT
RSP: 0018:ffffc90000013d58 EFLAGS: 011ebe42"
OWN="$FAULT
RSP: 0018:ffffc90000013d58 EFLAGS: 00010046"
INT3="Oops: int3: 0000 [#1] PREEMPT SMP NOPTI
$CPU"

# tree END...: in $TMP, a tree whose VM ends so each time it is run: with a console, or well.
tree() {
	mkdir -p "$TMP/tests/lib" "$TMP/tests/vm" "$TMP/topology/vm"
	cp tests/run "$TMP/tests/"
	cp tests/lib/one "$TMP/tests/lib/"
	cp topology/vm/slip "$TMP/topology/vm/"
	touch "$TMP/tests/vm/a.t"
	rm -f "$TMP"/end.*
	local n=0 end
	for end; do
		n=$((n + 1))
		[ "$end" = well ] || echo "$end" >"$TMP/end.$n"
	done
	cat >"$TMP/topology/vm/run" <<-'END'
		#!/bin/sh
		echo >>"$TOP/runs"
		n=$(wc -l <"$TOP/runs")
		echo "ok 1 - early"
		cp "$TOP/end.$n" "$REX_VM_LOG" 2>/dev/null && exit 125
		echo boots >"$REX_VM_LOG"
		echo "ok 2 - late"
		echo 1..2
	END
	chmod +x "$TMP/topology/vm/run"
	rm -f "$TMP/runs"
	STATUS=0
	TOP=$TMP BUILD=$TMP/build "$TMP/tests/run" tests/vm/a.t >"$TMP/out" 2>&1 || STATUS=$?
	cat "$TMP/out"
}

test_an_emulators_fault_is_run_again_and_said() {
	local end
	for end in "$IMPOSSIBLE" "$INT3"; do
		tree "$end" well
		eq "$STATUS $(wc -l <"$TMP/runs") $(tail -n 1 "$TMP/out")" "0 2 2 passed, 0 failed, 0 skipped"
		contains "$(cat "$TMP/out")" "a.t: the emulator "
	done
}
test_a_second_one_fails() {
	tree "$IMPOSSIBLE" "$IMPOSSIBLE" well
	eq "$STATUS $(wc -l <"$TMP/runs") $(tail -n 1 "$TMP/out")" "1 2 1 passed, 1 failed, 0 skipped"
}
test_a_kernels_own_fault_fails_at_once() {
	tree "$OWN" well
	eq "$STATUS $(wc -l <"$TMP/runs") $(tail -n 1 "$TMP/out")" "1 1 1 passed, 1 failed, 0 skipped"
}
test_the_same_on_real_hardware_fails_at_once() {
	tree "${IMPOSSIBLE//QEMU/Dell}" well
	eq "$STATUS $(wc -l <"$TMP/runs")" "1 1"
}
tap_run
