/* SPDX-License-Identifier: GPL-2.0-only */
/* The packets that are counted: Ethernet, IPv4, UDP or TCP. */
#ifndef PACKET_H
#define PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_FRAME	2048
#define PORT		11211
#define SERVER_IP	0x0a4d0001	/* 10.77.0.1: the server's end of topology/veth/lab */

/* Byte @i of every value. */
static inline char value_byte(size_t i)
{
	return 'a' + i % 23;
}

struct frame {
	size_t len;
	uint8_t bytes[MAX_FRAME];
};

/* A frame of the client to @port of the server with @len bytes of payload. */
void frame_udp(struct frame *f, uint16_t port, const void *payload, size_t len);
void frame_tcp(struct frame *f, uint16_t port, const void *payload, size_t len);
/* A GET of @key, with memcached's frame header. */
void frame_get(struct frame *f, const char *key);
/* The reply to it, as the eBPF accelerator makes it: from the server, no UDP checksum, TTL 64. */
void frame_reply(struct frame *f, const char *key, size_t value_len);

/*
 * Whether @f is that reply, with another IP id or don't-fragment bit perhaps, and maybe with a UDP
 * checksum; all of its checksums are right.
 */
bool frame_is_reply(const struct frame *f, const struct frame *reply);

#endif /* PACKET_H */
