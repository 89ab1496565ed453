// SPDX-License-Identifier: GPL-2.0-only
/*
 * The judge itself, on histories made by hand: it must find every kind of violation, and
 * accept what a server may do. Times are in ms.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "judge.h"
#include "value.h"

#define T(ms)	((ms) * 1000000ULL)

static struct ordered K;
static struct contended C;
static struct finding F;

static struct content value(uint32_t n)
{
	return (struct content){ .hash = 1000 + n, .flags = n, .len = 10 };
}

/* A mutation with the value @n, if it stores one. */
static uint32_t begin(uint64_t at, enum kind kind, uint8_t may, uint32_t n)
{
	struct slot s = { .is = value(n), .may = may, .could = may, .kind = kind, .via = VIA_TCP,
			  .gone_from = NEVER, .gone_by = NEVER };

	return ordered_begin(&K, T(at), &s);
}

static void set(uint64_t from, uint64_t to, uint32_t n)
{
	ordered_end(&K, begin(from, KIND_SET, MAY_NEW, n), T(to), MAY_NEW);
}

static void delete(uint64_t from, uint64_t to)
{
	ordered_end(&K, begin(from, KIND_DELETE, MAY_NONE, 0), T(to), MAY_NONE);
}

static enum verdict reply(const struct reading *r, uint64_t at, uint32_t n)
{
	struct content got = value(n);

	memset(&F, 0, sizeof(F));
	return ordered_reply(&K, r, T(at), n ? &got : NULL, &F);
}

/* A whole read of value @n; 0: of nothing. */
static enum verdict get(uint64_t from, uint64_t to, uint32_t n)
{
	struct reading r = ordered_read(&K, T(from));

	return reply(&r, to, n);
}

static int fresh(void **state)
{
	(void)state;
	ordered_init(&K, 0);
	contended_init(&C);
	return 0;
}

static void the_last_value_is_right(void **state)
{
	(void)state;
	assert_int_equal(get(1, 2, 0), GOOD);
	set(3, 4, 1);
	assert_int_equal(get(5, 6, 1), GOOD);
	set(7, 8, 2);
	assert_int_equal(get(9, 10, 2), GOOD);
	delete(11, 12);
	assert_int_equal(get(13, 14, 0), GOOD);
}

static void an_acknowledged_set_hides_the_older_value(void **state)
{
	(void)state;
	set(1, 2, 1);
	set(3, 4, 2);
	assert_int_equal(get(5, 6, 1), STALE);
	assert_int_equal(F.kind, KIND_SET);
	assert_int_equal(F.via, VIA_TCP);
}

static void a_read_that_overlaps_a_set_may_see_either(void **state)
{
	struct reading r, r2;
	uint32_t s;

	(void)state;
	set(1, 2, 1);
	r = ordered_read(&K, T(3));
	s = begin(4, KIND_SET, MAY_NEW, 2);
	r2 = ordered_read(&K, T(5));
	assert_int_equal(reply(&r, 6, 1), GOOD);
	ordered_end(&K, s, T(7), MAY_NEW);
	/* it began before the set was acknowledged */
	assert_int_equal(reply(&r2, 8, 1), GOOD);
}

static void what_one_read_saw_a_later_one_must_see(void **state)
{
	uint32_t s;

	(void)state;
	set(1, 2, 1);
	s = begin(3, KIND_SET, MAY_NEW, 2);
	assert_int_equal(get(4, 5, 1), GOOD);
	assert_int_equal(get(6, 7, 2), GOOD);
	/* nobody has acknowledged it, but it was visible */
	assert_int_equal(get(8, 9, 1), STALE);
	ordered_end(&K, s, T(10), MAY_NEW);
}

static void a_value_from_the_future_or_from_nowhere_is_wrong(void **state)
{
	struct content other = value(1);
	struct reading r;

	(void)state;
	set(1, 2, 1);
	assert_int_equal(get(3, 4, 2), WRONG);
	/* one wrong byte; wrong flags; wrong length */
	r = ordered_read(&K, T(5));
	other.hash++;
	assert_int_equal(ordered_reply(&K, &r, T(6), &other, &F), WRONG);
	other = value(1);
	other.flags ^= 1 << 31;
	assert_int_equal(ordered_reply(&K, &r, T(6), &other, &F), WRONG);
	other = value(1);
	other.len--;
	assert_int_equal(ordered_reply(&K, &r, T(6), &other, &F), WRONG);
}

