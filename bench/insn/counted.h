/* SPDX-License-Identifier: GPL-2.0-only */
/* The packets that are counted: Ethernet, IPv4, UDP or TCP. */
#ifndef INSN_COUNTED_H
#define INSN_COUNTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mc/proto.h"

#define MAX_FRAME	2048
/* Of the server: as 32 bits in memory, and with two zeros behind it. */
#define SERVER_ADDR	0x01004d0aU
#define SERVER_MAC	{ 2, 0, 0x0a, 0x4d, 0, 1 }
/* A key of @len times that letter, with a NUL. */
void make_key(char *key, size_t len, char letter);
/* The first @len bytes of every value, at most MAX_FRAME. */
const char *value_bytes(size_t len);

struct frame {
	size_t len;
	uint8_t bytes[MAX_FRAME];
};

/* A frame of the client to @port of the server (TCP: memcached's) with @len bytes of payload. */
void frame_udp(struct frame *f, uint16_t port, const void *payload, size_t len);
void frame_tcp(struct frame *f, const void *payload, size_t len);
/* A GET of @key, with memcached's frame header. */
void frame_get(struct frame *f, const char *key);
/* The reply to it, as the eBPF accelerator makes it: from the server, no UDP checksum, TTL 64. */
void frame_reply(struct frame *f, const char *key, size_t value_len);

/*
 * Whether @f is that reply, with another IP id or don't-fragment bit perhaps, and maybe with a UDP
 * checksum; all of its checksums are right.
 */
bool frame_is_reply(const struct frame *f, const struct frame *reply);

#endif /* INSN_COUNTED_H */
