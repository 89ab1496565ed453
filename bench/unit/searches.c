// SPDX-License-Identifier: GPL-2.0-only
/* The search for the highest rate, against servers that are a few lines of arithmetic. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ratesearch.h"
#include "unit.h"

struct machine {
	double server;		/* requests per second that it answers */
	double generator;	/* that leave; 0 = any */
	double slow_from;	/* from this rate on, 2 % of the replies take a millisecond; 0 = never */
	unsigned int accident;	/* number of the trial that fails by accident; 0 = none */
	unsigned int lie;	/* number of the trial with a wrong reply; 0 = none */
};

/* A second at @rate. */
static void offer(const struct machine *m, double rate, unsigned int number, struct counts *c)
{
	*c = (struct counts){ .due = rate };
	hist_reset(&c->latency);
	c->sent = m->generator > 0 && rate > m->generator ? m->generator : rate;
	c->received = c->sent > m->server ? m->server : c->sent;
	if (number == m->accident)
		c->received /= 2;
	c->lost = c->sent - c->received;
	c->wrong = number == m->lie;
	for (unsigned int i = 0; i < 100; i++)
		hist_add(&c->latency, m->slow_from > 0 && rate >= m->slow_from && i < 2 ? 1000000 : 50000);
}

static struct search find(const struct machine *m, const struct goal *g)
{
	static struct counts c;
	struct search s;
	double rate;

	search_begin(&s, g);
	while (search_next(&s, &rate)) {
		offer(m, rate, s.n + 1, &c);
		search_tell(&s, &c);
	}
	search_end(&s, &c);
	if (s.pass > 0 && s.bound != BOUND_FAULT)
		assert_int_equal(c.due, (uint64_t)s.pass);
	return s;
}

static const struct goal goal = { .first = 1000, .highest = 1e8, .max_loss = 0.001, .resolution = 0.01 };

void search_finds_the_capacity(void **state)
{
	static const double capacities[] = { 7, 130, 999, 1000, 4096, 54321, 1234567, 49999999 };
	struct goal g = goal;

	(void)state;
	for (size_t i = 0; i < sizeof(capacities) / sizeof(capacities[0]); i++) {
		const struct machine m = { .server = capacities[i] };
		struct search s = find(&m, &goal);

		/* what may be lost is part of what is found */
		assert_true(s.pass <= m.server * 1.0011 + 1);
		assert_true(s.pass >= m.server * 0.989 - 1);
		assert_int_equal(s.bound, BOUND_SERVER);
		assert_true(s.n < 60);
	}
	/* the latency limits before the loss does */
	g.max_p99_us = 500;
	const struct machine slow = { .server = 100000, .slow_from = 30000 };
	struct search s = find(&slow, &g);

	assert_true(s.pass < 30000 && s.pass > 29600);
	assert_int_equal(s.bound, BOUND_SERVER);
}

void search_needs_two_failures(void **state)
{
	(void)state;
	for (unsigned int i = 1; i < 12; i++) {
		const struct machine m = { .server = 20000, .accident = i };
		struct search s = find(&m, &goal);

		assert_true(s.pass > 19700 && s.pass < 20030);
	}
}

void search_says_what_limits(void **state)
{
	const struct machine m = { .server = 1e7, .generator = 50000 };
	struct goal g = goal;
	struct search s = find(&m, &goal);

	(void)state;
	assert_int_equal(s.bound, BOUND_GENERATOR);
	assert_true(s.pass > 49000 && s.pass <= 50001);
	g.highest = 20000;
	s = find(&m, &g);
	assert_int_equal(s.bound, BOUND_HIGHEST);
	assert_true(s.pass == 20000);
	/* nothing at all: it ends, without a rate */
	const struct machine dead = { .server = 0.1 };
	s = find(&dead, &goal);
	assert_true(s.pass == 0);
	assert_int_equal(s.bound, BOUND_SERVER);
}

void search_ends_at_a_fault(void **state)
{
	const struct machine m = { .server = 20000, .lie = 3 };
	struct search s = find(&m, &goal);

	(void)state;
	assert_int_equal(s.n, 3);
	assert_int_equal(s.bound, BOUND_FAULT);
	assert_string_equal(search_bound(&s), "fault");
}