static void a_deleted_key_must_be_missing(void **state)
{
	(void)state;
	set(1, 2, 1);
	delete(3, 4);
	assert_int_equal(get(5, 6, 1), STALE);
	assert_int_equal(F.kind, KIND_DELETE);
}

static void a_key_that_exists_must_not_be_missing(void **state)
{
	uint32_t s;

	(void)state;
	set(1, 2, 1);
	assert_int_equal(get(3, 4, 0), MISSING);
	s = begin(5, KIND_DELETE, MAY_NONE, 0);
	assert_int_equal(get(6, 7, 0), GOOD);
	/* the delete was seen: there is no way back */
	assert_int_equal(get(8, 9, 1), STALE);
	ordered_end(&K, s, T(10), MAY_NONE);
}

static void a_refused_add_keeps_the_value(void **state)
{
	uint32_t s;

	(void)state;
	set(1, 2, 1);
	s = begin(3, KIND_ADD, MAY_KEEP, 2);
	assert_int_equal(get(4, 5, 1), GOOD);
	assert_int_equal(get(4, 5, 2), WRONG);
	ordered_end(&K, s, T(6), MAY_KEEP);
	assert_int_equal(get(7, 8, 1), GOOD);
	assert_int_equal(get(7, 8, 2), WRONG);
	assert_int_equal(get(7, 8, 0), MISSING);
}

static void a_pipeline_is_executed_in_order(void **state)
{
	uint32_t a, b, c;

	(void)state;
	set(1, 2, 1);
	a = begin(3, KIND_SET, MAY_NEW, 2);
	b = begin(3, KIND_DELETE, MAY_NONE, 0);
	c = begin(3, KIND_ADD, MAY_NEW, 3);
	assert_int_equal(get(4, 5, 0), GOOD);
	assert_int_equal(get(6, 7, 2), STALE);
	ordered_end(&K, a, T(8), MAY_NEW);
	ordered_end(&K, b, T(8), MAY_NONE);
	assert_int_equal(get(9, 10, 0), GOOD);
	ordered_end(&K, c, T(11), MAY_NEW);
	assert_int_equal(get(12, 13, 0), MISSING);
	assert_int_equal(get(12, 13, 3), GOOD);
}

static void an_unknown_outcome_allows_both(void **state)
{
	(void)state;
	set(1, 2, 1);
	ordered_end(&K, begin(3, KIND_SET, MAY_NEW, 2), T(4), MAY_NEW | MAY_KEEP);
	assert_int_equal(get(5, 6, 3), WRONG);
	assert_int_equal(get(5, 6, 1), GOOD);
	assert_int_equal(get(5, 6, 2), GOOD);
	set(7, 8, 3);
	assert_int_equal(get(9, 10, 2), STALE);
	assert_int_equal(get(9, 10, 1), STALE);
}

static void who_saw_an_unknown_outcome_settles_it(void **state)
{
	(void)state;
	set(1, 2, 1);
	ordered_end(&K, begin(3, KIND_SET, MAY_NEW, 2), T(4), MAY_NEW | MAY_KEEP);
	assert_int_equal(get(5, 6, 1), GOOD);
	assert_int_equal(get(7, 8, 2), GOOD);
	assert_int_equal(get(9, 10, 1), STALE);
}

static void an_expired_value_is_not_served(void **state)
{
	uint32_t s;

	(void)state;
	s = begin(1, KIND_SET, MAY_NEW, 1);
	ordered_expires(&K, s, T(1000), T(5000));
	ordered_end(&K, s, T(2), MAY_NEW);
	assert_int_equal(get(500, 501, 0), MISSING);
	assert_int_equal(get(500, 501, 1), GOOD);
	assert_int_equal(get(2000, 2001, 1), GOOD);
	assert_int_equal(get(4999, 5001, 1), GOOD);
	assert_int_equal(get(5001, 5002, 1), STALE);
	assert_int_equal(F.kind, KIND_EXPIRY);
	assert_int_equal(get(5001, 5002, 0), GOOD);
}

static void who_saw_it_expire_speaks_for_all(void **state)
{
	uint32_t s = begin(1, KIND_SET, MAY_NEW, 1);

	(void)state;
	/* 5 s were asked for */
	ordered_expires(&K, s, T(1000), T(5000) + GRACE);
	ordered_end(&K, s, T(2), MAY_NEW);
	assert_int_equal(get(2000, 2001, 0), GOOD);
	assert_int_equal(get(2002, 2003, 1), EARLY);
	assert_int_equal(get(5001, 5002, 1), STALE);
	assert_int_equal(F.kind, KIND_EXPIRY);
}

