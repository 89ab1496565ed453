// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections over TCP. One batch of commands at a time goes down each, in one piece or cut
 * anywhere; the answers come in order.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "world.h"

#define OPS	64
#define CUTS	8
#define INPUT	(2 << 20)
#define DOOMED	4
#define KEYS	8		/* of one GET, at most */

struct lane {
	struct source source;
	uint8_t via;
	bool binary, reads, connected;
	bool last, shut;		/* the connection ends behind this batch, in good order */
	uint32_t owner;
	uint64_t begun, next_send;
	struct out out;
	size_t sent, cut[CUTS + 1];
	unsigned int cuts, cut_at, pause;
	struct op op[OPS];
	unsigned int ops, answered;
	uint8_t *in;
	size_t got;
};

static const struct {
	uint8_t via;
	bool binary, reads;		/* reads: it changes nothing; only where TCP is accelerated */
} plan[] = {
	{ VIA_TCP, false, false }, { VIA_TCP, false, false }, { VIA_TCP6, false, false },
	{ VIA_LOOP, false, false }, { VIA_LOOP6, false, false },
	{ VIA_TCP, true, false }, { VIA_LOOP, true, false }, { VIA_TCP6, true, false },
	{ VIA_TCP, false, true }, { VIA_TCP, false, true }, { VIA_TCP6, false, true },
	{ VIA_LOOP, false, true },
};
#define LANES	(sizeof(plan) / sizeof(*plan))

static struct lane lanes[LANES];
static int doomed[DOOMED];
static uint64_t doomed_until[DOOMED];
static struct { bool due, sent, silent; int delay; uint64_t begun, from, to; } flush;

static bool lane_busy(const struct lane *l)
{
	return l->answered < l->ops;
}

static void ready(struct source *s, uint32_t events);

static void lane_open(struct lane *l)
{
	l->source.ready = ready;
	l->source.fd = net_socket(l->via);
	if (l->source.fd < 0)
		die("cannot connect over %s: %s", via_names[l->via], strerror(errno));
	l->ops = l->answered = 0;
	l->out.n = l->sent = l->got = 0;
	l->connected = true;
	l->last = l->shut = false;
	source_add(&l->source, EPOLLIN);
	W.count.conns++;
}

void tcp_open(void)
{
	size_t i;

	for (i = 0; i < LANES; i++) {
		struct lane *l = &lanes[i];

		if (plan[i].reads && !W.over_tcp)
			continue;
		if (!l->in && !(l->in = malloc(INPUT)))
			die("out of memory");
		l->via = plan[i].via;
		l->reads = plan[i].reads;
		l->binary = plan[i].binary;
		l->owner = 1 + i;
		lane_open(l);
	}
}

static void lane_close(struct lane *l)
{
	if (!l->connected)
		return;
	close(l->source.fd);
	l->connected = false;
	l->ops = l->answered = 0;
}

void tcp_close(void)
{
	size_t i;

	for (i = 0; i < LANES; i++) {
		W.count.void_requests += lanes[i].ops - lanes[i].answered;
		lane_close(&lanes[i]);
	}
	for (i = 0; i < DOOMED; i++) {
		if (doomed_until[i])
			close(doomed[i]);
		doomed_until[i] = 0;
	}
	memset(&flush, 0, sizeof(flush));
}

bool tcp_usable(void)
{
	return lanes[0].connected;
}

bool tcp_idle(void)
{
	size_t i;

	for (i = 0; i < LANES; i++)
		if (lane_busy(&lanes[i]) || lanes[i].last)
			return false;
	return !flush.due && !flush.sent && !flush.to;
}

/* The connection ended, and not because the server was killed. */
static void broken(struct lane *l, const char *why)
{
	struct finding f = { .verdict = WRONG };
	struct op *op = &l->op[l->answered];
	unsigned int i;

	snprintf(f.text, sizeof(f.text), "%s (%u commands unanswered; here: %.80s)", why,
		 l->ops - l->answered, l->got ? (char *)l->in : "nothing");
	violation(WRONG, op, &f);
	W.count.lost += l->ops - l->answered;
	for (i = l->answered; i < l->ops; i++)
		if (l->op[i].kind && l->op[i].kind < KIND_EXPIRY)
			mutate_unknown(&l->op[i], now_ns() + SECOND);
	if (flush.sent)
		memset(&flush, 0, sizeof(flush));
	lane_close(l);
	lane_open(l);
}

static void marker(struct lane *l)
{
	struct op *op = &l->op[l->ops++];

	if (l->binary) {
		*op = (struct op){ .marker = true, .form = BINARY, .opaque = draw() >> 40 };
		binary_write(op, NULL, 0, &l->out);
	} else {
		text_marker(op, &l->out);
	}
}

