/* SPDX-License-Identifier: GPL-2.0-only */
/* Big-endian fields, and the checksums of IPv4 and UDP, on bytes as they are on the wire. */
#ifndef MC_CHECKSUM_H
#define MC_CHECKSUM_H

#include <stdbool.h>
#include <stdint.h>

static inline void put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static inline void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static inline uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static inline uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

/* Add the 16-bit words of @p to @sum. */
static inline uint32_t sum_add(uint32_t sum, const uint8_t *p, uint32_t len)
{
	for (; len > 1; p += 2, len -= 2)
		sum += get16(p);
	return len ? sum + (*p << 8) : sum;
}

/* The ones' complement sum in 16 bits: 0xffff over what carries a right checksum. */
static inline uint16_t sum_fold(uint32_t sum)
{
	sum = (sum >> 16) + (sum & 0xffff);
	return sum + (sum >> 16);
}

/* Of an IPv4 header, whatever length it states. */
static inline uint16_t ip_sum(const uint8_t *ip)
{
	return sum_fold(sum_add(0, ip, (ip[0] & 15) * 4));
}

static inline void ip_sum_set(uint8_t *ip)
{
	put16(ip + 10, 0);
	put16(ip + 10, ~ip_sum(ip));
}

/* UDP's pseudo header, not folded. @ip: an IPv4 or IPv6 header; @len: of UDP header and payload. */
static inline uint32_t udp_pseudo_sum(const uint8_t *ip, uint32_t len)
{
	return ip[0] >> 4 == 6 ? sum_add(17 + len, ip + 8, 32) : sum_add(17 + len, ip + 12, 8);
}

static inline uint16_t udp_sum(const uint8_t *ip, const uint8_t *udp, uint32_t len)
{
	return sum_fold(sum_add(udp_pseudo_sum(ip, len), udp, len));
}

static inline void udp_sum_set(const uint8_t *ip, uint8_t *udp, uint32_t len)
{
	uint16_t sum;

	put16(udp + 6, 0);
	sum = ~udp_sum(ip, udp, len);
	put16(udp + 6, sum ? sum : 0xffff);	/* 0 says that there is none */
}

#endif
