// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>
#include <string.h>

#include "mc.h"

struct cursor {
	const uint8_t *p, *end;
};

static bool take(struct cursor *c, const char *text)
{
	uint32_t n = strlen(text);

	if (c->end - c->p < n || memcmp(c->p, text, n))
		return false;
	c->p += n;
	return true;
}

/* A decimal number without sign or leading zero, as memcached prints it. */
static bool take_u32(struct cursor *c, uint32_t *out)
{
	const uint8_t *start = c->p;
	uint64_t v = 0;

	while (c->p < c->end && *c->p >= '0' && *c->p <= '9' && v <= UINT32_MAX)
		v = v * 10 + (*c->p++ - '0');
	*out = v;
	return c->p > start && v <= UINT32_MAX && (*start != '0' || c->p == start + 1);
}

uint32_t mc_build_get(uint8_t *out, uint16_t id, const char *key, uint32_t key_len)
{
	const uint8_t head[12] = { id >> 8, id, 0, 0, 0, 1, 0, 0, 'g', 'e', 't', ' ' };

	memcpy(out, head, sizeof(head));
	memcpy(out + sizeof(head), key, key_len);
	memcpy(out + sizeof(head) + key_len, "\r\n", 2);
	return sizeof(head) + key_len + 2;
}

static void bad(struct mc_reply *r, const char *why)
{
	r->kind = MC_BAD;
	r->why = why;
}

static void parse_value(struct mc_reply *r, struct cursor *c)
{
	const uint8_t *space = memchr(c->p, ' ', c->end - c->p);

	if (!space || space == c->p)
		return bad(r, "VALUE line without a key");
	r->key = c->p;
	r->key_len = space - c->p;
	c->p = space + 1;
	if (!take_u32(c, &r->flags) || !take(c, " ") || !take_u32(c, &r->value_len))
		return bad(r, "VALUE line without flags and length");
	if (!take(c, "\r\n"))
		return bad(r, "VALUE line does not end after the length");
	if ((uint64_t)(c->end - c->p) < r->value_len)
		return bad(r, "datagram shorter than the value's length");
	r->value = c->p;
	c->p += r->value_len;
	if (!take(c, "\r\nEND\r\n"))
		return bad(r, "no END after the value");
	if (c->p != c->end)
		return bad(r, "bytes after END");
	r->kind = MC_VALUE;
}

void mc_parse_reply(struct mc_reply *r, const uint8_t *p, uint32_t len)
{
	struct cursor c = { p + MC_FRAME_LEN, p + len };

	memset(r, 0, sizeof(*r));
	if (len < MC_FRAME_LEN)
		return bad(r, "shorter than the frame header");
	r->id = p[0] << 8 | p[1];
	if (p[2] || p[3])
		return bad(r, "sequence number is not 0");
	if (p[4] || p[5] != 1)
		return bad(r, "not a reply of one datagram");
	if (p[6] || p[7])
		return bad(r, "reserved bytes are not 0");
	if (take(&c, "VALUE "))
		return parse_value(r, &c);
	if (take(&c, "END\r\n")) {
		r->kind = MC_END;
		if (c.p != c.end)
			bad(r, "bytes after END");
		return;
	}
	if (take(&c, "ERROR") || take(&c, "CLIENT_ERROR") || take(&c, "SERVER_ERROR")) {
		r->kind = MC_ERROR;
		r->why = "memcached answered with an error";
		return;
	}
	bad(r, "neither VALUE nor END");
}
