/* SPDX-License-Identifier: GPL-2.0-only */
/* Ethernet frames with IPv4 or IPv6 and UDP or TCP. */
#ifndef MC_ETHERNET_H
#define MC_ETHERNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAC_LEN		6
#define ETH_LEN		14
#define IP4_LEN		20
#define IP6_LEN		40
#define UDP_LEN		8
#define TCP_LEN		20

/* Who sends what to whom. */
struct flow {
	bool v6, tcp;
	bool no_sum;			/* leave UDP's checksum out; TCP's always is */
	uint8_t ttl;
	uint16_t id, fragment;		/* of IPv4: identification, flags and offset */
	uint16_t src_port, dst_port;
	uint8_t src_mac[MAC_LEN], dst_mac[MAC_LEN];
	uint8_t src[16], dst[16];	/* as on the wire; IPv4's are the first four bytes */
};

/* Where the payload is in a frame of @f. */
static inline size_t payload_at(const struct flow *f)
{
	return ETH_LEN + (f->v6 ? IP6_LEN : IP4_LEN) + (f->tcp ? TCP_LEN : UDP_LEN);
}

/* Write the headers in front of the @len bytes of payload at @out + payload_at(). Returns the frame's length. */
size_t frame_wrap(uint8_t *out, const struct flow *f, size_t len);

#endif
