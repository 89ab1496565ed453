// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sockets over UDP: GETs of one key and of several, and one mutation a datagram. So few are
 * under way at a time that no socket's buffer and no ring of a veth can overflow.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "world.h"

#define WINDOW		16
#define KEYS		8
#define TIMEOUT		(8 * SECOND)
#define TURNS		500		/* and so often we looked: a machine that stood still lost nothing */
#define TIMEOUT_LOSS	(400 * MS)
#define TIMEOUT_MUTE	(100 * MS)	/* by then it was executed, or it may be within a second */

struct request {
	bool used;
	uint16_t id;
	unsigned int keys, next;	/* of @op; the next that may be in the answer */
	uint64_t begun, turn, others;	/* when it was sent; what others had done by then */
	struct mc_parts answer;
	struct op op[KEYS];
};

struct usock {
	struct source source;
	uint8_t via;
	bool mutates, binary, open;
	unsigned int window, under_way;
	uint16_t last_id;
	uint64_t late_until;		/* answers to requests given up may come until then */
	struct request request[WINDOW];
};

static const struct {
	uint8_t via;
	bool mutates;
	unsigned int window;
	bool binary;
} plan[] = {
	{ VIA_UDP, false, 16, false }, { VIA_UDP, false, 16, false }, { VIA_UDP, false, 16, false },
	{ VIA_UDP, false, 16, false }, { VIA_UDP6, false, 16, false },
	{ VIA_UDP_LOOP, false, 2, false },
	{ VIA_UDP, true, 2, false }, { VIA_UDP6, true, 2, false }, { VIA_UDP_LOOP, true, 1, false },
	{ VIA_UDP, true, 1, true }, { VIA_UDP6, true, 1, true },
};
#define SOCKS	(sizeof(plan) / sizeof(*plan))

static struct usock socks[SOCKS];
static uint64_t turns;

static void ready(struct source *s, uint32_t events);

void udp_open(void)
{
	size_t i;

	for (i = 0; i < SOCKS; i++) {
		struct usock *u = &socks[i];

		u->via = plan[i].via;
		u->mutates = plan[i].mutates;
		u->binary = plan[i].binary;
		u->window = plan[i].window;
		u->source.ready = ready;
		u->source.fd = net_socket(u->via);
		if (u->source.fd < 0)
			die("cannot open a socket for %s: %s", via_names[u->via], strerror(errno));
		u->open = true;
		source_add(&u->source, EPOLLIN);
	}
}

void udp_close(void)
{
	size_t i;

	for (i = 0; i < SOCKS; i++) {
		if (socks[i].open)
			close(socks[i].source.fd);
		socks[i].open = false;
	}
}

bool udp_idle(void)
{
	size_t i;

	for (i = 0; i < SOCKS; i++)
		if (socks[i].under_way)
			return false;
	return true;
}

bool udp_mutations_idle(void)
{
	size_t i;

	for (i = 0; i < SOCKS; i++)
		if (socks[i].mutates && socks[i].under_way)
			return false;
	return true;
}

static void done(struct usock *u, struct request *r)
{
	r->used = false;
	u->under_way--;
}

/* No more can be told of what is under way. */
static void abandon(struct request *r, uint64_t until)
{
	for (; r->next < r->keys; r->next++)
		if (r->op[r->next].kind)
			mutate_unknown(&r->op[r->next], until);
}

void udp_forget(void)
{
	size_t i, j;

	for (i = 0; i < SOCKS; i++) {
		for (j = 0; j < WINDOW; j++) {
			if (!socks[i].request[j].used)
				continue;
			W.count.void_requests++;
			socks[i].late_until = now_ns() + TIMEOUT;
			done(&socks[i], &socks[i].request[j]);
		}
	}
}

