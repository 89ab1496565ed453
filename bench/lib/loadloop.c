// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "arrivals.h"
#include "fail.h"
#include "loadloop.h"
#include "ratesearch.h"
#include "series.h"
#include "tally.h"

#define GRACE_NS	UINT64_C(1000000000)	/* for an open loop that is behind */
#define LATE_NS		UINT64_C(2000000000)	/* at the end, for replies to lost requests */
#define SECOND_NS	UINT64_C(20000000)	/* at the end, for second replies */

volatile sig_atomic_t drive_stop;

static void on_signal(int sig)
{
	(void)sig;
	drive_stop = 1;
}

void drive_catch_signals(void)
{
	/* for good: timeout(1) signals its child and then the child's group, too */
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}

/* What all phases share. */
struct driver {
	struct wire *w;
	const struct load *l;
	struct result *res;
	struct track track;
	struct choice choice;
};

/* One pass: the warm-up (all keys in order), what is discarded, or the run. */
struct phase {
	struct driver *d;
	enum phases which;
	struct counts *c;
	struct tally tally;
	struct arrivals arrivals;	/* of an open loop */
	bool open;
	uint64_t start, stop;
	double end;		/* open loop: what is due later, ns from the start, never leaves */
	uint64_t over_at;	/* sending ended; 0 = not yet */
	uint64_t last_sent, settled;
	uint64_t limit;		/* requests, UINT64_MAX = none */
	bool interrupted;
	struct request queue[BURST];
	unsigned int queued, first;
	uint64_t next_line, last_received;
};

/* The next request's due time, or UINT64_MAX if none may leave now. */
static uint64_t next_due(struct phase *p, uint64_t now)
{
	struct track *t = &p->d->track;

	if (!track_room(t) || p->c->sent + p->queued >= p->limit)
		return UINT64_MAX;
	if (!p->open)
		return t->pending < p->d->l->window ? now : UINT64_MAX;
	if (p->arrivals.next >= p->end || p->start + p->arrivals.next > now)
		return UINT64_MAX;
	return p->start + arrivals_take(&p->arrivals);
}

/* Book the requests that may leave now. */
static void fill_queue(struct phase *p, uint64_t now)
{
	for (p->first = p->queued = 0; p->queued < BURST; p->queued++) {
		uint32_t key = p->c->sent + p->queued;
		uint64_t due = next_due(p, now);
		enum op op = OP_GET;

		if (due == UINT64_MAX)
			break;
		if (p->which != PHASE_WARM)
			choice_next(&p->d->choice, &op, &key);
		p->queue[p->queued] = track_book(&p->d->track, op, key, due, p->which);
	}
}

/* Returns how many left, or -errno. */
static int send_queue(struct phase *p)
{
	int n = p->d->w->send(p->d->w, p->queue + p->first, p->queued);
	uint64_t now;

	if (n <= 0)
		return n;
	/* read again: were we kept from the CPU since, the server is not to blame */
	p->last_sent = now = now_ns();
	for (int i = 0; i < n; i++) {
		const struct slot *s = track_sent(&p->d->track, &p->queue[p->first + i], now);

		p->c->sets += s->op == OP_SET;
		p->c->deletes += s->op == OP_DELETE;
		hist_add(&p->c->lag, now > s->due ? now - s->due : 0);
	}
	p->c->sent += n;
	p->first += n;
	p->queued -= n;
	return n;
}

static void progress(struct phase *p, uint64_t now)
{
	static const char *const names[PHASES] = { "warm-up", "discarded", "run" };

	if (p->d->l->series && p->which == PHASE_RUN)
		series_look(p->d->l->series, p->c, now - p->start);
	if (!p->d->l->progress || now < p->next_line)
		return;
	if (p->next_line)
		fprintf(stderr, "%s %4.0f s: %llu replies/s, %llu lost, %llu wrong\n",
			names[p->which], (now - p->start) / 1e9,
			(unsigned long long)(p->c->received - p->last_received),
			(unsigned long long)p->c->lost,
			(unsigned long long)(p->c->wrong + p->c->missing));
	p->last_received = p->c->received;
	p->next_line = now + 1000000000;
}

static void begin(struct phase *p, uint64_t now)
{
	const struct load *l = p->d->l;
	double ns = (p->which == PHASE_DISCARD ? l->discard : l->seconds) * 1e9;

	hist_reset(&p->c->latency);
	hist_reset(&p->c->lag);
	p->start = p->last_sent = p->tally.last_reply = now;
	p->stop = p->which == PHASE_WARM ? UINT64_MAX : now + ns;
	/*
	 * All requests that are due within the time leave, late or not, and no
	 * others: to leave out the late ones would flatter the latency.
	 */
	p->end = ns;
	if (p->open)
		p->stop += GRACE_NS;
}

/* Is sending over? What is booked but has not left by then will not leave. */
static bool over(struct phase *p, uint64_t now)
{
	if (p->over_at)
		return true;
	if (drive_stop && !p->interrupted) {
		p->interrupted = true;
		p->stop = p->open ? now + GRACE_NS : now;
		if (now - p->start < p->end)
			p->end = now - p->start;
	}
	if (now < p->stop && p->c->sent < p->limit &&
	    !(p->open && p->arrivals.next >= p->end && p->c->sent == p->arrivals.taken))
		return false;
	p->over_at = now;
	track_unbook(&p->d->track, p->queued);
	p->queued = 0;
	return true;
}

