// SPDX-License-Identifier: GPL-2.0-only
/* What is done to a right frame. */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <string.h>

#include "raw_frames.h"

/* IPv4 and UDP fields, from the frame's start */
enum {
	AT_LEN = ETH_LEN + 2, AT_ID = ETH_LEN + 4, AT_FRAG = ETH_LEN + 6, AT_TTL = ETH_LEN + 8, AT_SUM = ETH_LEN + 10,
	AT_SRC = ETH_LEN + 12, AT_DST = ETH_LEN + 16,
	AT6_PAYLOAD = ETH_LEN + 4, AT6_SRC = ETH_LEN + 8, AT6_DST = ETH_LEN + 24,
};

/* Each datagram in fragments has its own, or they would be put together with those of others. */
static uint16_t fragment_id;

size_t bad_ip_sum(struct frame *f)
{
	f->bytes[AT_SUM] ^= 0x55;
	return 1;
}

size_t bad_udp_sum(struct frame *f)
{
	f->bytes[udp_at(f) + 7] ^= 0x55;
	return 1;
}

size_t bad_byte(struct frame *f)
{
	f->bytes[12 + ETH_LEN]++;	/* of the source address: both checksums are wrong */
	return 1;
}

size_t no_udp_sum(struct frame *f)
{
	frame_set16(f, udp_at(f) + 6, 0);
	return 1;
}

/* Two fragments, the second of whole 8 byte units from @f's UDP header on. */
size_t two_fragments(struct frame *f)
{
	struct frame *second = f + 1;
	size_t first = 24;

	frame_set16(f, AT_ID, ++fragment_id);
	*second = *f;
	second->len = f->len - first;
	memmove(second->bytes + udp_at(f), f->bytes + udp_at(f) + first, f->len - udp_at(f) - first);
	f->len = udp_at(f) + first;
	frame_set16(f, AT_LEN, f->len - ETH_LEN);
	frame_set16(f, AT_FRAG, 0x2000);
	frame_set16(second, AT_LEN, second->len - ETH_LEN);
	frame_set16(second, AT_FRAG, first / 8);
	frame_fix_ip(f);
	frame_fix_ip(second);
	return 2;
}

size_t only_the_first_fragment(struct frame *f)
{
	frame_set16(f, AT_ID, ++fragment_id);
	frame_set16(f, AT_FRAG, 0x2000);
	frame_fix_ip(f);
	return 1;
}

size_t dont_fragment(struct frame *f)
{
	frame_set16(f, AT_FRAG, 0x4000);
	frame_fix_ip(f);
	return 1;
}

/* IPv6's fragment header: next header, reserved, offset and more, id. */
static void fragment6(struct frame *f, uint16_t offset_and_more)
{
	const uint8_t header[8] = { IPPROTO_UDP, 0, offset_and_more >> 8, offset_and_more, 0, 0, fragment_id >> 8,
				    fragment_id };

	frame_insert(f, ETH_LEN + IP6_LEN, header, sizeof(header));
	f->bytes[ETH_LEN + 6] = IPPROTO_FRAGMENT;
	frame_set16(f, AT6_PAYLOAD, f->len - ETH_LEN - IP6_LEN);
}

size_t two_fragments6(struct frame *f)
{
	struct frame *second = f + 1;
	size_t first = 24;

	fragment_id++;
	*second = *f;
	second->len = f->len - first;
	memmove(second->bytes + udp_at(f), f->bytes + udp_at(f) + first, f->len - udp_at(f) - first);
	f->len = udp_at(f) + first;
	fragment6(f, 1);
	fragment6(second, first);
	return 2;
}

size_t atomic_fragment6(struct frame *f)
{
	fragment6(f, 0);
	return 1;
}

size_t hop_by_hop(struct frame *f)
{
	const uint8_t header[8] = { IPPROTO_UDP, 0, 1, 4 };	/* padding of 6 bytes */

	frame_insert(f, ETH_LEN + IP6_LEN, header, sizeof(header));
	f->bytes[ETH_LEN + 6] = IPPROTO_HOPOPTS;
	frame_set16(f, AT6_PAYLOAD, f->len - ETH_LEN - IP6_LEN);
	return 1;
}

size_t flow_label(struct frame *f)
{
	f->bytes[ETH_LEN] = 0x6a;
	f->bytes[ETH_LEN + 2] = 0xbc;
	return 1;
}

