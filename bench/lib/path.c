// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fail.h"
#include "mc/checksum.h"
#include "mc/ethernet.h"
#include "mc/proto.h"
#include "path.h"
#include "payload.h"

#define ARP_LEN		28
#define ETH_MIN		60

uint32_t path_request(uint8_t *out, const struct path *p, const struct keyset *k,
		      const struct request *r)
{
	struct flow f = { .ttl = 64, .id = r->id, .fragment = 0x4000 /* don't fragment */,
			  .src_port = p->src_port + r->port, .dst_port = p->dst_port };
	uint32_t n;

	memcpy(f.dst_mac, p->dst_mac, MAC_LEN);
	memcpy(f.src_mac, p->src_mac, MAC_LEN);
	put32(f.src, p->src_ip);
	put32(f.dst, p->dst_ip);
	n = frame_wrap(out, &f, payload_fill(out + payload_at(&f), k, r));
	if (n < ETH_MIN) {
		memset(out + n, 0, ETH_MIN - n);
		n = ETH_MIN;
	}
	return n;
}

/*
 * A UDP checksum may be absent (0), complete, or left to the hardware: between two
 * ends of a veth pair the kernel leaves only the sum of the pseudo header in it.
 */
static bool udp_sum_ok(const uint8_t *ip, const uint8_t *udp, uint16_t udp_len)
{
	return !get16(udp + 6) || udp_sum(ip, udp, udp_len) == 0xffff ||
	       get16(udp + 6) == sum_fold(udp_pseudo_sum(ip, udp_len));
}

static enum frame_kind parse_arp(struct path *p, const uint8_t *arp, uint32_t len)
{
	static const uint8_t head[6] = { 0, 1, 8, 0, 6, 4 };

	if (len < ARP_LEN || memcmp(arp, head, sizeof(head)) || get32(arp + 24) != p->src_ip)
		return FRAME_OTHER;
	if (get16(arp + 6) == 1)
		return FRAME_ARP_REQUEST;
	if (get16(arp + 6) != 2 || get32(arp + 14) != p->dst_ip)
		return FRAME_OTHER;
	memcpy(p->dst_mac, arp + 8, MAC_LEN);
	p->resolved = true;
	return FRAME_ARP_REPLY;
}

/*
 * Is it meant to be a reply to us, and if so, what of its way is wrong? One wrong port or
 * address does not hide it; datagrams that share less with our own requests are others'.
 */
static bool is_reply(const struct path *p, const uint8_t *frame, const uint8_t *ip,
		     const uint8_t *udp, struct datagram *d)
{
	bool from_address, to_address, from_port, to_port;

	d->src_ip = get32(ip + 12);
	d->dst_ip = get32(ip + 16);
	d->src_port = get16(udp);
	d->dst_port = get16(udp + 2);
	from_address = d->src_ip == p->dst_ip;
	to_address = d->dst_ip == p->src_ip;
	from_port = d->src_port == p->dst_port;
	to_port = (uint16_t)(d->dst_port - p->src_port) < p->ports;
	if (from_address && to_address && from_port && to_port)
		d->origin = FROM_SERVER;
	else if (from_address && to_address)
		d->origin = FROM_PORT;
	else if (to_port && (to_address || (from_address && !memcmp(frame, p->src_mac, MAC_LEN))))
		d->origin = FROM_ADDRESS;
	else
		return false;
	return true;
}

enum frame_kind path_parse(struct path *p, const uint8_t *frame, uint32_t len,
			    struct datagram *d)
{
	const uint8_t *ip = frame + ETH_LEN, *udp;
	uint32_t ip_len, total;
	uint16_t udp_len;

	if (len < ETH_LEN)
		return FRAME_OTHER;
	len -= ETH_LEN;
	if (get16(frame + 12) == 0x0806)
		return parse_arp(p, ip, len);
	if (get16(frame + 12) != 0x0800 || len < IP4_LEN || ip[0] >> 4 != 4)
		return FRAME_OTHER;
	ip_len = (ip[0] & 15) * 4;
	total = get16(ip + 2);
	if (ip_len < IP4_LEN || total > len || total < ip_len + UDP_LEN || ip[9] != 17)
		return FRAME_OTHER;
	udp = ip + ip_len;
	if (!is_reply(p, frame, ip, udp, d))
		return FRAME_OTHER;

	/* From here on it is meant to be a reply to us: what is wrong with it is reported. */
	udp_len = get16(udp + 4);
	d->port = d->dst_port - p->src_port;
	d->payload = udp + UDP_LEN;
	d->len = total - ip_len - UDP_LEN;
	d->broken = NULL;
	if (memcmp(frame, p->src_mac, MAC_LEN))
		d->broken = "sent to another MAC address";
	else if (get16(ip + 6) & 0x3fff)
		d->broken = "an IP fragment";
	else if (udp_len != total - ip_len)
		d->broken = "UDP length does not match IP length";
	else if (ip_sum(ip) != 0xffff)
		d->broken = "wrong IP checksum";
	else if (!udp_sum_ok(ip, udp, udp_len))
		d->broken = "wrong UDP checksum";
	return FRAME_REPLY;
}

static uint32_t arp(uint8_t *out, const struct path *p, uint16_t op, const uint8_t *to_mac,
		    uint32_t to_ip)
{
	static const uint8_t head[8] = { 8, 6, 0, 1, 8, 0, 6, 4 };
	uint8_t *a = out + ETH_LEN;

	memset(out, 0, ETH_MIN);
	if (to_mac)
		memcpy(out, to_mac, MAC_LEN);
	else
		memset(out, 0xff, MAC_LEN);
	memcpy(out + MAC_LEN, p->src_mac, MAC_LEN);
	memcpy(out + 12, head, sizeof(head));
	put16(a + 6, op);
	memcpy(a + 8, p->src_mac, MAC_LEN);
	put32(a + 14, p->src_ip);
	if (to_mac)
		memcpy(a + 18, to_mac, MAC_LEN);
	put32(a + 24, to_ip);
	return ETH_MIN;
}

uint32_t path_arp_request(uint8_t *out, const struct path *p)
{
	return arp(out, p, 1, NULL, p->dst_ip);
}

uint32_t path_arp_reply(uint8_t *out, const struct path *p, const uint8_t *request)
{
	return arp(out, p, 2, request + ETH_LEN + 8, get32(request + ETH_LEN + 14));
}

int ip_parse(uint32_t *ip, const char *what, const char *text)
{
	struct in_addr addr;

	if (inet_pton(AF_INET, text, &addr) != 1)
		return bench_fail(EINVAL, "%s '%s': an IPv4 address is expected", what, text);
	*ip = ntohl(addr.s_addr);
	return 0;
}

int mac_parse(uint8_t *mac, const char *what, const char *text)
{
	unsigned int v[MAC_LEN], n = 0;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &v[0], &v[1], &v[2], &v[3], &v[4], &v[5],
		   &n) != MAC_LEN || text[n])
		return bench_fail(EINVAL, "%s '%s': a MAC address looks like 02:00:00:00:00:01", what,
			    text);
	for (int i = 0; i < MAC_LEN; i++)
		mac[i] = v[i];
	return 0;
}