/* Has everything come that may come? Late and second replies get a while. */
static bool finished(struct phase *p, uint64_t now)
{
	if (!p->over_at || p->d->track.pending)
		return false;
	if (!p->settled)
		p->settled = now;
	return now - p->settled >= (p->c->lost > p->c->late ? LATE_NS : SECOND_NS);
}

/*
 * The time of sending. Of a closed loop that a number of requests ends, it is that until
 * the last of them is settled: the loop was waiting for it, after all.
 */
static void take_times(struct phase *p)
{
	uint64_t end = p->c->sent >= p->limit ? p->settled : p->over_at;

	p->c->due = p->c->sent;
	if (p->open) {
		arrivals_skip(&p->arrivals, p->end, p->limit);
		p->c->due = p->arrivals.taken;
		end = p->start + (p->arrivals.next < p->end ? p->arrivals.next : p->end);
		end = p->last_sent > end ? p->last_sent : end;
	}
	p->c->send_seconds = (end - p->start) / 1e9;
	p->c->last_reply_seconds = (p->tally.last_reply - p->start) / 1e9;
}

static int run_phase(struct phase *p)
{
	struct wire *w = p->d->w;
	uint64_t now = now_ns(), before, timeout = p->d->l->timeout_ns;
	struct datagram d[BURST];
	bool idle = false;
	int n;

	begin(p, now);
	while (!finished(p, now)) {
		bool stop = over(p, now);

		before = now;
		n = w->recv(w, d, BURST, idle);
		if (n < 0)
			return n;
		now = now_ns();
		for (int i = 0; i < n; i++)
			tally_datagram(&p->tally, &d[i], now);
		/* what has come until now is taken: only what is older than that can be lost */
		if (!w->more && before > timeout)
			p->c->lost += track_expire(&p->d->track, before - timeout);
		idle = !n;
		if (!p->queued && !stop)
			fill_queue(p, now);
		if (p->queued) {
			n = send_queue(p);
			if (n < 0)
				return n;
			idle = idle && !n;
		}
		progress(p, now);
		if (p->settled && idle)
			usleep(100);	/* nobody measures any more: leave the CPU to others */
	}
	take_times(p);
	return 0;
}

/* @rate: of an open loop, or 0. */
static int phase(struct driver *d, enum phases which, double rate)
{
	const struct load *l = d->l;
	struct counts *c = &d->res->counts[which];
	struct phase p = { .d = d, .which = which, .c = c, .open = rate > 0, .limit = UINT64_MAX };

	memset(c, 0, sizeof(*c));
	if (which == PHASE_WARM)
		p.limit = d->w->keys->count;
	else if (which == PHASE_RUN && l->requests)
		p.limit = l->requests;
	if (p.open)
		arrivals_init(&p.arrivals, rate, l->poisson, l->seed);
	p.tally = (struct tally){ .keys = d->w->keys, .track = &d->track, .phase = which,
				  .counts = d->res->counts, .bad = &d->res->bad };
	return run_phase(&p);
}

static int open_driver(struct driver *d, struct wire *w, const struct load *l, struct result *res)
{
	int err;

	*d = (struct driver){ .w = w, .l = l, .res = res };
	memset(res, 0, sizeof(*res));
	err = track_init(&d->track, w->ports);
	if (err)
		return err;
	err = choice_init(&d->choice, &l->mix, w->keys->count, l->seed);
	if (err) {
		bench_fail(-err, "no memory for the zipf table of %u keys", w->keys->count);
		track_free(&d->track);
	}
	return err;
}

static void close_driver(struct driver *d)
{
	d->res->interrupted = drive_stop;
	choice_free(&d->choice);
	track_free(&d->track);
}

/* What comes before the run, or the first of its trials. */
static int prepare(struct driver *d, double rate)
{
	int err = 0;

	if (d->l->warm_up)
		err = phase(d, PHASE_WARM, 0);
	if (!err && d->l->discard > 0 && !drive_stop)
		err = phase(d, PHASE_DISCARD, rate);
	return err;
}

int drive(struct wire *w, const struct load *l, struct result *res)
{
	struct driver d;
	int err = open_driver(&d, w, l, res);

	if (err)
		return err;
	err = prepare(&d, l->rate);
	if (!err && !drive_stop)
		err = phase(&d, PHASE_RUN, l->rate);
	close_driver(&d);
	return err;
}

int drive_search(struct wire *w, const struct load *l, struct search *s, struct result *res)
{
	struct driver d;
	int err = open_driver(&d, w, l, res);
	double rate;

	if (err)
		return err;
	err = prepare(&d, l->rate);
	while (!err && !drive_stop && search_next(s, &rate)) {
		err = phase(&d, PHASE_RUN, rate);
		if (!err && !drive_stop)
			search_tell(s, &res->counts[PHASE_RUN]);
	}
	if (!err)
		search_end(s, &res->counts[PHASE_RUN]);
	close_driver(&d);
	return err;
}
