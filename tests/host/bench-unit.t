#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Histogram, sizes, key choice, reply parser, verification, request table and frames.
top=$(cd "$(dirname "$0")/../.." && pwd)
CMOCKA_MESSAGE_OUTPUT=TAP exec "${BUILD:-$top/build}/tests/bench-unit"
