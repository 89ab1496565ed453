#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Debian's real-time kernel, on which programs would sleep with preemption off: rex.ko is neither
# built for it nor loaded there, and both say why.
. "$(dirname "$0")/../lib/tap.sh"

RT=${RT_KERNEL:-6.12-rt}
WHY=$(topology/vm/kernel $RT 2>&1) || NO_RT=1
has_rt() { [ -z "${NO_RT:-}" ] || skip "no kernel $RT here: ${WHY##*$'\n'}"; }

test_a_build_for_a_realtime_kernel_is_refused() {
	has_rt
	refuses make -s kmod "KDIR=$BUILD/kernel/$RT/headers" "BUILD=$TMP"
	contains "$REFUSAL" "Rex does not support real-time kernels (CONFIG_PREEMPT_RT)"
	[ ! -e "$TMP/kmod/rex.ko" ]
}

test_loading_on_a_realtime_kernel_is_refused() {
	has_rt
	refuses topology/vm/run --kernel $RT -- "$BUILD/bin/rexctl" load "$BUILD/tests/guards.ko"
	contains "$REFUSAL" "is a real-time kernel (PREEMPT_RT), which Rex does not support"
	lacks "$REFUSAL" "is not clean"
}

tap_run
