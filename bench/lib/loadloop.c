// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "loadloop.h"
#include "fail.h"
#include "tally.h"
#include "mc/random.h"

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

enum { PHASE_WARM, PHASE_RUN };

/* One pass: the warm-up (keys in order) or the run (keys drawn). */
struct phase {
	struct wire *w;
	const struct load *l;
	struct counts *c;
	struct track *track;
	struct picker *picker;	/* NULL in the warm-up */
	struct tally tally;
	uint64_t start, stop;
	uint64_t over_at;	/* sending ended; 0 = it goes on */
	uint64_t last_sent, settled;
	uint64_t limit;		/* requests, UINT64_MAX = none */
	double rate;
	bool interrupted;
	struct request queue[BURST];
	unsigned int queued, first;
	uint64_t next_line, last_received;
};

static uint64_t due_until(const struct phase *p, uint64_t now)
{
	double n = (now - p->start) * p->rate / 1e9;

	return n < p->limit ? n : p->limit;
}

/* Book the requests that may leave now. */
static void fill_queue(struct phase *p, uint64_t now)
{
	uint64_t n, due = now;

	if (p->rate > 0) {
		n = due_until(p, now);
		n = n > p->c->sent ? n - p->c->sent : 0;
	} else {
		n = p->track->pending < p->l->window ? p->l->window - p->track->pending : 0;
	}
	if (n > BURST)
		n = BURST;
	if (n > p->limit - p->c->sent)
		n = p->limit - p->c->sent;
	for (p->first = p->queued = 0; p->queued < n && track_room(p->track); p->queued++) {
		uint64_t number = p->c->sent + p->queued;
		uint32_t key = p->picker ? picker_next(p->picker) : number;

		if (p->rate > 0)
			due = p->start + number * 1e9 / p->rate;
		p->queue[p->queued] = track_book(p->track, key, due, p->tally.phase);
	}
}

/* Returns how many left, or -errno. */
static int send_queue(struct phase *p)
{
	int n = p->w->send(p->w, p->queue + p->first, p->queued);
	uint64_t now;

	if (n <= 0)
		return n;
	/* read again: were we kept from the CPU since, the server is not to blame */
	p->last_sent = now = now_ns();
	for (int i = 0; i < n; i++) {
		const struct slot *s = track_sent(p->track, &p->queue[p->first + i], now);

		hist_add(&p->c->lag, now > s->due ? now - s->due : 0);
	}
	p->c->sent += n;
	p->first += n;
	p->queued -= n;
	return n;
}

static void progress(struct phase *p, uint64_t now)
{
	if (!p->l->progress || now < p->next_line)
		return;
	if (p->next_line)
		fprintf(stderr, "%s %4.0f s: %llu replies/s, %llu lost, %llu wrong\n",
			p->picker ? "run" : "warm-up", (now - p->start) / 1e9,
			(unsigned long long)(p->c->received - p->last_received),
			(unsigned long long)p->c->lost,
			(unsigned long long)(p->c->wrong + p->c->missing));
	p->last_received = p->c->received;
	p->next_line = now + 1000000000;
}

static void begin(struct phase *p, uint64_t now)
{
	hist_reset(&p->c->latency);
	hist_reset(&p->c->lag);
	p->start = p->last_sent = p->tally.last_reply = now;
	p->stop = p->picker ? now + p->l->seconds * 1e9 : UINT64_MAX;
	if (p->rate > 0) {
		/*
		 * All requests that are due within the time leave, late or not, and no
		 * others: to leave out the late ones would flatter the latency.
		 */
		uint64_t due = ceil(p->rate * p->l->seconds);

		p->limit = due < p->limit ? due : p->limit;
		p->stop += GRACE_NS;
	}
}

/* Is sending over? What is booked but has not left by then will not leave. */
static bool over(struct phase *p, uint64_t now)
{
	if (p->over_at)
		return true;
	if (drive_stop && !p->interrupted) {
		p->interrupted = true;
		p->stop = p->rate > 0 ? now + GRACE_NS : now;
		if (p->rate > 0)
			p->limit = due_until(p, now);
	}
	if (now < p->stop && p->c->sent < p->limit)
		return false;
	p->over_at = now;
	track_unbook(p->track, p->queued);
	p->queued = 0;
	return true;
}

/* Has everything come that may come? Late and second replies get a while. */
static bool finished(struct phase *p, uint64_t now)
{
	if (!p->over_at || p->track->pending)
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
	if (p->rate > 0) {
		p->c->due = p->limit;
		end = p->start + p->limit * 1e9 / p->rate;
		end = p->last_sent > end ? p->last_sent : end;
	}
	p->c->send_seconds = (end - p->start) / 1e9;
	p->c->last_reply_seconds = (p->tally.last_reply - p->start) / 1e9;
}

static int run_phase(struct phase *p)
{
	struct datagram d[BURST];
	uint64_t now = now_ns(), before;
	bool idle = false;
	int n;

	begin(p, now);
	while (!finished(p, now)) {
		bool stop = over(p, now);

		before = now;
		n = p->w->recv(p->w, d, BURST, idle);
		if (n < 0)
			return n;
		now = now_ns();
		for (int i = 0; i < n; i++)
			tally_datagram(&p->tally, &d[i], now);
		/* what has come until now is taken: only what is older than that can be lost */
		if (!p->w->more && before > p->l->timeout_ns)
			p->c->lost += track_expire(p->track, before - p->l->timeout_ns);
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

int drive(struct wire *w, const struct load *l, struct result *res)
{
	struct track track;
	struct picker picker;
	struct phase warm = { .w = w, .l = l, .c = &res->warm, .track = &track,
			      .limit = w->keys->count };
	struct phase run = { .w = w, .l = l, .c = &res->run, .track = &track, .picker = &picker,
			     .rate = l->rate, .limit = l->requests ? l->requests : UINT64_MAX };
	int err;

	memset(res, 0, sizeof(*res));
	warm.tally = (struct tally){ .keys = w->keys, .track = &track, .phase = PHASE_WARM,
				     .counts = { &res->warm, &res->run }, .bad = &res->bad };
	run.tally = warm.tally;
	run.tally.phase = PHASE_RUN;
	err = track_init(&track, w->ports);
	if (err)
		return err;
	err = picker_init(&picker, w->keys->count, l->theta, l->seed);
	if (err) {
		bench_fail(-err, "no memory for the zipf table of %u keys", w->keys->count);
		goto out;
	}
	if (l->warm_up)
		err = run_phase(&warm);
	if (!err && !drive_stop)
		err = run_phase(&run);
	picker_free(&picker);
	res->interrupted = drive_stop;
out:
	track_free(&track);
	return err;
}