/* A GET, mostly of one key and in the spelling that can be answered without memcached. */
static void make_get(struct usock *u, struct request *r, struct out *o)
{
	unsigned int n = L.many_keys && below(12) == 0 ? 2 + below(KEYS - 1) : 1, i;
	unsigned int spelling = below(40);

	r->keys = 0;
	for (i = 0; i < n; i++) {
		struct op *op = &r->op[r->keys];
		uint32_t item = keys_pick();

		/* one big answer fills the receive buffer as hundreds of others do */
		if (W.items[item].sort == BIG && (n > 1 || below(20)))
			item = 0;
		if (o->n + W.items[item].name.len > 1300)
			break;
		*op = (struct op){ .via = u->via, .item = item, .opaque = r->id };
		if (n == 1 && spelling < 2) {
			op->read = spelling ? READ_META : READ_GETS;
			op->form = spelling ? META : TEXT;
		}
		read_begin(op);
		r->keys++;
		if (n == 1 && spelling < 2)
			text_write(op, NULL, 0, o);
		else if (n == 1 && spelling == 2)
			out_text(o, "get  %s \r\n", W.items[item].name.text);
		else if (n == 1 && spelling == 3)
			out_text(o, "get %s\n", W.items[item].name.text);
		else
			out_text(o, "%s%s%s", i ? " " : "get ", W.items[item].name.text,
				 i + 1 == n ? "\r\n" : "");
	}
	if (i < n && n > 1)
		out_add(o, "\r\n", 2);
}

static uint32_t owner(const struct usock *u, const struct request *r)
{
	return 1000 + (u - socks) * WINDOW + (r - u->request);
}

/* One command of a datagram that changes something. */
static bool add_command(struct usock *u, struct request *r, bool reads, bool silent, struct out *o)
{
	struct op *op = &r->op[r->keys];

	*op = (struct op){ .via = u->via, .owner = owner(u, r), .opaque = draw() >> 40,
			   .form = u->binary ? BINARY : TEXT, .silent = silent && !reads };
	if (!reads) {
		r->keys += mutate(op, o);
		return op->kind != KIND_NONE;
	}
	do
		op->item = keys_pick();
	while (W.items[op->item].sort == BIG);
	read_begin(op);
	if (u->binary)
		binary_write(op, NULL, 0, o);
	else
		text_write(op, NULL, 0, o);
	r->keys++;
	return true;
}

/* One mutation, or some among reads, or one that is not answered. */
static bool make_mutation(struct usock *u, struct request *r, struct out *o)
{
	unsigned int n = below(4) ? 1 : 2 + below(2), i;
	bool any = false;

	r->keys = 0;
	if (n == 1 && below(12) == 0)
		return add_command(u, r, false, true, o);
	for (i = 0; i < n && o->n < 700; i++)
		any |= add_command(u, r, n > 1 && below(2), i + 1 < n && below(4) == 0, o);
	/* the last is answered, so that it is known of all when they were executed */
	if (r->keys && r->op[r->keys - 1].silent)
		any |= add_command(u, r, true, false, o);
	return any;
}

static bool make_request(struct usock *u, struct request *r, struct out *o)
{
	/* ids of a socket come again after 64 K requests: no datagram is that late */
	u->last_id++;
	r->id = u->last_id;
	o->n = MC_FRAME_LEN;
	mc_frame(o->p, r->id);
	if (!u->mutates) {
		make_get(u, r, o);
	} else if (!make_mutation(u, r, o)) {
		return false;
	}
	r->begun = now_ns();
	r->turn = turns;
	r->others = operations();
	r->next = 0;
	r->answer = (struct mc_parts){ .bytes = r->answer.bytes };
	r->used = true;
	u->under_way++;
	return true;
}