static void expired_values_are_late_for_so_long(void **state)
{
	uint32_t s = begin(1, KIND_SET, MAY_NEW, 1);

	(void)state;
	ordered_expires(&K, s, T(1000), T(5000));
	ordered_end(&K, s, T(2), MAY_NEW);
	judge_late = T(1000);
	assert_int_equal(get(5999, 6000, 1), LATE);
	assert_int_equal(get(6000, 6001, 1), STALE);
	/* found sooner */
	assert_int_equal(get(2000, 2001, 0), GOOD);
	assert_int_equal(get(3000, 3001, 1), LATE);
	assert_int_equal(get(3001, 3002, 1), STALE);
	/* only expiry may be late */
	delete(3003, 3004);
	assert_int_equal(get(3005, 3006, 1), STALE);
	set(3007, 3008, 2);
	assert_int_equal(get(3009, 3010, 1), STALE);
	judge_late = 0;
}

static void a_touch_gives_a_value_more_time(void **state)
{
	uint32_t s = begin(1, KIND_SET, MAY_NEW, 1);

	(void)state;
	ordered_expires(&K, s, T(1000), T(5000));
	ordered_end(&K, s, T(2), MAY_NEW);
	s = begin(900, KIND_TOUCH, MAY_KEEP, 0);
	ordered_expires(&K, s, T(8000), T(9000));
	ordered_end(&K, s, T(901), MAY_KEEP);
	assert_int_equal(get(6000, 6001, 1), GOOD);
	assert_int_equal(get(6000, 6001, 0), MISSING);
	assert_int_equal(get(9001, 9002, 1), STALE);
}

static void a_flush_takes_all_that_was_there(void **state)
{
	uint32_t s;

	(void)state;
	set(1, 2, 1);
	ordered_flush_begin(&K, T(3));
	assert_int_equal(get(4, 5, 1), GOOD);
	s = begin(5, KIND_SET, MAY_NEW, 2);
	ordered_expires(&K, s, T(5), NEVER);
	ordered_flush_end(&K, T(6), KIND_FLUSH);
	/* the set overlaps the flush */
	assert_int_equal(get(7, 8, 1), STALE);
	assert_int_equal(F.kind, KIND_FLUSH);
	assert_int_equal(get(7, 8, 2), GOOD);
	ordered_end(&K, s, T(9), MAY_NEW);
	assert_int_equal(get(10, 11, 0), GOOD);
	set(12, 13, 3);
	assert_int_equal(get(14, 15, 0), MISSING);
}

static void nothing_survives_a_restart(void **state)
{
	(void)state;
	set(1, 2, 1);
	begin(3, KIND_SET, MAY_NEW, 2);
	ordered_flush_begin(&K, T(4));
	ordered_died(&K, T(5));
	assert_int_equal(get(6, 7, 1), STALE);
	assert_int_equal(F.kind, KIND_RESTART);
	assert_int_equal(get(6, 7, 2), STALE);
	assert_int_equal(get(6, 7, 0), GOOD);
	set(8, 9, 3);
	assert_int_equal(get(10, 11, 3), GOOD);
	assert_int_equal(get(10, 11, 2), STALE);
}

static void a_read_that_takes_very_long_is_not_judged(void **state)
{
	struct reading r;
	uint32_t i;

	(void)state;
	set(1, 2, 1);
	r = ordered_read(&K, T(3));
	for (i = 0; i < RING; i++)
		set(10 + i, 10 + i, 2 + i);
	assert_int_equal(reply(&r, 1000, 1), UNCHECKED);
	assert_int_equal(get(1000, 1001, 2 + RING - 5), STALE);
	assert_int_equal(get(1000, 1001, 1 + RING), GOOD);
}

static void many_touches_do_not_make_the_judge_forget(void **state)
{
	uint32_t i;

	(void)state;
	set(1, 2, 1);
	for (i = 0; i < 3 * RING; i++)
		ordered_end(&K, begin(10 + i, KIND_TOUCH, MAY_KEEP, 0), T(10 + i), MAY_KEEP);
	assert_int_equal(get(1000, 1001, 1), GOOD);
	assert_int_equal(get(1000, 1001, 2), WRONG);
}

