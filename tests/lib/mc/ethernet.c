// SPDX-License-Identifier: GPL-2.0-only
#include <netinet/in.h>
#include <string.h>

#include "checksum.h"
#include "ethernet.h"

static uint8_t *write_ip4(uint8_t *ip, const struct flow *f, size_t len)
{
	memset(ip, 0, IP4_LEN);
	ip[0] = 0x45;
	put16(ip + 2, IP4_LEN + len);
	put16(ip + 4, f->id);
	put16(ip + 6, f->fragment);
	ip[8] = f->ttl;
	ip[9] = f->tcp ? IPPROTO_TCP : IPPROTO_UDP;
	memcpy(ip + 12, f->src, 4);
	memcpy(ip + 16, f->dst, 4);
	ip_sum_set(ip);
	return ip + IP4_LEN;
}

static uint8_t *write_ip6(uint8_t *ip, const struct flow *f, size_t len)
{
	memset(ip, 0, 8);
	ip[0] = 0x60;
	put16(ip + 4, len);
	ip[6] = f->tcp ? IPPROTO_TCP : IPPROTO_UDP;
	ip[7] = f->ttl;
	memcpy(ip + 8, f->src, 16);
	memcpy(ip + 24, f->dst, 16);
	return ip + IP6_LEN;
}

size_t frame_wrap(uint8_t *out, const struct flow *f, size_t len)
{
	size_t l4_len = len + (f->tcp ? TCP_LEN : UDP_LEN);
	uint8_t *ip = out + ETH_LEN, *l4;

	memcpy(out, f->dst_mac, MAC_LEN);
	memcpy(out + MAC_LEN, f->src_mac, MAC_LEN);
	put16(out + 12, f->v6 ? 0x86dd : 0x0800);
	l4 = f->v6 ? write_ip6(ip, f, l4_len) : write_ip4(ip, f, l4_len);
	put16(l4, f->src_port);
	put16(l4 + 2, f->dst_port);
	if (f->tcp) {
		memset(l4 + 4, 0, TCP_LEN - 4);
		l4[12] = 5 << 4;
		l4[13] = 0x10;			/* ACK */
		put16(l4 + 14, 1000);		/* window */
		return payload_at(f) + len;
	}
	put16(l4 + 4, l4_len);
	put16(l4 + 6, 0);
	if (!f->no_sum)
		udp_sum_set(ip, l4, l4_len);
	return payload_at(f) + len;
}