static void fill(struct usock *u)
{
	static struct out out[WINDOW];
	struct mmsghdr messages[WINDOW];
	struct iovec iov[WINDOW];
	unsigned int i, n = 0;
	int sent, at;

	for (i = 0; i < u->window; i++) {
		struct request *r = &u->request[i];

		if (r->used)
			continue;
		if (!out[n].p) {
			out[n].size = 64 << 10;
			out[n].p = malloc(out[n].size);
			if (!out[n].p)
				die("out of memory");
		}
		if (!make_request(u, r, &out[n]))
			break;
		iov[n] = (struct iovec){ out[n].p, out[n].n };
		messages[n] =
			(struct mmsghdr){ .msg_hdr = { .msg_iov = &iov[n], .msg_iovlen = 1 } };
		n++;
	}
	for (at = 0; at < (int)n; at += sent) {
		sent = sendmmsg(u->source.fd, messages + at, n - at, 0);
		if (sent > 0)
			continue;
		/* a refusal from before, when the server was down: the send was not tried */
		if (errno == ECONNREFUSED || errno == EINTR || errno == EAGAIN) {
			sent = 0;
			continue;
		}
		die("cannot send over %s: %s", via_names[u->via], strerror(errno));
	}
}

static void wrong(struct request *r, const char *what, const uint8_t *p, size_t n)
{
	struct finding f = { .verdict = WRONG };

	snprintf(f.text, sizeof(f.text), "%s: %.*s", what, n < 100 ? (int)n : 100, (const char *)p);
	violation(WRONG, &r->op[0], &f);
}

/* VALUE blocks and END of a GET of any number of keys. Returns true when it is complete. */
static bool values(struct request *r, const uint8_t *p, size_t n, uint64_t now)
{
	while (n) {
		struct answer a = {};
		const uint8_t *key;
		uint32_t key_len;
		ssize_t took;

		if (n >= 5 && !memcmp(p, "END\r\n", 5)) {
			for (; r->next < r->keys; r->next++)
				read_ended(&r->op[r->next],
					   &(struct answer){ .said = SAID_NOT_FOUND }, now);
			if (n != 5)
				wrong(r, "bytes behind END", p, n);
			return true;
		}
		took = text_value(p, n, &key, &key_len, &a);
		if (took <= 0 || (!a.cas != (r->op[0].read != READ_GETS))) {
			wrong(r, "not an answer to a GET", p, n);
			return true;
		}
		for (; r->next < r->keys; r->next++) {
			const struct name *name = &W.items[r->op[r->next].item].name;

			if (name->len == key_len && !memcmp(name->text, key, key_len))
				break;
			read_ended(&r->op[r->next], &(struct answer){ .said = SAID_NOT_FOUND },
				   now);
		}
		if (r->next == r->keys) {
			wrong(r, "a key that was not asked for", p, n);
			return true;
		}
		read_ended(&r->op[r->next++], &a, now);
		p += took;
		n -= took;
	}
	return false;
}

/* Answers to the commands of a datagram, in order. Returns true when that was the last. */
static bool answers(struct request *r, const uint8_t *p, size_t n, uint64_t now)
{
	while (n && r->next < r->keys) {
		struct op *op = &r->op[r->next];
		struct answer a = {};
		ssize_t took = op->form == BINARY ? binary_read(op, p, n, &a) : text_read(op, p, n, &a);

		if (took == SILENT) {
			a = (struct answer){ .said = SAID_NOTHING };
			took = 0;
		} else if (took <= 0) {
			wrong(r, "not an answer to this command", p, n);
			abandon(r, now);
			return true;
		}
		if (op->kind)
			mutate_ended(op, &a, now);
		else
			read_ended(op, &a, now);
		r->next++;
		p += took;
		n -= took;
	}
	if (n)
		wrong(r, "more was answered than asked", p, n);
	return r->next == r->keys;
}

/* The text of one answer, or, of a GET of several keys, of a part of one. */
static bool complete(struct usock *u, struct request *r, const uint8_t *p, size_t n, uint64_t now)
{
	if (!u->mutates && r->op[0].form == TEXT)
		return values(r, p, n, now);
	return answers(r, p, n, now);
}

