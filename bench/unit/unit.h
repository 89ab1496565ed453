/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BENCH_UNIT_H
#define BENCH_UNIT_H

#include "dataset.h"

/* A set of @count keys. */
struct keyset keyset(const char *key, const char *value, uint32_t count);

/* Write the true reply for key @i of @k with request id 0x1234; returns its length. */
uint32_t true_reply(const struct keyset *k, uint32_t i, uint8_t *p);

/* mc_test.c */
void mc_sums_are_those_of_others(void **state);
void mc_parts_come_in_any_order(void **state);
void mc_base64_has_the_vectors_of_the_rfc(void **state);

/* mixes.c */
void arrivals_have_their_rate(void **state);
void choices_have_their_shares(void **state);
void mixes_that_cannot_be(void **state);
void replies_to_changes(void **state);
void gets_of_several_keys(void **state);
void keys_that_were_never_stored(void **state);
void hgrm_is_of_the_format(void **state);

/* searches.c */
void search_finds_the_capacity(void **state);
void search_needs_two_failures(void **state);
void search_says_what_limits(void **state);
void search_ends_at_a_fault(void **state);

/* loop.c */
void drive_searches(void **state);
void drive_discards_what_comes_first(void **state);
void drive_keeps_a_rate(void **state);
void drive_counts_what_does_not_leave(void **state);
void drive_books_no_pause_of_its_own_as_loss(void **state);
void drive_divides_by_the_time_of_sending(void **state);
void drive_knows_late_replies_of_the_warm_up(void **state);

#endif
