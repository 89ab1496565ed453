// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "tally.h"
#include "verify.h"

bool counts_faulty(const struct counts *c)
{
	return c->wrong || c->late_wrong || c->duplicate || c->stray;
}

static void note(struct tally *t, enum bad_kind kind, const char *prefix, const struct slot *s,
		 const struct datagram *d, uint16_t id, const char *why)
{
	char key[KEY_MAX];

	samples_add(t->bad, kind, "%s%s: key '%.*s', source port number %u, request id %u", prefix,
		    why, (int)key_text(t->keys, s->key, key), key, d->port, id);
}

static void from_elsewhere(struct tally *t, struct counts *c, const struct datagram *d)
{
	const uint8_t s[4] = { d->src_ip >> 24, d->src_ip >> 16, d->src_ip >> 8, d->src_ip };
	const uint8_t u[4] = { d->dst_ip >> 24, d->dst_ip >> 16, d->dst_ip >> 8, d->dst_ip };
	bool port = d->origin == FROM_PORT;

	c->stray++;
	if (port)
		c->stray_port++;
	else
		c->stray_address++;
	/* a socket does not say which of our addresses it was sent to */
	samples_add(t->bad, port ? BAD_PORT : BAD_ADDRESS,
		    d->dst_ip ? "stray, wrong %s: from %u.%u.%u.%u:%u to port %u of %u.%u.%u.%u" :
				"stray, wrong %s: from %u.%u.%u.%u:%u to port %u",
		    port ? "port" : "address", s[0], s[1], s[2], s[3], d->src_port, d->dst_port,
		    u[0], u[1], u[2], u[3]);
}

/* The first reply to a request in flight. */
static void in_time(struct tally *t, struct counts *c, struct slot *s, enum verdict v, uint64_t now)
{
	switch (v) {
	case REPLY_GOOD:
		c->verified++;
		break;
	case REPLY_MISSING:
		c->missing++;
		break;
	default:
		c->wrong++;
	}
	c->received++;
	hist_add(&c->latency, now > s->due ? now - s->due : 0);
	t->last_reply = now;
	track_done(t->track, s);
}

static bool ends(const struct datagram *d)
{
	return d->len >= MC_FRAME_LEN + 5 && !memcmp(d->payload + d->len - 5, "END\r\n", 5);
}

/* memcached has nothing to say about a key that it does not have, and sends that. */
static bool says_nothing(const struct datagram *d)
{
	static const uint8_t none[MC_FRAME_LEN - 2];

	return !d->broken && d->len == MC_FRAME_LEN && !memcmp(d->payload + 2, none, sizeof(none));
}

/* A datagram of the reply to a GET of several keys, which may be all of it. */
static enum verdict judge_part(const struct tally *t, struct slot *s, const struct datagram *d,
			       const struct mc_reply *r, const char **why)
{
	bool settled = s->state == SLOT_DONE;
	enum verdict v;

	if (says_nothing(d))
		return REPLY_MORE;
	if (s->judged) {
		s->judged = !ends(d);
		return REPLY_MORE;
	}
	if (settled)
		s->have = 0;	/* of another reply, whose first part is enough to count it */
	if (d->broken)
		v = REPLY_WRONG;
	else if (!r->framed || r->kind == MC_ERROR)
		v = verify_reply(t->keys, s->op, s->key, r, why);
	else
		v = verify_values(t->keys, s->key, d->payload + MC_FRAME_LEN,
				  d->len - MC_FRAME_LEN, &s->have, why);
	if (v == REPLY_WRONG || settled)
		s->judged = !ends(d);
	return settled && v == REPLY_MORE ? REPLY_AGAIN : v;
}

static enum verdict judge(const struct tally *t, struct slot *s, const struct datagram *d,
			  const struct mc_reply *r, const char **why)
{
	if (s->op == OP_GET && t->keys->multi > 1)
		return judge_part(t, s, d, r, why);
	return d->broken ? REPLY_WRONG : verify_reply(t->keys, s->op, s->key, r, why);
}

static void again(struct tally *t, struct counts *c, const struct slot *s, const struct datagram *d,
		  uint16_t id, const char *why)
{
	c->duplicate++;
	if (why)
		c->duplicate_wrong++;
	note(t, BAD_DUPLICATE, "second reply, ", s, d, id, why ? why : "right");
}

void tally_datagram(struct tally *t, const struct datagram *d, uint64_t now)
{
	const char *why = d->broken;
	struct counts *c = &t->counts[t->phase];
	enum verdict v;
	struct mc_reply r;
	struct slot *s;

	if (d->origin != FROM_SERVER)
		return from_elsewhere(t, c, d);
	mc_parse_reply(&r, d->payload, d->len);
	s = d->len < MC_FRAME_LEN ? NULL : track_find(t->track, d->port, r.id);
	if (!s || s->sent == UINT64_MAX) {	/* never used, or not sent yet */
		c->stray++;
		samples_add(t->bad, BAD_STRAY, "stray, nothing was asked: source port number %u, %u bytes, request id %u",
			    d->port, d->len, r.id);
		return;
	}
	c = &t->counts[s->phase];
	v = judge(t, s, d, &r, &why);
	if (v == REPLY_MORE)
		return;
	if (v == REPLY_AGAIN)
		return again(t, c, s, d, r.id, NULL);
	switch (s->state) {
	case SLOT_PENDING:
		in_time(t, c, s, v, now);
		if (v != REPLY_GOOD)
			note(t, v == REPLY_MISSING ? BAD_MISSING : BAD_WRONG, "", s, d, r.id, why);
		break;
	case SLOT_LOST:
		c->late++;
		s->state = SLOT_DONE;
		if (v == REPLY_GOOD)
			break;
		c->late_wrong++;
		note(t, BAD_LATE, "late, and ", s, d, r.id, why);
		break;
	default:
		again(t, c, s, d, r.id, v == REPLY_GOOD ? NULL : why);
	}
}
