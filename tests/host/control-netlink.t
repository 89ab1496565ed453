#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# librex's netlink requests, to a kernel that is interrupted, late or silent.
top=$(cd "$(dirname "$0")/../.." && pwd)
CMOCKA_MESSAGE_OUTPUT=TAP exec "${BUILD:-$top/build}/tests/control-netlink"