static void blanks_behind_a_number_do_not_count(void **state)
{
	struct content ten = { .hash = 10, .flags = 1, .len = 2, .number = true }, got = ten;
	struct slot s = {
		.is = ten, .may = MAY_NEW, .kind = KIND_DECR, .gone_from = NEVER, .gone_by = NEVER
	};
	struct reading r;

	(void)state;
	ordered_end(&K, ordered_begin(&K, T(1), &s), T(2), MAY_NEW);
	r = ordered_read(&K, T(3));
	got.len = 3;
	assert_int_equal(ordered_reply(&K, &r, T(4), &got, &F), GOOD);
	got.hash++;
	assert_int_equal(ordered_reply(&K, &r, T(4), &got, &F), WRONG);
}

/* --- contended keys */

static uint32_t writes(uint64_t at)
{
	uint32_t id = contended_begin(&C, T(at), KIND_SET, VIA_UDP);
	struct content is = value(id);

	contended_stores(&C, id, &is);
	return id;
}

static enum verdict read_contended(uint64_t from, uint64_t to, uint32_t n)
{
	struct reading r = contended_read(&C, T(from));
	struct content got = value(n);

	return contended_reply(&C, &r, T(to), n ? &got : NULL, &F);
}

static void overlapping_writes_may_come_in_any_order(void **state)
{
	uint32_t a = writes(1), b = writes(2);

	(void)state;
	contended_end(&C, a, T(10), EXECUTED);
	contended_end(&C, b, T(9), EXECUTED);
	assert_int_equal(read_contended(11, 12, a), GOOD);
	/* it may be that b was first: what was read does not decide between the two */
	assert_int_equal(read_contended(13, 14, a), GOOD);
}

static void a_write_after_the_end_of_another_hides_it(void **state)
{
	uint32_t a = writes(1), b;

	(void)state;
	contended_end(&C, a, T(2), EXECUTED);
	b = writes(3);
	assert_int_equal(read_contended(4, 5, a), GOOD);
	contended_end(&C, b, T(6), EXECUTED);
	assert_int_equal(read_contended(7, 8, a), STALE);
	assert_int_equal(read_contended(7, 8, b), GOOD);
}

static void a_write_that_was_seen_was_executed(void **state)
{
	uint32_t a = writes(1), b;

	(void)state;
	contended_end(&C, a, T(2), EXECUTED);
	b = writes(3);
	assert_int_equal(read_contended(4, 5, b), GOOD);
	assert_int_equal(read_contended(6, 7, a), STALE);
}

static void a_refused_write_is_never_seen(void **state)
{
	uint32_t a = writes(1), b = writes(2);

	(void)state;
	contended_end(&C, a, T(3), EXECUTED);
	contended_end(&C, b, T(4), NOTHING);
	assert_int_equal(read_contended(5, 6, a), GOOD);
	assert_int_equal(read_contended(5, 6, b), WRONG);
}

static void deletes_of_contended_keys(void **state)
{
	uint32_t a, d;

	(void)state;
	assert_int_equal(read_contended(0, 1, 0), GOOD);
	a = writes(1);
	contended_end(&C, a, T(2), EXECUTED);
	assert_int_equal(read_contended(3, 4, 0), MISSING);
	d = contended_begin(&C, T(5), KIND_DELETE, VIA_TCP);
	assert_int_equal(read_contended(6, 7, 0), GOOD);
	assert_int_equal(read_contended(6, 7, a), GOOD);
	contended_end(&C, d, T(8), EXECUTED);
	assert_int_equal(read_contended(9, 10, a), STALE);
	assert_int_equal(F.kind, KIND_DELETE);
	assert_int_equal(read_contended(9, 10, 0), GOOD);
	a = writes(11);
	contended_end(&C, a, T(12), EXECUTED);
	assert_int_equal(read_contended(13, 14, 0), MISSING);
}

static void a_flush_and_a_restart_hide_contended_values(void **state)
{
	uint32_t a = writes(1), b;

	(void)state;
	contended_end(&C, a, T(2), EXECUTED);
	contended_flush_begin(&C);
	assert_int_equal(read_contended(3, 4, 0), GOOD);
	contended_flush_end(&C, T(3), T(5), KIND_FLUSH);
	assert_int_equal(read_contended(6, 7, a), STALE);
	assert_int_equal(F.kind, KIND_FLUSH);
	b = writes(8);
	contended_died(&C, T(9));
	assert_int_equal(read_contended(10, 11, b), STALE);
	assert_int_equal(F.kind, KIND_RESTART);
	assert_int_equal(read_contended(10, 11, 0), GOOD);
}