size_t payload_too_long(struct frame *f)
{
	frame_set16(f, AT6_PAYLOAD, f->len - ETH_LEN - IP6_LEN + 4);
	return 1;
}

/* Byte @at of memcached's frame header: id, sequence number, datagrams, reserved. */
static size_t header_byte(struct frame *f, size_t at, uint8_t value)
{
	f->bytes[udp_at(f) + 8 + at] = value;
	frame_fix(f);
	return 1;
}

size_t of_two_datagrams(struct frame *f)
{
	return header_byte(f, 5, 2);
}

size_t of_no_datagrams(struct frame *f)
{
	return header_byte(f, 5, 0);
}

size_t of_257_datagrams(struct frame *f)
{
	return header_byte(f, 4, 1);
}

size_t sequence_1(struct frame *f)
{
	return header_byte(f, 3, 1);
}

size_t reserved_1(struct frame *f)
{
	return header_byte(f, 7, 1);
}

static size_t pad_with(struct frame *f, size_t len, int with)
{
	while (f->len < len)
		f->bytes[f->len++] = with;
	return 1;
}

size_t padded(struct frame *f) { return pad_with(f, 60, 0); }
size_t padded_with_text(struct frame *f) { return pad_with(f, 60, 'x'); }
size_t padded_to_300(struct frame *f) { return pad_with(f, 300, 0xff); }

static size_t tag(struct frame *f, uint16_t type, uint16_t tci)
{
	const uint8_t bytes[4] = { type >> 8, type, tci >> 8, tci };

	frame_insert(f, 12, bytes, 4);
	return 1;
}

size_t vlan_7(struct frame *f) { return tag(f, 0x8100, 7); }
size_t vlan_7_with_priority(struct frame *f) { return tag(f, 0x8100, 0xe007); }
size_t vlan_8(struct frame *f) { return tag(f, 0x8100, 8); }
size_t vlan_0(struct frame *f) { return tag(f, 0x8100, 0); }
size_t vlan_ad_7(struct frame *f) { return tag(f, 0x88a8, 7); }
size_t vlan_twice(struct frame *f) { tag(f, 0x8100, 7); return tag(f, 0x8100, 7); }

size_t vlan_own_address(struct frame *f)
{
	inet_pton(AF_INET, "10.77.7.1", f->bytes + AT_DST);
	inet_pton(AF_INET, "10.77.7.9", f->bytes + AT_SRC);
	frame_fix(f);
	return vlan_7(f);
}

static size_t options(struct frame *f, const uint8_t *bytes, size_t len)
{
	frame_insert(f, ETH_LEN + IP4_LEN, bytes, len);
	f->bytes[ETH_LEN] += len / 4;
	frame_set16(f, AT_LEN, f->len - ETH_LEN);
	frame_fix_ip(f);
	return 1;
}

size_t option_nop(struct frame *f)
{
	return options(f, (const uint8_t[]){ 1, 1, 1, 0 }, 4);
}

size_t option_record_route(struct frame *f)
{
	return options(f, (const uint8_t[]){ 7, 7, 4, 0, 0, 0, 0, 0 }, 8);
}

size_t option_source_route(struct frame *f)
{
	return options(f, (const uint8_t[]){ 131, 7, 4, 10, 77, 0, 1, 0 }, 8);
}

size_t header_of_16_bytes(struct frame *f)
{
	f->bytes[ETH_LEN] = 0x44;
	frame_fix_ip(f);
	return 1;
}

size_t version_5(struct frame *f)
{
	f->bytes[ETH_LEN] = 0x55;
	frame_fix_ip(f);
	return 1;
}

size_t no_hops_left(struct frame *f)
{
	f->bytes[AT_TTL] = 0;
	frame_fix_ip(f);
	return 1;
}

static size_t set_ip_len(struct frame *f, int more)
{
	frame_set16(f, AT_LEN, f->len - ETH_LEN + more);
	frame_fix_ip(f);
	return 1;
}

size_t ip_too_long(struct frame *f) { return set_ip_len(f, 4); }
size_t ip_too_short(struct frame *f) { return set_ip_len(f, -4); }

static size_t set_udp_len(struct frame *f, int more)
{
	frame_set16(f, udp_at(f) + 4, f->len - udp_at(f) + more);
	frame_fix_udp(f);
	return 1;
}

size_t udp_too_long(struct frame *f) { return set_udp_len(f, 4); }

