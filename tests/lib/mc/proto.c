// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checksum.h"
#include "proto.h"

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

void mc_frame(uint8_t *out, uint16_t id)
{
	const uint8_t head[MC_FRAME_LEN] = { id >> 8, id, 0, 0, 0, 1, 0, 0 };

	memcpy(out, head, sizeof(head));
}

static uint32_t build(uint8_t *out, uint16_t id, const char *word, const char *key, uint32_t key_len)
{
	uint8_t *p = out + MC_FRAME_LEN;

	mc_frame(out, id);
	p = mempcpy(p, word, strlen(word));
	p = mempcpy(p, key, key_len);
	p = mempcpy(p, "\r\n", 2);
	return p - out;
}

uint32_t mc_build_get(uint8_t *out, uint16_t id, const char *key, uint32_t key_len)
{
	return build(out, id, "get ", key, key_len);
}

uint32_t mc_build_delete(uint8_t *out, uint16_t id, const char *key, uint32_t key_len)
{
	return build(out, id, "delete ", key, key_len);
}

size_t mc_build_set(void *out, const char *key, uint32_t key_len, uint32_t flags, const void *value,
		    uint32_t len)
{
	char *p = out;

	p += sprintf(p, "set %.*s %u 0 %u\r\n", (int)key_len, key, flags, len);
	p = mempcpy(p, value, len);
	p = mempcpy(p, "\r\n", 2);
	return p - (char *)out;
}

size_t mc_build_value(void *out, const char *key, uint32_t key_len, uint32_t flags,
		      const void *value, uint32_t len)
{
	char *p = out;

	p += sprintf(p, "VALUE %.*s %u %u\r\n", (int)key_len, key, flags, len);
	p = mempcpy(p, value, len);
	p = mempcpy(p, "\r\nEND\r\n", 7);
	return p - (char *)out;
}

void mc_base64(char *out, const void *bytes, size_t len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *p = bytes, *end = p + len;

	for (; p < end; p += 3) {
		uint32_t word = p[0] << 16 | (end - p > 1 ? p[1] << 8 : 0) | (end - p > 2 ? p[2] : 0);

		*out++ = digits[word >> 18];
		*out++ = digits[word >> 12 & 63];
		*out++ = end - p > 1 ? digits[word >> 6 & 63] : '=';
		*out++ = end - p > 2 ? digits[word & 63] : '=';
	}
	*out = '\0';
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

/* A reply that is one fixed line. */
static bool parse_line(struct mc_reply *r, struct cursor *c)
{
	static const struct { const char *text; enum mc_kind kind; } lines[] = {
		{ "END\r\n", MC_END }, { "STORED\r\n", MC_STORED }, { "DELETED\r\n", MC_DELETED },
		{ "NOT_FOUND\r\n", MC_NOT_FOUND },
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (!take(c, lines[i].text))
			continue;
		r->kind = lines[i].kind;
		if (c->p != c->end)
			bad(r, r->kind == MC_END ? "bytes after END" : "bytes after the reply's line");
		return true;
	}
	return false;
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
	r->framed = true;
	if (take(&c, "VALUE "))
		return parse_value(r, &c);
	if (parse_line(r, &c))
		return;
	if (take(&c, "ERROR") || take(&c, "CLIENT_ERROR") || take(&c, "SERVER_ERROR")) {
		r->kind = MC_ERROR;
		r->why = "memcached answered with an error";
		return;
	}
	bad(r, "no reply of memcached to such a request");
}

/* The text of all parts, in order. */
static void join(struct mc_parts *m, const uint8_t **p, size_t *len)
{
	static uint8_t whole[MC_PARTS * MC_PART_LEN];
	uint8_t *end = whole;

	for (unsigned int i = 0; i < m->parts; i++)
		end = mempcpy(end, m->bytes + i * MC_PART_LEN, m->len[i]);
	*p = whole;
	*len = end - whole;
	m->parts = m->seen = 0;
	m->have = 0;
}

enum mc_part mc_parts_add(struct mc_parts *m, const uint8_t **p, size_t *len)
{
	unsigned int seq = get16(*p + 2), parts = get16(*p + 4);
	const uint8_t *text = *p + MC_FRAME_LEN;
	size_t n = *len - MC_FRAME_LEN;

	if (parts == 1 && seq == 0) {
		*p = text;
		*len = n;
		return PART_LAST;
	}
	/* memcached has nothing more to say, and says so */
	if (!parts && !n)
		return PART_MORE;
	if (!parts || parts > MC_PARTS || seq >= parts || (m->parts && m->parts != parts) ||
	    n > MC_PART_LEN)
		return PART_WRONG;
	if (!m->bytes && !(m->bytes = malloc(MC_PARTS * MC_PART_LEN)))
		abort();
	m->parts = parts;
	if (m->have & 1ULL << seq)
		return PART_AGAIN;
	m->have |= 1ULL << seq;
	memcpy(m->bytes + seq * MC_PART_LEN, text, n);
	m->len[seq] = n;
	if (++m->seen < parts)
		return PART_MORE;
	join(m, p, len);
	return PART_LAST;
}
