// SPDX-License-Identifier: GPL-2.0-only
/* That the eBPF program "with our checks" makes those of the Rex one: variants of a request. */
#include <stdio.h>
#include <string.h>

#include "mc/checksum.h"
#include "mc/ethernet.h"
#include "native.h"

#define IP	ETH_LEN
#define UDP	(ETH_LEN + IP4_LEN)

static const struct variant {
	const char *what;
	size_t at;			/* of the frame */
	unsigned char bytes[6];
	size_t len;
	enum { KEEP, REPAIR, PARTIAL } sums;	/* of IP and UDP, after the change */
	bool answered;
} variants[] = {
	{ "as it is", 0, {}, 0, REPAIR, true },
	{ "no UDP checksum", UDP + 6, { 0, 0 }, 2, KEEP, true },
	{ "a UDP checksum that the hardware completes", 0, {}, 0, PARTIAL, true },
	{ "a wrong UDP checksum", UDP + 6, { 0x12, 0x34 }, 2, KEEP, false },
	{ "a wrong IP checksum", IP + 10, { 0x12, 0x34 }, 2, KEEP, false },
	{ "another TTL than was summed", IP + 8, { 1 }, 1, KEEP, false },
	{ "to another MAC address", 0, { 2, 0, 0x0a, 0x4d, 0, 3 }, 6, KEEP, false },
	{ "to another address", IP + 16, { 10, 77, 0, 3 }, 4, REPAIR, false },
	{ "from 127.0.0.1", IP + 12, { 127, 0, 0, 1 }, 4, REPAIR, false },
	{ "from 0.0.0.1", IP + 12, { 0, 0, 0, 1 }, 4, REPAIR, false },
	{ "from a group", IP + 12, { 224, 0, 0, 1 }, 4, REPAIR, false },
	{ "from the server's address", IP + 12, { 10, 77, 0, 1 }, 4, REPAIR, false },
	{ "from port 0", UDP, { 0, 0 }, 2, REPAIR, false },
	{ "a fragment", IP + 6, { 0x20, 0 }, 2, REPAIR, false },
	{ "the second of several datagrams", UDP + 8 + 2, { 0, 1 }, 2, REPAIR, false },
	{ "one of two datagrams", UDP + 8 + 4, { 0, 2 }, 2, REPAIR, false },
	{ "reserved bits of the frame header", UDP + 8 + 6, { 0, 1 }, 2, REPAIR, false },
	{ "a blank in the key", UDP + 8 + 8 + 6, { ' ' }, 1, REPAIR, false },
};

static void repair(struct frame *f, bool partial)
{
	unsigned char *ip = f->bytes + IP, *udp = f->bytes + UDP;
	size_t len = f->len - UDP;

	ip_sum_set(ip);
	if (partial)
		put16(udp + 6, sum_fold(udp_pseudo_sum(ip, len)));
	else
		udp_sum_set(ip, udp, len);
}

int compare_checks(const struct packet *hit, const struct runner *ebpf_checked, const struct runner *rex)
{
	ebpf_checked->fill(ebpf_checked, hit);
	rex->fill(rex, hit);
	for (size_t i = 0; i < sizeof(variants) / sizeof(*variants); i++) {
		const struct variant *v = &variants[i];
		struct packet p = *hit;

		memcpy(p.request.bytes + v->at, v->bytes, v->len);
		if (v->sums != KEEP)
			repair(&p.request, v->sums == PARTIAL);
		snprintf(p.name, sizeof(p.name), "%s", v->what);
		p.hit = v->answered;
		/* they die of another verdict */
		ebpf_checked->run(ebpf_checked, &p, false, 1, NULL);
		rex->run(rex, &p, false, 1, NULL);
		printf("%s: both %s\n", v->what, v->answered ? "answer" : "pass");
	}
	return 0;
}
