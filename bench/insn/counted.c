// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "counted.h"
#include "mc/checksum.h"
#include "mc/ethernet.h"

#define CLIENT_PORT	12345
#define UDP_AT		(ETH_LEN + IP4_LEN)
#define REQUEST_ID	7

/* To the server; another TTL than the reply's, so that its checksum must follow. */
static const struct flow request = {
	.ttl = 61, .src_port = CLIENT_PORT, .dst_port = MC_PORT,
	.src_mac = { 2, 0, 0x0a, 0x4d, 0, 2 }, .dst_mac = { 2, 0, 0x0a, 0x4d, 0, 1 },
	.src = { 0x0a, 0x4d, 0, 2 }, .dst = { 0x0a, 0x4d, 0, 1 },
};

static const struct flow reply_flow = {
	.ttl = 64, .src_port = MC_PORT, .dst_port = CLIENT_PORT, .no_sum = true,
	.src_mac = { 2, 0, 0x0a, 0x4d, 0, 1 }, .dst_mac = { 2, 0, 0x0a, 0x4d, 0, 2 },
	.src = { 0x0a, 0x4d, 0, 1 }, .dst = { 0x0a, 0x4d, 0, 2 },
};

void make_key(char *key, size_t len, char letter)
{
	memset(key, letter, len);
	key[len] = '\0';
}

const char *value_bytes(size_t len)
{
	static char bytes[MAX_FRAME];

	for (size_t i = 0; i < len; i++)
		bytes[i] = 'a' + i % 23;
	return bytes;
}

static void make(struct frame *f, const struct flow *flow, const void *payload, size_t len)
{
	memcpy(f->bytes + payload_at(flow), payload, len);
	f->len = frame_wrap(f->bytes, flow, len);
}

void frame_udp(struct frame *f, uint16_t port, const void *payload, size_t len)
{
	struct flow flow = request;

	flow.dst_port = port;
	make(f, &flow, payload, len);
}

void frame_tcp(struct frame *f, const void *payload, size_t len)
{
	struct flow flow = request;

	flow.tcp = true;
	make(f, &flow, payload, len);
}

void frame_get(struct frame *f, const char *key)
{
	uint8_t payload[MC_FRAME_LEN + MC_HEAD_MAX];

	frame_udp(f, MC_PORT, payload, mc_build_get(payload, REQUEST_ID, key, strlen(key)));
}

void frame_reply(struct frame *f, const char *key, size_t value_len)
{
	uint8_t payload[MAX_FRAME];

	mc_frame(payload, REQUEST_ID);
	make(f, &reply_flow, payload, MC_FRAME_LEN +
	     mc_build_value(payload + MC_FRAME_LEN, key, strlen(key), 0, value_bytes(value_len), value_len));
}

bool frame_is_reply(const struct frame *f, const struct frame *reply)
{
	static const size_t may_differ[] = { 18, 19, 20, 24, 25, UDP_AT + 6, UDP_AT + 7 };
	struct frame copy = *f;
	const uint8_t *ip = f->bytes + ETH_LEN, *udp = f->bytes + UDP_AT;

	if (f->len != reply->len || ip_sum(ip) != 0xffff)
		return false;
	if (get16(udp + 6) && udp_sum(ip, udp, f->len - UDP_AT) != 0xffff)
		return false;
	for (size_t i = 0; i < sizeof(may_differ) / sizeof(*may_differ); i++)
		copy.bytes[may_differ[i]] = reply->bytes[may_differ[i]];
	return !memcmp(copy.bytes, reply->bytes, f->len);
}
