// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "drive.h"
#include "fail.h"
#include "verify.h"

#define GRACE_NS	UINT64_C(1000000000)	/* for an open loop that is behind */

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

uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * UINT64_C(1000000000) + t.tv_nsec;
}

/* One pass: the warm-up (keys in order) or the run (keys drawn). */
struct phase {
	struct wire *w;
	const struct load *l;
	struct counts *c;
	struct result *res;
	struct track track;
	struct picker *picker;	/* NULL in the warm-up */
	uint64_t start, stop, last_reply;
	uint64_t limit;		/* requests, UINT64_MAX = none */
	double rate;
	struct request queue[BURST];
	unsigned int queued, first;
	uint64_t next_line, last_received;
};

static void note_bad(struct phase *p, const struct slot *s, uint32_t port, uint16_t id,
		     const char *why)
{
	char key[KEY_MAX];

	if (*p->res->first_wrong)
		return;
	snprintf(p->res->first_wrong, sizeof(p->res->first_wrong),
		 "%s: key '%.*s', source port number %u, request id %u", why,
		 (int)key_text(p->w->keys, s->key, key), key, port, id);
}

static void take_reply(struct phase *p, const struct datagram *d, uint64_t now)
{
	const char *why = d->broken;
	struct mc_reply r;
	struct slot *s;

	mc_parse_reply(&r, d->payload, d->len);
	s = d->len < MC_FRAME_LEN ? NULL : track_find(&p->track, d->port, r.id);
	if (!s) {
		p->c->stray++;
		return;
	}
	if (s->state == SLOT_DONE) {
		p->c->duplicate++;
		return;
	}
	if (s->state == SLOT_LOST) {
		p->c->late++;
		s->state = SLOT_DONE;
		return;
	}
	switch (d->broken ? REPLY_WRONG : verify_reply(p->w->keys, s->key, &r, &why)) {
	case REPLY_GOOD:
		p->c->verified++;
		break;
	case REPLY_MISSING:
		p->c->missing++;
		note_bad(p, s, d->port, r.id, why);
		break;
	case REPLY_WRONG:
		p->c->wrong++;
		note_bad(p, s, d->port, r.id, why);
		break;
	}
	p->c->received++;
	hist_add(&p->c->latency, now > s->due ? now - s->due : 0);
	p->last_reply = now;
	track_done(&p->track, s);
}

/* Book the requests that may leave now. */
static void fill_queue(struct phase *p, uint64_t now)
{
	uint64_t n = BURST, due = now;

	if (p->rate > 0) {
		double should = (now - p->start) * p->rate / 1e9;

		n = should < p->c->sent ? 0 : (uint64_t)should - p->c->sent;
	} else {
		n = p->track.pending < p->l->window ? p->l->window - p->track.pending : 0;
	}
	if (n > BURST)
		n = BURST;
	if (n > p->limit - p->c->sent)
		n = p->limit - p->c->sent;
	for (p->first = p->queued = 0; p->queued < n && track_room(&p->track); p->queued++) {
		uint32_t key = p->picker ? picker_next(p->picker) : p->c->sent;

		if (p->rate > 0)
			due = p->start + p->c->sent * 1e9 / p->rate;
		p->queue[p->queued] = track_send(&p->track, key, due);
		p->c->sent++;
	}
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

static int run_phase(struct phase *p)
{
	struct datagram d[BURST];
	uint64_t now = now_ns();
	bool idle = false;
	int n;

	hist_reset(&p->c->latency);
	n = track_init(&p->track, p->w->ports);
	if (n)
		return n;
	p->start = p->last_reply = now;
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
	for (;;) {
		bool over = drive_stop || now >= p->stop || p->c->sent >= p->limit;

		n = p->w->recv(p->w, d, BURST, idle);
		now = now_ns();
		if (n < 0)
			break;
		for (int i = 0; i < n; i++)
			take_reply(p, &d[i], now);
		if (now > p->l->timeout_ns)
			p->c->lost += track_expire(&p->track, now - p->l->timeout_ns);
		idle = !n;
		if (!p->queued && !over)
			fill_queue(p, now);
		if (p->queued) {
			n = p->w->send(p->w, p->queue + p->first, p->queued);
			if (n < 0)
				break;
			p->first += n;
			p->queued -= n;
			idle = idle && !n;
		} else if (over && !p->track.pending) {
			n = 0;
			break;
		}
		progress(p, now);
	}
	p->c->seconds = (p->last_reply - p->start) / 1e9;
	track_free(&p->track);
	return n < 0 ? n : 0;
}

int drive(struct wire *w, const struct load *l, struct result *res)
{
	struct picker picker;
	int err;

	memset(res, 0, sizeof(*res));
	err = picker_init(&picker, w->keys->count, l->theta, l->seed);
	if (err)
		return err;
	if (l->warm_up) {
		struct phase warm = { .w = w, .l = l, .c = &res->warm, .res = res,
				      .limit = w->keys->count };

		err = run_phase(&warm);
	}
	if (!err && !drive_stop) {
		struct phase run = { .w = w, .l = l, .c = &res->run, .res = res,
				     .picker = &picker, .rate = l->rate,
				     .limit = l->requests ? l->requests : UINT64_MAX };

		err = run_phase(&run);
	}
	picker_free(&picker);
	res->interrupted = drive_stop;
	return err;
}
