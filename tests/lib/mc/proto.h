/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memcached's protocol: requests and replies as bytes, without sockets. Parsing is strict: what
 * memcached would not write is MC_BAD, with the reason.
 *
 * This folder is the one memcached client, frame builder, checksum and source of random numbers
 * of all C programs that test or measure. It uses nothing of the product, so it is below every
 * room; bench/ and bmc/tests link it (libmc.a). It does not judge: what a reply must be is known
 * to bench/lib (verify.h, from the data set) and to bmc/tests/judge (from the history), each by
 * itself.
 */
#ifndef MC_PROTO_H
#define MC_PROTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MC_PORT		11211
#define MC_FRAME_LEN	8	/* request id, sequence number, datagrams, reserved: 4 x be16 */
#define KEY_MAX		250	/* memcached's limit, bytes */
#define MC_HEAD_MAX	(KEY_MAX + 64)	/* a request or reply without its value */

/* Write the header of a request of one datagram. */
void mc_frame(uint8_t *out, uint16_t id);

/* Write frame header and request to @out (8 + 4 + key_len + 2 bytes); returns the length. */
uint32_t mc_build_get(uint8_t *out, uint16_t id, const char *key, uint32_t key_len);
uint32_t mc_build_delete(uint8_t *out, uint16_t id, const char *key, uint32_t key_len);
/* The texts of a SET and of a reply with one value, without a frame header. */
size_t mc_build_set(void *out, const char *key, uint32_t key_len, uint32_t flags, const void *value,
		    uint32_t len);
size_t mc_build_value(void *out, const char *key, uint32_t key_len, uint32_t flags,
		      const void *value, uint32_t len);

/* With a NUL behind it: (len + 2) / 3 * 4 + 1 bytes. */
void mc_base64(char *out, const void *bytes, size_t len);

enum mc_kind {
	MC_VALUE,	/* exactly one VALUE and END */
	MC_END,		/* a miss */
	MC_STORED,
	MC_DELETED,
	MC_NOT_FOUND,
	MC_ERROR,	/* ERROR, CLIENT_ERROR ..., SERVER_ERROR ... */
	MC_BAD,		/* anything else; @why says what is wrong */
};

struct mc_reply {
	enum mc_kind kind;
	uint16_t id;
	bool framed;		/* the frame header is right */
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

/* Puts the datagrams of one reply together, in whatever order they come. */
#define MC_PARTS	64
#define MC_PART_LEN	1472
struct mc_parts {
	unsigned int parts, seen;
	uint64_t have;
	uint16_t len[MC_PARTS];
	uint8_t *bytes;		/* allocated when it is needed, kept for the next reply */
};

enum mc_part { PART_MORE, PART_LAST, PART_AGAIN, PART_WRONG };
/*
 * Adds the datagram *@p of *@len >= MC_FRAME_LEN bytes. After PART_LAST, they are the text of the
 * whole reply, valid until the next call. PART_AGAIN: that one was there; PART_WRONG: a frame
 * header that no reply of memcached has.
 */
enum mc_part mc_parts_add(struct mc_parts *m, const uint8_t **p, size_t *len);

/* The header of the binary protocol, big endian. */
struct mc_binary {
	uint8_t magic, opcode;
	uint16_t key_len;
	uint8_t extras_len, data_type;
	uint16_t status;		/* of a request: reserved */
	uint32_t body_len, opaque;
	uint64_t cas;
} __attribute__((packed));
#define MC_BINARY_REQUEST	0x80
#define MC_BINARY_RESPONSE	0x81

#endif
