/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memcached's text protocol over UDP, as far as a benchmark client needs it:
 * "get KEY" out, one datagram back. Parsing is strict: what memcached would not
 * write is MC_BAD, with the reason.
 */
#ifndef BENCH_MC_H
#define BENCH_MC_H

#include <stdint.h>

#define MC_FRAME_LEN	8	/* request id, sequence number, datagrams, reserved: 4 x be16 */

/* Write frame header and request to @out (8 + 4 + key_len + 2 bytes); returns the length. */
uint32_t mc_build_get(uint8_t *out, uint16_t id, const char *key, uint32_t key_len);

enum mc_kind {
	MC_VALUE,	/* exactly one VALUE and END */
	MC_END,		/* a miss */
	MC_ERROR,	/* ERROR, CLIENT_ERROR ..., SERVER_ERROR ... */
	MC_BAD,		/* anything else; @why says what is wrong */
};

struct mc_reply {
	enum mc_kind kind;
	uint16_t id;
	const char *why;
	/* MC_VALUE only; the pointers lead into the datagram */
	const uint8_t *key;
	uint32_t key_len;
	uint32_t flags;
	const uint8_t *value;
	uint32_t value_len;
};

/* Parse one datagram (@p: UDP payload). Never reads beyond @len. @r->id is set if @len >= 8. */
void mc_parse_reply(struct mc_reply *r, const uint8_t *p, uint32_t len);

#endif
