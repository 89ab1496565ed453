#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What "rexctl nic plan" proposes for NICs that are made up.
top=$(cd "$(dirname "$0")/../.." && pwd)
CMOCKA_MESSAGE_OUTPUT=TAP exec "${BUILD:-$top/build}/tests/control-plan"
