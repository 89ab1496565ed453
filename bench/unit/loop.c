// SPDX-License-Identifier: GPL-2.0-only
/* The load loop against a server in this very process: what is booked where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "loadloop.h"
#include "ratesearch.h"
#include "report.h"
#include "unit.h"

#define MS	UINT64_C(1000000)

/* Answers each request at once, or does what the fields say. */
struct fake {
	struct wire wire;
	uint64_t takes;		/* so many requests; then no more leave */
	uint64_t answers;	/* so many requests; the rest is lost */
	uint64_t at;		/* this request ... */
	uint64_t pause_send;	/* ... keeps us that long (ns) before its send returns, */
	uint64_t pause_recv;	/* or while its reply comes: */
	int recvs;		/* the first recv has none yet, the second one of them */
	uint64_t hold;		/* the reply to this request waits ... */
	uint64_t until;		/* ... until so many have left */
	struct request held;
	struct request ring[BURST];
	unsigned int n;
	uint64_t sent;
	uint8_t reply[BURST][REPLY_MAX];
};

static void pause_ns(uint64_t ns)
{
	for (uint64_t end = now_ns() + ns; now_ns() < end;)
		usleep(1000);
}

static int fake_send(struct wire *w, const struct request *r, unsigned int n)
{
	struct fake *f = w->ctx;
	unsigned int i;

	for (i = 0; i < n && f->n < BURST; i++) {
		if (f->sent == f->takes)
			break;
		if (f->sent == f->at)
			pause_ns(f->pause_send);
		if (f->sent == f->hold)
			f->held = r[i];
		else if (f->sent < f->answers)
			f->ring[f->n++] = r[i];
		f->sent++;
	}
	return i;
}

static int fake_recv(struct wire *w, struct datagram *d, unsigned int max, bool idle)
{
	struct fake *f = w->ctx;
	unsigned int n = f->n;

	(void)idle;
	if (f->sent >= f->until && n < BURST) {
		f->ring[n++] = f->held;
		f->n = n;
		f->until = UINT64_MAX;
	}
	assert_true(max >= n);
	if (n > 1 && f->sent > f->at && f->pause_recv && f->recvs < 2) {
		if (!f->recvs++) {
			pause_ns(f->pause_recv);
			return 0;
		}
		n = 1;
	}
	for (unsigned int i = 0; i < n; i++) {
		const struct request *r = &f->ring[i];
		uint32_t len = true_reply(w->keys, r->key, f->reply[i]);

		f->reply[i][0] = r->id >> 8;
		f->reply[i][1] = r->id;
		d[i] = (struct datagram){ .port = r->port, .payload = f->reply[i], .len = len };
	}
	f->n -= n;
	memmove(f->ring, f->ring + n, f->n * sizeof(f->ring[0]));
	w->more = f->n > 0;
	return n;
}

static struct result res;
static struct search *search;	/* that run() shall do, or NULL */

/* Runs @l against @f and returns the status; what must add up adds up. */
static int run(struct fake *f, const struct load *l)
{
	struct keyset k = keyset("16", "32", 1000);
	struct report rep = { .load = l, .keys = &k, .res = &res, .has_latency = true,
			      .search = search };
	const struct counts *c = &res.counts[PHASE_RUN];

	f->wire = (struct wire){ .ctx = f, .keys = &k, .ports = 4, .send = fake_send,
				 .recv = fake_recv };
	if (search) {
		assert_int_equal(drive_search(&f->wire, l, search, &res), 0);
	} else {
		assert_int_equal(drive(&f->wire, l, &res), 0);
		assert_int_equal(res.counts[PHASE_WARM].sent + res.counts[PHASE_DISCARD].sent + c->sent,
				 f->sent);
	}
	assert_true(c->due >= c->sent);
	assert_int_equal(c->sent, c->received + c->lost);
	assert_int_equal(c->received, c->verified);
	assert_int_equal(c->latency.count, c->received);
	assert_int_equal(c->lag.count, c->sent);
	return report_status(&rep);
}

static struct fake fake(void)
{
	return (struct fake){ .takes = UINT64_MAX, .answers = UINT64_MAX, .at = UINT64_MAX,
			      .hold = UINT64_MAX, .until = UINT64_MAX };
}

void drive_keeps_a_rate(void **state)
{
	struct load l = { .rate = 1000, .seconds = 0.1, .timeout_ns = 60000 * MS };
	struct fake f = fake();
	int status = run(&f, &l);

	(void)state;
	assert_int_equal(res.counts[PHASE_RUN].due, 100);
	/* where this machine stops for a second, it must say so */
	assert_int_equal(status, res.counts[PHASE_RUN].sent < 100 ? STATUS_BEHIND : STATUS_GOOD);
	assert_true(res.counts[PHASE_RUN].send_seconds >= 0.1);
}

/* What does not leave is unsent, not lost, and the loop ends all the same. */
void drive_counts_what_does_not_leave(void **state)
{
	struct load l = { .rate = 1000, .seconds = 0.1, .timeout_ns = 60000 * MS };
	struct load closed = { .window = 8, .seconds = 0.1, .timeout_ns = 60000 * MS };
	struct fake f = fake();

	(void)state;
	f.takes = 30;
	assert_int_equal(run(&f, &l), STATUS_BEHIND);
	assert_int_equal(res.counts[PHASE_RUN].due, 100);
	assert_int_equal(res.counts[PHASE_RUN].sent, 30);
	assert_int_equal(res.counts[PHASE_RUN].lost, 0);
	f = fake();
	f.takes = 30;
	assert_int_equal(run(&f, &closed), STATUS_GOOD);
	assert_int_equal(res.counts[PHASE_RUN].due, 30);
	assert_true(res.counts[PHASE_RUN].send_seconds >= 0.1);
}

