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

/* loop.c */
void drive_keeps_a_rate(void **state);
void drive_counts_what_does_not_leave(void **state);
void drive_books_no_pause_of_its_own_as_loss(void **state);
void drive_divides_by_the_time_of_sending(void **state);
void drive_knows_late_replies_of_the_warm_up(void **state);

#endif
