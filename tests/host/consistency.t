#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The judge of bmc/tests/judge finds each kind of violation in histories made by hand, and
# accepts what a server may do.
top=$(cd "$(dirname "$0")/../.." && pwd)
make -s -C "$top" "${BUILD:-$top/build}/tests/consistency-client" "${BUILD:-$top/build}/tests/consistency-unit" || { echo "1..1"; echo "not ok 1 - bmc/tests/judge builds"; exit 1; }
CMOCKA_MESSAGE_OUTPUT=TAP exec "${BUILD:-$top/build}/tests/consistency-unit"
