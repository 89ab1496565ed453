// SPDX-License-Identifier: GPL-2.0-only
#include "ratesearch.h"

void search_begin(struct search *s, const struct goal *g)
{
	*s = (struct search){ .goal = *g, .rate = g->first < g->highest ? g->first : g->highest };
}

static bool is_fine_enough(const struct search *s)
{
	return s->pass > 0 && s->fail > 0 && s->fail - s->pass <= s->fail * s->goal.resolution;
}

bool search_next(struct search *s, double *rate)
{
	*rate = s->rate;
	return s->bound != BOUND_FAULT && s->n < SEARCH_TRIALS && s->pass < s->goal.highest &&
	       s->rate >= SEARCH_LOWEST && !is_fine_enough(s);
}

static bool has_passed(const struct goal *g, const struct counts *c, double p99_us)
{
	return c->due == c->sent && c->lost <= c->sent * g->max_loss &&
	       !(g->max_p99_us > 0 && p99_us > g->max_p99_us);
}

/* Upwards by doubling, downwards by halving, then half-way between. */
static void choose_rate(struct search *s)
{
	if (s->pass > 0 && s->fail > 0)
		s->rate = (s->pass + s->fail) / 2;
	else
		s->rate = s->pass > 0 ? s->pass * 2 : s->fail / 2;
	if (s->rate > s->goal.highest)
		s->rate = s->goal.highest;
}

void search_tell(struct search *s, const struct counts *c)
{
	double p99 = hist_percentile(&c->latency, 99) / 1e3;
	bool passed = has_passed(&s->goal, c, p99);

	s->trial[s->n++] = (struct trial){ .rate = s->rate, .due = c->due, .sent = c->sent,
					   .lost = c->lost, .p99_us = p99, .passed = passed };
	if (counts_faulty(c)) {
		s->bound = BOUND_FAULT;
	} else if (passed) {
		s->pass = s->rate;
		s->best = *c;
		if (s->pass >= s->goal.highest)
			s->bound = BOUND_HIGHEST;
	} else if (!s->once) {
		s->once = true;
		return;
	} else {
		s->fail = s->rate;
		s->bound = c->due > c->sent ? BOUND_GENERATOR : BOUND_SERVER;
	}
	s->once = false;
	choose_rate(s);
}

void search_end(struct search *s, struct counts *c)
{
	double rate;

	if (search_next(s, &rate))
		s->bound = BOUND_NONE;
	if (s->bound != BOUND_FAULT && s->pass > 0)
		*c = s->best;
}

const char *search_bound(const struct search *s)
{
	static const char *const names[] = {
		[BOUND_NONE] = "interrupted", [BOUND_SERVER] = "server",
		[BOUND_GENERATOR] = "generator", [BOUND_HIGHEST] = "highest",
		[BOUND_FAULT] = "fault",
	};

	return names[s->bound];
}