static void a_late_answer_may_hide_nothing(void **state)
{
	uint32_t a = writes(1), b;

	(void)state;
	/* no answer came; it may be executed until 1000 */
	contended_end(&C, a, T(1000), UNKNOWN);
	b = writes(10);
	contended_end(&C, b, T(11), EXECUTED);
	assert_int_equal(read_contended(12, 13, b), GOOD);
	assert_int_equal(read_contended(14, 15, a), GOOD);
	b = writes(1001);
	contended_end(&C, b, T(1002), EXECUTED);
	assert_int_equal(read_contended(1003, 1004, a), STALE);
}

static void old_contended_values_are_found_out(void **state)
{
	uint32_t i, a = writes(1);

	(void)state;
	contended_end(&C, a, T(2), EXECUTED);
	for (i = 0; i < WRITES + 10; i++)
		contended_end(&C, writes(10 + 2 * i), T(11 + 2 * i), EXECUTED);
	assert_int_equal(read_contended(5000, 5001, a), STALE);
	assert_int_equal(read_contended(5000, 5001, 1 << 20), WRONG);
}

/* --- what is stored */

static void keys_differ_and_values_tell_who_wrote_them(void **state)
{
	static struct name names[4096];
	uint8_t one[1100], other[1100];
	uint32_t i, j, longest = 0, shortest = 250;

	(void)state;
	for (i = 0; i < 4096; i++) {
		key_name(i, &names[i]);
		assert_int_equal(strlen(names[i].text), names[i].len);
		assert_true(names[i].len >= 1 && names[i].len <= KEY_MAX);
		for (j = 0; j < names[i].len; j++)
			assert_true((uint8_t)names[i].text[j] > ' ' && names[i].text[j] != 127);
		longest = names[i].len > longest ? names[i].len : longest;
		shortest = names[i].len < shortest ? names[i].len : shortest;
	}
	for (i = 0; i < 4096; i++)
		for (j = 0; j < i; j++)
			assert_false(names[i].len == names[j].len &&
				     !memcmp(names[i].text, names[j].text, names[i].len));
	assert_int_equal(shortest, 1);
	assert_int_equal(longest, KEY_MAX);
	for (i = 1; i < 200; i++) {
		value_make(7, i, sizeof(one), one);
		value_make(7, i, sizeof(other), other);
		assert_memory_equal(one, other, sizeof(one));
		value_make(8, i, sizeof(other), other);
		assert_int_not_equal(value_hash(one, sizeof(one)),
				     value_hash(other, sizeof(other)));
		one[i] ^= 1;
		value_make(7, i, sizeof(other), other);
		assert_int_not_equal(value_hash(one, sizeof(one)),
				     value_hash(other, sizeof(other)));
		assert_int_not_equal(value_hash(other, 20), value_hash(other, 21));
	}
}

#define TEST(name)	cmocka_unit_test_setup(name, fresh)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(the_last_value_is_right),
		TEST(an_acknowledged_set_hides_the_older_value),
		TEST(a_read_that_overlaps_a_set_may_see_either),
		TEST(what_one_read_saw_a_later_one_must_see),
		TEST(a_value_from_the_future_or_from_nowhere_is_wrong),
		TEST(a_deleted_key_must_be_missing),
		TEST(a_key_that_exists_must_not_be_missing),
		TEST(a_refused_add_keeps_the_value),
		TEST(a_pipeline_is_executed_in_order),
		TEST(an_unknown_outcome_allows_both),
		TEST(who_saw_an_unknown_outcome_settles_it),
		TEST(an_expired_value_is_not_served),
		TEST(who_saw_it_expire_speaks_for_all),
		TEST(expired_values_are_late_for_so_long),
		TEST(a_touch_gives_a_value_more_time),
		TEST(a_flush_takes_all_that_was_there),
		TEST(nothing_survives_a_restart),
		TEST(a_read_that_takes_very_long_is_not_judged),
		TEST(many_touches_do_not_make_the_judge_forget),
		TEST(blanks_behind_a_number_do_not_count),
		TEST(overlapping_writes_may_come_in_any_order),
		TEST(a_write_after_the_end_of_another_hides_it),
		TEST(a_write_that_was_seen_was_executed),
		TEST(a_refused_write_is_never_seen),
		TEST(deletes_of_contended_keys),
		TEST(a_flush_and_a_restart_hide_contended_values),
		TEST(a_late_answer_may_hide_nothing),
		TEST(old_contended_values_are_found_out),
		TEST(keys_differ_and_values_tell_who_wrote_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
