// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "packet.h"

#define CLIENT_PORT	12345
#define UDP_AT		34
#define CLIENT_IP	0x0a4d0002

static const uint8_t client_mac[ETH_ALEN] = { 2, 0, 0x0a, 0x4d, 0, 2 };
static const uint8_t server_mac[ETH_ALEN] = { 2, 0, 0x0a, 0x4d, 0, 1 };
/* request id 7, datagram 0 of 1 */
static const uint8_t mc_frame[8] = { 0, 7, 0, 0, 0, 1, 0, 0 };

static uint16_t checksum(uint32_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (; len > 1; p += 2, len -= 2)
		sum += p[0] << 8 | p[1];
	if (len)
		sum += *p << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum);
}

static void frame_ip(struct frame *f, int to_server, uint8_t protocol, uint8_t ttl,
		     const void *l4, size_t l4_len, const void *payload, size_t len)
{
	struct ethhdr eth = { .h_proto = htons(ETH_P_IP) };
	struct iphdr ip = {
		.version = 4, .ihl = 5, .ttl = ttl, .protocol = protocol,
		.tot_len = htons(sizeof(ip) + l4_len + len),
		.saddr = htonl(to_server ? CLIENT_IP : SERVER_IP),
		.daddr = htonl(to_server ? SERVER_IP : CLIENT_IP),
	};
	uint8_t *p = f->bytes;

	memcpy(eth.h_dest, to_server ? server_mac : client_mac, ETH_ALEN);
	memcpy(eth.h_source, to_server ? client_mac : server_mac, ETH_ALEN);
	ip.check = checksum(0, &ip, sizeof(ip));
	p = mempcpy(p, &eth, sizeof(eth));
	p = mempcpy(p, &ip, sizeof(ip));
	p = mempcpy(p, l4, l4_len);
	p = mempcpy(p, payload, len);
	f->len = p - f->bytes;
}

void frame_udp(struct frame *f, uint16_t port, const void *payload, size_t len)
{
	struct udphdr udp = {
		.source = htons(CLIENT_PORT), .dest = htons(port),
		.len = htons(sizeof(udp) + len),
	};

	/* another TTL than the reply's, so that its checksum must follow */
	frame_ip(f, 1, IPPROTO_UDP, 61, &udp, sizeof(udp), payload, len);
	/* as a client's kernel sends it: with the checksum, of the pseudo header too */
	udp.check = checksum(IPPROTO_UDP + ntohs(udp.len), f->bytes + UDP_AT - 8, f->len - UDP_AT + 8);
	memcpy(f->bytes + UDP_AT + 6, &udp.check, 2);
}

void frame_tcp(struct frame *f, uint16_t port, const void *payload, size_t len)
{
	struct tcphdr tcp = {
		.source = htons(CLIENT_PORT), .dest = htons(port), .doff = 5, .ack = 1,
		.window = htons(1000),
	};

	frame_ip(f, 1, IPPROTO_TCP, 61, &tcp, sizeof(tcp), payload, len);
}

void frame_get(struct frame *f, const char *key)
{
	char payload[sizeof(mc_frame) + 300];
	size_t len = sizeof(mc_frame);

	memcpy(payload, mc_frame, len);
	len += sprintf(payload + len, "get %s\r\n", key);
	frame_udp(f, PORT, payload, len);
}

void frame_reply(struct frame *f, const char *key, size_t value_len)
{
	struct udphdr udp = { .source = htons(PORT), .dest = htons(CLIENT_PORT) };
	char payload[MAX_FRAME];
	char *p = payload;
	size_t i, len;

	p = mempcpy(p, mc_frame, sizeof(mc_frame));
	p += sprintf(p, "VALUE %s 0 %zu\r\n", key, value_len);
	for (i = 0; i < value_len; i++)
		*p++ = value_byte(i);
	p = mempcpy(p, "\r\nEND\r\n", 7);
	len = p - payload;
	udp.len = htons(sizeof(udp) + len);
	frame_ip(f, 0, IPPROTO_UDP, 64, &udp, sizeof(udp), payload, len);
}

bool frame_is_reply(const struct frame *f, const struct frame *reply)
{
	static const size_t may_differ[] = { 18, 19, 20, 24, 25, UDP_AT + 6, UDP_AT + 7 };
	struct frame copy = *f;
	const uint8_t *udp = f->bytes + UDP_AT;

	if (f->len != reply->len || checksum(0, f->bytes + ETH_HLEN, 20))
		return false;
	if ((udp[6] || udp[7]) &&
	    checksum(IPPROTO_UDP + f->len - UDP_AT, udp - 8, f->len - UDP_AT + 8))
		return false;
	for (size_t i = 0; i < sizeof(may_differ) / sizeof(*may_differ); i++)
		copy.bytes[may_differ[i]] = reply->bytes[may_differ[i]];
	return !memcmp(copy.bytes, reply->bytes, f->len);
}
