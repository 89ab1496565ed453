#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# librex's checker of program files, built with AddressSanitizer and UBSan.
top=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-$top/build}
export REX_SAMPLE="$BUILD/programs/xdp_count.ko"
CMOCKA_MESSAGE_OUTPUT=TAP exec "$BUILD/tests/control-elf"
