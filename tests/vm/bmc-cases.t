#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# No GET that starts after a mutation was acknowledged returns the older value: the accelerator
# with real memcached, a case for every command that changes something and for every way to send it.
#
# What published accelerators get wrong                 the cases here (bmc/tests/cases/)
# ----------------------------------------------------  ------------------------------------------
# add replace append prepend cas incr decr delete       add* replace* append* prepend* cas* incr*
#   flush_all [delay]                                     decr* delete* flush_all* (mutations.c, expiry.c)
# touch, gat, gats, mg with T N R E, exptime            touch* gat* meta_get* expiry_* (expiry.c)
# meta ms md ma, modes, I, base64; binary commands      meta_* binary_* (mutations.c, binary_mutations.c)
# cache_memlimit, slabs, lru, shutdown, unknown         cache_memlimit slabs_* lru_* shutdown_* unknown_*
# SET or delete over UDP                                *_over_udp *_over_udp6 *_over_loopback_udp*
# any split; IPv6; another interface; loopback          *_split_at_every_byte commands_* *_over_tcp6
#                                                         *_over_loopback_* (streams.c)
# noreply, quiet, pipelines, values like commands       *_noreply *_quiet pipeline_* 1000_sets_*
#                                                         value_bytes_that_look_like_commands
# an old reply fills the cache after a SET              old_reply_leaves_* gets_while_* (races.c, by ptrace)
# a value with \n or \r\nVALUE                          value_with_* value_of_all_bytes
# keys K and K+suffix; keys of equal hash               keys_with_a_suffix; bmc/rex's host tests
# key of 224..250 bytes; key shorter than 12            keys_of_224_to_250_bytes keys_of_1_to_11_bytes
# value of more than 113 bytes                          value_of_114_bytes value_of_190_bytes
# a connection that began before the attachment         connection_*
# The other rows are about single packets: bmc-cases-packets.t.
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/bmc/tests/cases.sh"
make_tests mutations -t 4

test_all_cases_have_run() { run_all_cases :; }
tap_run
