/* SPDX-License-Identifier: GPL-2.0-only */
/* Ethernet frames of the generator: requests and ARP out, replies and ARP in. */
#ifndef BENCH_PATH_H
#define BENCH_PATH_H

#include <stdbool.h>
#include <stdint.h>

#include "loadloop.h"
#include "mc/ethernet.h"

#define FRAME_MAX	1514

/* Who talks to whom. Addresses and ports in host byte order. */
struct path {
	uint8_t src_mac[MAC_LEN], dst_mac[MAC_LEN];
	uint32_t src_ip, dst_ip;
	uint16_t src_port;	/* the first of @ports */
	uint16_t dst_port;
	uint32_t ports;
	bool resolved;		/* dst_mac is known */
};

/* Write the frame of a request to @out[FRAME_MAX]; returns its length. */
uint32_t path_request(uint8_t *out, const struct path *p, const struct keyset *k,
		      const struct request *r);

enum frame_kind {
	FRAME_OTHER,		/* not for us */
	FRAME_REPLY,		/* @d is filled; it may be a stray */
	FRAME_ARP_REQUEST,	/* somebody asks for src_ip: answer with path_arp_reply() */
	FRAME_ARP_REPLY,	/* dst_mac was learned */
};

/* Look at a received frame. Only ARP replies change @p. */
enum frame_kind path_parse(struct path *p, const uint8_t *frame, uint32_t len,
			    struct datagram *d);

/* Write an ARP request for dst_ip, or the answer to @request; returns the length. */
uint32_t path_arp_request(uint8_t *out, const struct path *p);
uint32_t path_arp_reply(uint8_t *out, const struct path *p, const uint8_t *request);

/* Parse "10.77.0.2" (to host order) or "02:00:00:00:00:01"; @what names the option. 0 or -errno. */
int ip_parse(uint32_t *ip, const char *what, const char *text);
int mac_parse(uint8_t *mac, const char *what, const char *text);

#endif
