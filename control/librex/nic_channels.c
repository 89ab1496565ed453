// SPDX-License-Identifier: GPL-2.0-only
/* Why a number of channels was refused: drivers say nothing about an XDP program that needs more. */
#include <stdio.h>
#include <string.h>

#include "nic_access.h"

static bool has_xdp(const struct iface *iface)
{
	return iface->xdp[REX_XDP_NATIVE] || iface->xdp[REX_XDP_GENERIC];
}

/* A veth with an XDP program needs a receive queue for each transmit queue of its peer. */
static void veth_why(const struct iface *iface, uint32_t rx, uint32_t tx, char *text, size_t size)
{
	struct iface peer = { .name = "" };
	bool seen = iface->peer && !rex_iface_get(iface->peer, &peer);

	if (has_xdp(iface) && rx) {
		snprintf(text, size, "; it has an XDP program, and then needs a receive queue for each transmit "
			 "queue of its peer %s%s%s: reduce those first (\"rexctl nic set %s channels %u\"), or detach "
			 "the program", seen ? "\"" : "in another network namespace", peer.name, seen ? "\"" : "",
			 seen ? peer.name : "PEER", rx);
	} else if (tx && (!seen || has_xdp(&peer))) {
		snprintf(text, size, "; its peer %s%s%s has an XDP program, which needs a receive queue for each "
			 "transmit queue here: \"rexctl nic set %s channels %u\" there first, or detach the program",
			 seen ? "\"" : "in another network namespace", peer.name, seen ? "\"" : "",
			 seen ? peer.name : "PEER", tx);
	}
}

const char *nic_channels_why(uint32_t ifindex, uint32_t rx, uint32_t tx, char *text, size_t size)
{
	char kept[1024];
	struct iface iface;

	*text = '\0';
	snprintf(kept, sizeof(kept), "%s", rex_errmsg());
	if (rex_iface_get(ifindex, &iface))
		return text;
	if (!strcmp(iface.kind, "veth"))
		veth_why(&iface, rx, tx, text, size);
	else if (has_xdp(&iface))
		snprintf(text, size, "; it has an XDP program, which may need more: detach that first (\"ip -d "
			 "link\" shows it)");
	rex_fail(0, "%s", kept);
	return text;
}