static void add_read(struct lane *l)
{
	struct op *op = &l->op[l->ops++];

	*op = (struct op){ .via = l->via, .owner = l->owner, .opaque = draw() >> 40,
			   .form = l->binary ? BINARY : TEXT };
	op->item = keys_pick();
	/* as over UDP, mostly in the spelling that needs no more than the value */
	op->read = L.hot && below(8) ? READ_GET : below(N_READS);
	if (!l->binary && op->read == READ_META) {
		op->form = META;
		/* what follows is memcached's, too */
		op->base64 = !L.hot && W.items[op->item].name.len <= BASE64_MOST && below(3) == 0;
	}
	read_begin(op);
	if (l->binary)
		binary_write(op, NULL, 0, &l->out);
	else
		text_write(op, NULL, 0, &l->out);
}

/* A GET of several keys. */
static void add_gets(struct lane *l)
{
	struct op *first = &l->op[l->ops];
	unsigned int n = 2 + below(KEYS - 1), i;
	enum read read = below(4) ? READ_GET : READ_GETS;

	for (i = 0; i < n; i++) {
		first[i] = (struct op){ .via = l->via, .owner = l->owner, .item = keys_pick(),
					.read = read, .more = i + 1 < n };
		read_begin(&first[i]);
	}
	l->ops += n;
	text_get(first, n, &l->out);
}

static void add_mutation(struct lane *l)
{
	struct op *op = &l->op[l->ops];

	*op = (struct op){ .via = l->via, .owner = l->owner, .opaque = draw() >> 40,
			   .form = l->binary ? BINARY : TEXT, .silent = below(4) == 0 };
	if (mutate(op, &l->out))
		l->ops++;
}

static void add_flush(struct lane *l)
{
	struct op *op = &l->op[l->ops++];

	*op = (struct op){ .kind = flush.delay ? KIND_FLUSH_LATER : KIND_FLUSH, .via = l->via,
			   .form = l->binary ? BINARY : TEXT, .exptime = flush.delay,
			   .opaque = draw() >> 40, .silent = !flush.delay && below(3) == 0 };
	op->begun = flush.begun = now_ns();
	if (flush.delay) {
		/* due when memcached's clock says so, which nobody else can read */
		flush.from = flush.begun + (flush.delay > CLOCK ? flush.delay - CLOCK : 0) * SECOND;
	} else {
		world_flush_begin(flush.begun);
	}
	flush.due = false;
	flush.sent = true;
	W.count.flushes++;
	W.count.made[op->kind][op->via]++;
	if (l->binary)
		binary_write(op, NULL, 0, &l->out);
	else
		text_write(op, NULL, 0, &l->out);
}

static void lane_cut(struct lane *l)
{
	unsigned int i, j;

	l->cuts = L.splits && below(2) ? 1 + below(CUTS) : 0;
	l->pause = below(4) ? 0 : below(3000);
	for (i = 0; i < l->cuts; i++) {
		size_t at = below(l->out.n);

		for (j = i; j && l->cut[j - 1] > at; j--)
			l->cut[j] = l->cut[j - 1];
		l->cut[j] = at;
	}
	l->cut[l->cuts++] = l->out.n;
	l->cut_at = 0;
	l->next_send = 0;
}

static void lane_fill(struct lane *l)
{
	unsigned int n = below(8), i;

	n = n < 4 ? 1 : n < 7 ? 2 + below(6) : 20 + below(OPS - 22);
	l->out.n = l->sent = 0;
	l->ops = l->answered = 0;
	l->got = 0;
	if (flush.due && !flush.sent && !l->reads && (!l->binary || !flush.delay))
		add_flush(l);
	for (i = 0; i < n && l->ops + 2 < OPS; i++) {
		if (!l->reads && below(4) && load_allows_mutation())
			add_mutation(l);
		else if (!l->binary && L.many_keys && below(48) == 0 && l->ops + KEYS < OPS)
			add_gets(l);
		else if (l->reads || below(3) == 0)
			add_read(l);
	}
	if (!l->ops)
		return;
	if (l->op[l->ops - 1].silent)
		marker(l);
	l->begun = now_ns();
	l->last = below(200) == 0;
	lane_cut(l);
}

static void lane_send(struct lane *l, uint64_t now)
{
	ssize_t n;

	while (l->sent < l->out.n && now >= l->next_send) {
		while (l->cut[l->cut_at] <= l->sent)
			l->cut_at++;
		n = send(l->source.fd, l->out.p + l->sent, l->cut[l->cut_at] - l->sent,
			 MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0)
			return;		/* full: later; dead: reading tells */
		l->sent += n;
		if (l->pause)
			l->next_send = now + l->pause * 1000;
	}
	if (l->last && !l->shut && l->sent == l->out.n)
		l->shut = !shutdown(l->source.fd, SHUT_WR);
}

