// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>

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
	case REPLY_WRONG:
		c->wrong++;
		break;
	}
	c->received++;
	hist_add(&c->latency, now > s->due ? now - s->due : 0);
	t->last_reply = now;
	track_done(t->track, s);
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
	v = d->broken ? REPLY_WRONG : verify_reply(t->keys, s->op, s->key, &r, &why);
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
		c->duplicate++;
		if (v != REPLY_GOOD)
			c->duplicate_wrong++;
		note(t, BAD_DUPLICATE, "second reply, ", s, d, r.id, v == REPLY_GOOD ? "right" : why);
	}
}