/* Its own pause, wherever it falls, makes no reply late that is already there. */
void drive_books_no_pause_of_its_own_as_loss(void **state)
{
	struct load l = { .window = 4, .seconds = 60, .requests = 40, .timeout_ns = 50 * MS };
	struct fake f = fake();

	(void)state;
	f.at = 20;
	f.pause_send = 200 * MS;
	assert_int_equal(run(&f, &l), STATUS_GOOD);
	assert_int_equal(res.counts[PHASE_RUN].verified, 40);
	assert_true(res.counts[PHASE_RUN].lag.max >= 200 * MS);
	f = fake();
	f.at = 20;
	f.pause_recv = 200 * MS;
	assert_int_equal(run(&f, &l), STATUS_GOOD);
	assert_int_equal(res.counts[PHASE_RUN].verified, 40);
	/* and the latency shows it: nobody knows when the reply came */
	assert_true(res.counts[PHASE_RUN].latency.max >= 200 * MS);
	assert_int_equal(f.recvs, 2);
}

/* A server that stops does not keep the rate it had. */
void drive_divides_by_the_time_of_sending(void **state)
{
	struct load l = { .window = 4, .seconds = 0.3, .timeout_ns = 20 * MS };
	struct fake f = fake();

	(void)state;
	f.answers = 8;
	assert_int_equal(run(&f, &l), STATUS_BAD);
	assert_int_equal(res.counts[PHASE_RUN].received, 8);
	assert_true(res.counts[PHASE_RUN].send_seconds >= 0.3);
	assert_true(res.counts[PHASE_RUN].last_reply_seconds <= res.counts[PHASE_RUN].send_seconds);
	l.may_lose = true;
	f = fake();
	f.answers = 8;
	assert_int_equal(run(&f, &l), STATUS_GOOD);
	/* that a number of requests ends: its last ones were waited for */
	l = (struct load){ .window = 4, .seconds = 60, .requests = 12, .timeout_ns = 100 * MS };
	f = fake();
	f.answers = 8;
	assert_int_equal(run(&f, &l), STATUS_BAD);
	assert_int_equal(res.counts[PHASE_RUN].lost, 4);
	assert_true(res.counts[PHASE_RUN].send_seconds >= 0.1);
}

/* The run's requests have other ids: a late reply of the warm-up is none to them. */
void drive_knows_late_replies_of_the_warm_up(void **state)
{
	struct load l = { .window = 4, .seconds = 60, .requests = 500, .timeout_ns = 50 * MS,
			  .warm_up = true };
	struct fake f = fake();

	(void)state;
	f.hold = 3;
	f.until = 1000 + 100;
	assert_int_equal(run(&f, &l), STATUS_BAD);
	assert_int_equal(res.counts[PHASE_RUN].verified, 500);
	assert_int_equal(res.counts[PHASE_RUN].late, 0);
	assert_int_equal(res.counts[PHASE_RUN].stray, 0);
	assert_int_equal(res.counts[PHASE_RUN].duplicate, 0);
	assert_int_equal(res.counts[PHASE_WARM].verified, 999);
	assert_int_equal(res.counts[PHASE_WARM].lost, 1);
	assert_int_equal(res.counts[PHASE_WARM].late, 1);
	assert_int_equal(res.counts[PHASE_WARM].late_wrong, 0);
}

/* Upwards until the highest rate passes; and in vain, when nothing leaves. */
void drive_searches(void **state)
{
	struct load l = { .rate = 1000, .seconds = 0.05, .timeout_ns = 60000 * MS };
	struct goal g = { .first = 1000, .highest = 4000, .max_loss = 0, .resolution = 0.5 };
	struct fake f = fake();
	struct search s;

	(void)state;
	search_begin(&s, &g);
	search = &s;
	/* a machine that stops for a second fails a trial, twice is unlikely but no error either */
	if (run(&f, &l) == STATUS_GOOD)
		assert_true(s.pass > 0);
	search = NULL;
	assert_true(s.n > 0);
	assert_int_equal(s.trial[0].due, 50);
	/* nothing leaves any more */
	f = fake();
	f.takes = 0;
	g.first = SEARCH_LOWEST;
	search_begin(&s, &g);
	search = &s;
	assert_int_equal(run(&f, &l), STATUS_BAD);
	search = NULL;
	assert_int_equal(s.bound, BOUND_GENERATOR);
	assert_true(s.pass == 0);
}

void drive_discards_what_comes_first(void **state)
{
	struct load l = { .window = 4, .seconds = 60, .requests = 20, .discard = 0.05,
			  .timeout_ns = 60000 * MS };
	struct fake f = fake();

	(void)state;
	assert_int_equal(run(&f, &l), STATUS_GOOD);
	assert_int_equal(res.counts[PHASE_RUN].verified, 20);
	assert_true(res.counts[PHASE_DISCARD].verified > 0);
	assert_true(res.counts[PHASE_DISCARD].send_seconds >= 0.05);
}