/* Puts the datagrams of one answer together. Returns true when @*p is all of it. */
static bool assemble(struct request *r, const uint8_t **p, size_t *n)
{
	enum mc_part part = mc_parts_add(&r->answer, p, n);

	if (part == PART_WRONG)
		wrong(r, "a wrong frame header", *p, *n);
	return part == PART_LAST;
}

static void datagram(struct usock *u, const uint8_t *p, size_t n, uint64_t now)
{
	struct request *r = NULL;
	unsigned int i;
	uint16_t id;

	if (n < MC_FRAME_LEN || p[6] || p[7]) {
		wrong(&u->request[0], "no frame header", p, n);
		return;
	}
	id = p[0] << 8 | p[1];
	for (i = 0; i < u->window; i++)
		if (u->request[i].used && u->request[i].id == id)
			r = &u->request[i];
	if (!r) {
		/* of a request given up, or doubled on its way: only where that can be */
		W.count.late++;
		if (!W.loss && u->late_until < now)
			wrong(&u->request[0], "an answer that nobody waits for", p + MC_FRAME_LEN,
			      n - MC_FRAME_LEN);
		return;
	}
	if (!assemble(r, &p, &n) || !complete(u, r, p, n, now))
		return;
	if (!u->mutates) {
		W.count.gets[u->via == VIA_UDP_LOOP ? 1 : 2]++;
		if (u->via != VIA_UDP_LOOP && W.over_udp)
			W.count.fast_keys += r->keys;
	}
	done(u, r);
}

static void ready(struct source *source, uint32_t events)
{
	static uint8_t buffer[WINDOW][2048];
	struct usock *u = (struct usock *)source;
	struct mmsghdr messages[WINDOW] = {};
	struct iovec iov[WINDOW];
	uint64_t now;
	int i, n;

	(void)events;
	for (i = 0; i < WINDOW; i++) {
		iov[i] = (struct iovec){ buffer[i], sizeof(buffer[i]) };
		messages[i].msg_hdr.msg_iov = &iov[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	n = recvmmsg(source->fd, messages, WINDOW, MSG_DONTWAIT, NULL);
	now = now_ns();
	for (i = 0; i < n; i++)
		datagram(u, buffer[i], messages[i].msg_len, now);
}

/* One command that says nothing unless it fails. */
static bool mute(const struct request *r)
{
	return r->op[r->keys - 1].silent;
}

static void give_up(struct usock *u, struct request *r, uint64_t now)
{
	if (W.loss) {
		W.count.lost_allowed++;
	} else if (!mute(r)) {
		W.count.lost++;
		if (W.shown++ < 20)
			printf("LOST at %.3f s: no answer to request %u by %s, %u keys, the first %.20s%s; "
			       "%llu other operations since\n",
			       r->begun / 1e9, r->id, via_names[u->via], r->keys,
			       W.items[r->op[0].item].name.text,
			       u->mutates ? " (a mutation)" : "",
			       (unsigned long long)(operations() - r->others));
	}
	if (u->mutates)
		abandon(r, now + SECOND);
	u->late_until = now + TIMEOUT;
	done(u, r);
}

void udp_work(uint64_t now)
{
	uint64_t limit = W.loss ? TIMEOUT_LOSS : TIMEOUT;
	static uint64_t next;
	bool look = now > next;
	size_t i, j;

	turns++;
	if (look)
		next = now + 50 * MS;
	for (i = 0; i < SOCKS; i++) {
		struct usock *u = &socks[i];

		if (!u->open)
			continue;
		for (j = 0; look && j < u->window; j++)
			if (u->request[j].used && turns > u->request[j].turn + TURNS &&
			    now > u->request[j].begun + (mute(&u->request[j]) ? TIMEOUT_MUTE : limit))
				give_up(u, &u->request[j], now);
		if (L.paused || !server_up() ||
		    !(u->mutates ? L.udp_mutations && load_allows_mutation() : L.reads))
			continue;
		if (u->under_way <= u->window / 2)
			fill(u);
	}
}
