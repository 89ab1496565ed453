// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the program must know about this machine's networks, written at the start and every second:
 * the VLANs above its interfaces, and the broadcast addresses, from which no host sends.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <rex/librex.h>
#include <string.h>
#include <unistd.h>

#include "../shared.h"
#include "config.h"
#include "dev.h"
#include "maps.h"
#include "meta.h"
#include "networks.h"
#include "why.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define ALL	UINT32_MAX		/* in the last place: there are more, and only bits tell */

struct broadcasts {
	uint32_t at[BMC_BROADCASTS];	/* host order; 0: none */
	size_t n;
	uint64_t bits;
};

static void add_broadcast(struct broadcasts *b, uint32_t address)
{
	if (!address || address == ALL)
		return;			/* the program knows those */
	for (size_t i = 0; i < b->n; i++)
		if (b->at[i] == address)
			return;
	b->bits |= 1ull << (address & 63);
	if (b->n < BMC_BROADCASTS)
		b->at[b->n++] = address;
	else
		b->at[BMC_BROADCASTS - 1] = ALL;
}

static uint32_t host_order(const struct sockaddr *sa)
{
	return ntohl(((const struct sockaddr_in *)sa)->sin_addr.s_addr);
}

/*
 * The kernel has a broadcast route for the last address of a network, and for one that was set. A peer
 * over Ethernet looks like the latter: its GETs pass.
 */
static void add_broadcasts(struct broadcasts *b, const struct ifaddrs *ifa)
{
	uint32_t own = host_order(ifa->ifa_addr), mask = host_order(ifa->ifa_netmask);
	uint32_t other = ifa->ifa_broadaddr ? host_order(ifa->ifa_broadaddr) : own;

	if (~mask > 1) {
		add_broadcast(b, own | ~mask);
		add_broadcast(b, other | ~mask);	/* of a peer's network, too */
	}
	if (ifa->ifa_flags & IFF_BROADCAST && other != own)
		add_broadcast(b, other);
}

/* An element of an array, where it is another. */
static int write_element(int fd, const char *map, uint32_t i, const void *value, size_t size)
{
	uint64_t is = 0;

	if (bpf_map_lookup_elem(fd, &i, &is) || (memcmp(&is, value, size) &&
						 bpf_map_update_elem(fd, &i, value, BPF_ANY)))
		return refuse("cannot write map \"%s\": %s", map, strerror(errno));
	return 0;
}

static int write_broadcasts(const struct rex_program *p, struct bmc_meta *meta)
{
	struct broadcasts b = { .n = 0 };
	struct ifaddrs *all;
	int fd, err = 0;

	if (getifaddrs(&all))
		return refuse("cannot list the addresses: %s", strerror(errno));
	for (const struct ifaddrs *ifa = all; ifa; ifa = ifa->ifa_next)
		if (ifa->ifa_addr && ifa->ifa_addr->sa_family == AF_INET)
			add_broadcasts(&b, ifa);
	freeifaddrs(all);
	fd = map_fd(p, "BMC_BROADCASTS");
	if (fd < 0)
		return 1;
	for (uint32_t i = 0; !err && i < BMC_BROADCASTS; i++)
		err = write_element(fd, "BMC_BROADCASTS", i, &b.at[i], sizeof(b.at[i]));
	close(fd);
	if (!err)
		meta_set(meta->broadcasts, b.bits);
	return err;
}

static int write_vlans(const struct rex_program *p, const struct bmc_config *c,
		       struct bmc_meta *meta)
{
	uint64_t bits[64];
	int n = devs_vlans(c, bits), fd, err = 0;

	if (n < 0)
		return 1;
	fd = map_fd(p, "BMC_VLANS");
	if (fd < 0)
		return 1;
	for (uint32_t i = 0; !err && i < ARRAY_SIZE(bits); i++)
		err = write_element(fd, "BMC_VLANS", i, &bits[i], sizeof(bits[i]));
	close(fd);
	if (!err)
		meta_set(meta->vlans, n > 0);
	return err;
}

int networks_write(const struct rex_program *p, const struct bmc_config *c, struct bmc_meta *meta)
{
	return write_vlans(p, c, meta) || write_broadcasts(p, meta);
}
