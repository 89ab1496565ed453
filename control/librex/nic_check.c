// SPDX-License-Identifier: GPL-2.0-only
/* What is in the way of XDP at an interface, or makes it slow, each with the command that ends it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checks.h"
#include "nic_access.h"

struct look {
	struct nic *nic;
	const struct rex_nic *about;
	struct iface iface;
	struct checks *checks;
	int64_t features;
};

static void check_driver(struct look *l)
{
	if (l->features < 0)
		check_add(l->checks, "driver", REX_NOTE, "", "the kernel does not report whether \"%s\" has native "
			  "XDP", l->about->driver);
	else if (!(l->features & REX_XDP_BASIC))
		check_add(l->checks, "driver", REX_WARNING, "", "%s%s%s has no native XDP: programs run in generic "
			  "mode, which copies packets and is slower", *l->about->driver ? "driver \"" : "this kind of "
			  "interface", l->about->driver, *l->about->driver ? "\"" : "");
	else
		check_add(l->checks, "driver", REX_GOOD, "", "\"%s\" has native XDP", l->about->driver);
}

static void check_mtu(struct look *l)
{
	/* Generic mode puts the pieces together first. */
	if (l->features >= 0 && !(l->features & REX_XDP_BASIC))
		return;
	if (l->about->mtu <= REX_XDP_SINGLE_MTU)
		check_add(l->checks, "mtu", REX_GOOD, "", "frames of %u bytes are in one piece", l->about->mtu);
	else if (l->features >= 0 && l->features & REX_XDP_RX_SG)
		check_add(l->checks, "mtu", REX_NOTE, "", "frames of %u bytes come in pieces: only entries with "
			  "#[rex_xdp(frags)] accept them", l->about->mtu);
	else
		check_add(l->checks, "mtu", REX_WARNING, "ip link set %s mtu 1500", "frames of %u bytes may be "
			  "refused by the driver, which has no XDP on frames in pieces", l->about->mtu);
}

static void check_offloads(struct look *l)
{
	static const struct {
		const char *name, *why;
		enum rex_grade grade;
	} offloads[] = {
		{ "rx-lro", "merges packets before XDP sees them, and many drivers then refuse it", REX_BAD },
		{ "rx-gro-hw", "merges packets before XDP sees them; some drivers then refuse it", REX_WARNING },
		{ "rx-vlan-hw-parse", "takes the VLAN tag out of the frame before XDP sees it", REX_NOTE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(offloads); i++) {
		char fix[64];

		if (nic_offload_active(l->nic, offloads[i].name) != 1)
			continue;
		snprintf(fix, sizeof(fix), "rexctl nic set %%s offload %s=off", offloads[i].name);
		check_add(l->checks, offloads[i].name, offloads[i].grade, fix, "this offload %s",
			  offloads[i].why);
	}
}

static void check_queues(struct look *l)
{
	const struct rex_nic *n = l->about;
	uint32_t now = n->combined.max ? n->combined.now : n->rx.now, max = n->combined.max ? : n->rx.max;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	uint32_t best = max < cpus ? max : cpus;
	char fix[64];

	if (!n->has_channels || !max)
		return;
	snprintf(fix, sizeof(fix), "rexctl nic set %%s channels %u", best);
	if (now < best)
		check_add(l->checks, "queues", REX_NOTE, fix, "%u of at most %u queues are used, and %ld CPUs are "
			  "online", now, max, cpus);
	else
		check_add(l->checks, "queues", REX_GOOD, "", "%u queues for %ld CPUs", now, cpus);
	if (!strcmp(n->driver, "virtio_net") && now + cpus > max)
		check_add(l->checks, "xdp-queues", REX_NOTE, "", "XDP on virtio needs a queue for each CPU beside "
			  "those of the stack to send without a lock: %u and %ld of at most %u", now, cpus, max);
}

/* With a program, a veth has a receive queue for each transmit queue of its peer. */
static void check_peer(struct look *l)
{
	struct rex_nic *peer = NULL;
	struct iface iface;
	char fix[64];

	if (strcmp(l->iface.kind, "veth") || !l->iface.peer || rex_iface_get(l->iface.peer, &iface) ||
	    rex_nic_get(iface.name, &peer))
		return;
	snprintf(fix, sizeof(fix), "rexctl nic set %%s channels %u", peer->tx.now);
	if (peer->tx.now > l->about->rx.now)
		check_add(l->checks, "peer", REX_BAD, fix, "its peer \"%s\" has %u transmit queues, and only %u receive "
			  "queues are here: native XDP is refused", peer->name, peer->tx.now, l->about->rx.now);
	rex_nic_free(peer);
}

static void check_around(struct look *l)
{
	char above[IF_NAMESIZE];

	if (rex_iface_above(&l->iface, above))
		check_add(l->checks, "above", REX_BAD, "", "\"%s\" lies above it and has an XDP program: the kernel "
			  "changes nothing below; attach there, or detach that one first", above);
	if (l->iface.xdp[REX_XDP_GENERIC] && l->features >= 0 && l->features & REX_XDP_BASIC)
		check_add(l->checks, "mode", REX_WARNING, "", "it has XDP programs in generic mode, though its driver "
			  "has native XDP; all programs of an interface are of one mode: detach those first");
	if (!l->about->up)
		check_add(l->checks, "up", REX_WARNING, "ip link set %s up", "it is down: no packet comes");
}

int rex_check_nic(const char *ifname, struct rex_check **list, size_t *n)
{
	struct checks checks = { .ifname = ifname };
	struct rex_nic *about = NULL;
	struct nic nic;
	struct look l = { .nic = &nic, .checks = &checks };
	int err = nic_open(&nic, ifname);

	if (err)
		return err;
	err = rex_nic_get(ifname, &about);
	if (!err)
		err = rex_iface_find(ifname, &l.iface);
	if (!err) {
		l.about = about;
		l.features = rex_iface_xdp_features(nic.ifindex);
		check_driver(&l);
		check_mtu(&l);
		check_offloads(&l);
		check_queues(&l);
		check_peer(&l);
		check_around(&l);
	}
	rex_nic_free(about);
	nic_close(&nic);
	return checks_give(&checks, err, list, n);
}

int rex_nic_xdp_features(const char *ifname, uint64_t *features)
{
	struct iface iface;
	int err = rex_iface_find(ifname, &iface);
	int64_t found = err ? -1 : rex_iface_xdp_features(iface.index);

	if (err)
		return err;
	if (found < 0)
		return rex_fail(-EOPNOTSUPP, "the kernel does not report the XDP features of \"%s\"", iface.name);
	*features = found;
	return 0;
}
