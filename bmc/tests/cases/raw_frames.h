/* SPDX-License-Identifier: GPL-2.0-only */
/* Raw frames, sent and received at the client's end of the lab. */
#ifndef RAW_FRAMES_H
#define RAW_FRAMES_H

#include "cases.h"
#include "mc/ethernet.h"

#define CLIENT_PORT	4242
#define NOBODYS_PORT	4244		/* what comes there is no answer */
/* Addresses without a host: no kernel interferes. The server has neighbour entries for them. */
#define FRAME_CLIENT4	"10.77.0.9"
#define FRAME_CLIENT6	"fd77::9"

#define MAX_FRAME	9000

struct frame {
	size_t len;
	bool v6;
	uint8_t bytes[MAX_FRAME];
};

/* Where UDP's header is in a frame as frame_make() makes it. */
static inline size_t udp_at(const struct frame *f)
{
	return ETH_LEN + (f->v6 ? IP6_LEN : IP4_LEN);
}

static inline size_t text_at(const struct frame *f)
{
	return udp_at(f) + 8 + MC_FRAME_LEN;
}

/* A right frame with memcached's frame header and @text, as request @id. */
void frame_make(struct frame *f, bool v6, uint16_t id, struct text text);
/* Corrects lengths and checksums; IP's is that of a header of @ip_len bytes. */
void frame_fix(struct frame *f);
void frame_fix_ip(struct frame *f);
void frame_fix_udp(struct frame *f);
void frame_set16(struct frame *f, size_t at, uint16_t value);
void frame_insert(struct frame *f, size_t at, const void *bytes, size_t len);

/* What came back for a frame: the texts in order, and what else must be the same. */
struct answer {
	unsigned int n;			/* datagrams */
	struct text text;		/* their texts, without frame headers */
	struct text headers;		/* addresses, ports, VLAN, frame headers of the first */
};

/*
 * Sends @n frames, and behind them GETs that memcached itself answers: what came until then for
 * the frames is the answer. Each reply is looked at: lengths, checksums.
 */
struct answer frames_ask(const struct frame *frames, size_t n);

/*
 * shapes.c: each makes of the right frame at @f what is to be sent, and returns how many
 * frames that is, at most MAX_FRAMES.
 */
#define MAX_FRAMES 64
typedef size_t shape(struct frame *f);
shape jumbo, bad_ip_sum, bad_udp_sum, bad_byte, no_udp_sum, two_fragments, only_the_first_fragment;
shape dont_fragment, two_fragments6, atomic_fragment6, hop_by_hop, flow_label;
shape payload_too_long, of_two_datagrams, of_no_datagrams, of_257_datagrams, sequence_1;
shape reserved_1, padded, padded_with_text, padded_to_300, vlan_7, vlan_7_with_priority;
shape vlan_8, vlan_0, vlan_ad_7, vlan_twice, vlan_own_address, option_nop;
shape option_record_route, option_source_route, header_of_16_bytes, version_5, no_hops_left;
shape ip_too_long, ip_too_short, udp_too_long, udp_shorter, udp_of_no_length, other_mac;
shape multicast_mac, broadcast_mac, from_port_11211, to_port_11212, as_tcp;
shape cut_short, no_text, to_foreign, to_other_of_ours, to_loopback, to_subnet, to_all;
shape to_group, to_nobody, from_server, from_loopback, from_all, from_group, from_nobody;
shape from_subnet, from_subnet_of_a_vlan, from_network;
shape from_class_e, to6_foreign, to6_loopback, to6_group, to6_nobody, from6_server;
shape from6_loopback, from6_group, from6_nobody;

#endif /* RAW_FRAMES_H */
