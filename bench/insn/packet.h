/* SPDX-License-Identifier: GPL-2.0-only */
/* The packets that are counted: Ethernet, IPv4, UDP or TCP. */
#ifndef PACKET_H
#define PACKET_H

#include <stddef.h>
#include <stdint.h>

#define MAX_FRAME 2048

struct frame {
	size_t len;
	uint8_t bytes[MAX_FRAME];
};

/* A frame of the client to @port of the server with @len bytes of payload. */
void frame_udp(struct frame *f, uint16_t port, const void *payload, size_t len);
void frame_tcp(struct frame *f, uint16_t port, const void *payload, size_t len);
/* A GET of @key, with memcached's frame header. */
void frame_get(struct frame *f, const char *key);
/* The reply to it, as it must be on the wire: from the server, no UDP checksum, TTL 64. */
void frame_reply(struct frame *f, const char *key, size_t value_len);

#endif /* PACKET_H */