/* A UDP datagram that ends before its packet does; the rest is no part of it. */
size_t udp_shorter(struct frame *f)
{
	size_t len = f->len;

	frame_fix(f);
	pad_with(f, len + 6, 'y');
	return set_ip_len(f, 0);
}

size_t udp_of_no_length(struct frame *f)
{
	frame_set16(f, udp_at(f) + 4, 0);
	return no_udp_sum(f);
}

static size_t to_mac(struct frame *f, uint8_t first, uint8_t last)
{
	f->bytes[0] = first;
	f->bytes[5] = last;
	return 1;
}

size_t other_mac(struct frame *f) { return to_mac(f, 2, 0x77); }
size_t multicast_mac(struct frame *f) { return to_mac(f, 3, 1); }

size_t broadcast_mac(struct frame *f)
{
	memset(f->bytes, 0xff, 6);
	return 1;
}

static size_t address(struct frame *f, size_t at, const char *address)
{
	if (inet_pton(f->v6 ? AF_INET6 : AF_INET, address, f->bytes + at) != 1)
		fail("%s: no address", address);
	frame_fix(f);
	return 1;
}

#define TO4(name, a)	size_t to_##name(struct frame *f) { return address(f, AT_DST, a); }
#define FROM4(name, a)	size_t from_##name(struct frame *f) { return address(f, AT_SRC, a); }
#define TO6(name, a)	size_t to6_##name(struct frame *f) { return address(f, AT6_DST, a); }
#define FROM6(name, a)	size_t from6_##name(struct frame *f) { return address(f, AT6_SRC, a); }
TO4(foreign, "10.77.0.77")
TO4(other_of_ours, "10.77.0.3")
TO4(loopback, "127.0.0.1")
TO4(subnet, "10.77.0.255")
TO4(all, "255.255.255.255")
TO4(group, "224.0.0.1")
TO4(nobody, "0.0.0.0")
FROM4(server, SERVER4)
FROM4(loopback, "127.0.0.1")
FROM4(all, "255.255.255.255")
FROM4(subnet, "10.77.0.255")
FROM4(network, "10.77.0.0")
FROM4(subnet_of_a_vlan, "10.77.7.255")
FROM4(group, "224.0.0.1")
FROM4(nobody, "0.0.0.0")
FROM4(class_e, "240.0.0.1")
TO6(foreign, "fd77::77")
TO6(loopback, "::1")
TO6(group, "ff02::1")
TO6(nobody, "::")
FROM6(server, SERVER6)
FROM6(loopback, "::1")
FROM6(group, "ff02::1")
FROM6(nobody, "::")

static size_t port(struct frame *f, size_t at, uint16_t number)
{
	frame_set16(f, udp_at(f) + at, number);
	frame_fix(f);
	return 1;
}

size_t from_port_11211(struct frame *f) { return port(f, 0, PORT); }
size_t to_port_11212(struct frame *f) { return port(f, 2, PORT + 1); }

size_t as_tcp(struct frame *f)
{
	f->bytes[ETH_LEN + 9] = IPPROTO_TCP;
	frame_fix_ip(f);
	return 1;
}

/* The frame without its last 1, 2, ... bytes, down to just Ethernet's header. */
size_t cut_short(struct frame *f)
{
	size_t n = 0;

	for (size_t len = ETH_LEN; len < f->len && n + 1 < MAX_FRAMES; len++)
		n++;
	for (size_t i = n; i-- > 1;) {
		f[i] = *f;
		f[i].len = f->len - i;
	}
	f->len = ETH_LEN;
	return n;
}

/* Datagrams of 0 to 8 bytes. */
size_t no_text(struct frame *f)
{
	for (size_t i = 8; i < 9; i--) {
		f[i] = *f;
		f[i].len = udp_at(f) + 8 + i;
		frame_fix(&f[i]);
	}
	return 9;
}

/*
 * A GET of 8000 bytes, in memory that is not in one piece. The eBPF accelerator cannot be on an
 * interface for such frames: there it is one of 3000.
 */
size_t jumbo(struct frame *f)
{
	size_t len = setup.accel == EBPF ? 3000 : 8000;

	f->len -= 2;
	while (f->len < len)
		f->len += sprintf((char *)f->bytes + f->len, " none");
	f->len += sprintf((char *)f->bytes + f->len, "\r\n");
	frame_fix(f);
	return 1;
}