static void flush_answered(struct op *op, uint64_t now)
{
	flush.sent = false;
	if (op->kind == KIND_FLUSH) {
		world_flush_end(flush.begun, now, KIND_FLUSH);
		return;
	}
	flush.to = now + (op->exptime + CLOCK) * SECOND;
}

static void answered(struct lane *l, struct op *op, const struct answer *a)
{
	uint64_t now = now_ns();

	if (op->kind == KIND_FLUSH || op->kind == KIND_FLUSH_LATER) {
		flush_answered(op, now);
	} else if (op->kind) {
		mutate_ended(op, a, now);
	} else if (!op->marker) {
		read_ended(op, a, now);
		W.count.gets[0]++;
		W.count.fast_keys += W.over_tcp && op->form != BINARY && !op->base64;
	}
	l->answered++;
}

static void ready(struct source *source, uint32_t events)
{
	struct lane *l = (struct lane *)source;
	size_t at = 0;
	ssize_t n;

	(void)events;
	n = recv(source->fd, l->in + l->got, INPUT - l->got, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (!n && l->shut && !lane_busy(l)) {
		lane_close(l);
		lane_open(l);
		return;
	}
	if (n <= 0) {
		if (server_up())
			broken(l, n ? "the connection broke" : "memcached closed the connection");
		else
			lane_close(l);
		return;
	}
	l->got += n;
	while (l->answered < l->ops) {
		struct op *op = &l->op[l->answered];
		struct answer a = {};

		n = op->form == BINARY ? binary_read(op, l->in + at, l->got - at, &a)
				       : text_read(op, l->in + at, l->got - at, &a);
		if (n == MORE)
			break;
		if (n == BAD) {
			memmove(l->in, l->in + at, l->got - at);
			l->got -= at;
			l->in[l->got < INPUT ? l->got : INPUT - 1] = '\0';
			broken(l, "not an answer to this command");
			return;
		}
		if (n == SILENT)
			a = (struct answer){ .said = SAID_NOTHING };
		else if (n != NONE)
			at += n;
		answered(l, op, &a);
	}
	memmove(l->in, l->in + at, l->got - at);
	l->got -= at;
	if (l->got && !lane_busy(l))
		broken(l, "more was answered than asked");
}

void tcp_flush(int delay)
{
	if (W.flushing || flush.due || flush.sent || flush.to)
		return;
	flush.due = true;
	flush.delay = delay;
}

void tcp_half_command(void)
{
	static const char *const halves[] = {
		"set %s 0 0 100\r\nhalf a value", "set %s 0", "delete %s", "ms %s 100 F1\r\n",
		"append %s 0 0 9000\r\n",	  "mg %s v\r"
	};
	const struct name *key = &W.items[keys_hot()].name;
	struct linger abort = { .l_onoff = 1 };
	char text[512];
	int i, n;

	for (i = 0; i < DOOMED && doomed_until[i]; i++)
		;
	if (i == DOOMED || !tcp_usable())
		return;
	doomed[i] = net_socket(draw() & 1 ? VIA_TCP : VIA_LOOP);
	if (doomed[i] < 0)
		return;
	n = snprintf(text, sizeof(text), halves[below(6)], key->text);
	if (below(3) == 0)
		setsockopt(doomed[i], SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
	doomed_until[i] = now_ns() + below(20) * MS + MS;
	/* not yet connected: what is lost then was no command either */
	if (send(doomed[i], text, n, MSG_NOSIGNAL | MSG_DONTWAIT) == n)
		W.count.half_commands++;
}

void tcp_work(uint64_t now)
{
	size_t i;

	for (i = 0; i < DOOMED; i++) {
		if (doomed_until[i] && now > doomed_until[i]) {
			close(doomed[i]);
			doomed_until[i] = 0;
		}
	}
	if (flush.from && now >= flush.from && !W.flushing) {
		world_flush_begin(now);
		flush.begun = now;
		flush.from = 0;
	}
	if (flush.to && now >= flush.to) {
		if (W.flushing)
			world_flush_end(flush.begun, now, KIND_FLUSH_LATER);
		flush.to = 0;
	}
	for (i = 0; i < LANES; i++) {
		struct lane *l = &lanes[i];

		if (!l->connected)
			continue;
		if (!lane_busy(l) && !l->last && !L.paused)
			lane_fill(l);
		if (lane_busy(l))
			lane_send(l, now);
	}
}
