#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Single packets of every shape: the accelerator's answer is memcached's own, to the last byte, or it
# lets memcached answer.
#
# What published accelerators get wrong                 the cases here (bmc/tests/cases/packets.c)
# ----------------------------------------------------  ------------------------------------------
# two keys, one cached; two keys of which one hits      get_of_two_keys* get_of_a_missing_key_and_another
# 29+ keys, bare LF, trailing or double space,          get_of_29_keys get_of_100_keys spelling_*
#   no CRLF, key of 224..251 bytes                        get_of_a_key_of_25*
# reply to gets or mg served to get                     reply_to_gets_* reply_to_mg_*
# replies of several datagrams                          second_datagram_like_a_reply
# another local socket with source port 11211           another_local_socket_* reply_sent_by_a_client
# address not ours; bad checksums; fragments;           to_* from_* bad_* no_udp_* *fragment*
#   frame header n != 1 or seq != 0                       frame_header_* datagrams_without_text
# padding, VLAN, IP options, IPv6, jumbo, non-linear    ethernet_padding* vlan_* ip_option_* ipv6_* udp_*
#                                                         get_of_100_keys (a frame of 1000 bytes)
# key too short                                         get_of_a_short_key
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/bmc/tests/cases.sh"
make_tests packets -t 1 -l '10.77.0.1,127.0.0.1,[fd77::1],::1,10.77.7.1'

test_all_cases_have_run() { run_all_cases packet_lab; }
tap_run
