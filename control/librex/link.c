// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is attached where. Asked of the kernel every time: a shim is known by its
 * instructions, so no file can go stale, and what others attached or detached with
 * their own tools is seen, too.
 */
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

int rex_if_index(const char *ifname)
{
	unsigned int index = if_nametoindex(ifname);

	if (index)
		return index;
	return rex_fail(-ENODEV, "there is no interface \"%s\" in this network namespace; \"ip link\" "
			"lists them, \"rexctl --netns NAME\" works in another one", ifname);
}

struct collect {
	struct rex_link *links;
	size_t n;
};

static int add_link(const struct rex_link *link, void *data)
{
	struct collect *c = data;
	struct rex_link *links = realloc(c->links, (c->n + 1) * sizeof(*links));

	if (!links)
		return rex_fail(-ENOMEM, "out of memory");
	c->links = links;
	c->links[c->n++] = *link;
	return 0;
}

/* @only: 0 for all interfaces. */
static int list(uint32_t only, struct rex_link **links, size_t *n)
{
	struct if_nameindex *interfaces = if_nameindex();
	struct collect c = {};
	struct nl nl;
	int err;

	if (!interfaces)
		return rex_fail(-errno, "cannot list the interfaces: %s", strerror(errno));
	err = nl_open(&nl, NETLINK_ROUTE);
	if (err) {
		if_freenameindex(interfaces);
		return err;
	}
	for (struct if_nameindex *i = interfaces; !err && i->if_index; i++) {
		if (only && i->if_index != only)
			continue;
		err = rex_xdp_links(i->if_index, i->if_name, add_link, &c);
		if (!err)
			err = rex_tc_links(&nl, i->if_index, i->if_name, add_link, &c);
	}
	nl_close(&nl);
	if_freenameindex(interfaces);
	if (err) {
		free(c.links);
		return err;
	}
	*links = c.links;
	*n = c.n;
	return 0;
}

int rex_link_list(struct rex_link **links, size_t *n)
{
	return list(0, links, n);
}

bool rex_link_is(const struct rex_link *link, const struct rex_entry *entry)
{
	return link->hook == entry->hook && link->slot == entry->slot &&
	       link->cookie == entry->cookie;
}

int rex_link_check_new(const struct rex_entry *entry, uint32_t ifindex, int side)
{
	struct rex_link *links = NULL;
	char text[128];
	size_t n = 0;
	int err = list(ifindex, &links, &n);

	for (size_t i = 0; !err && i < n; i++)
		if (rex_link_is(&links[i], entry) && (side < 0 || (int)links[i].side == side))
			err = rex_fail(-EEXIST, "\"%s\" is attached there already: %s; \"rexctl "
				       "detach\" takes it off", entry->name,
				       rex_link_text(&links[i], text, sizeof(text)));
	free(links);
	return err;
}

const char *rex_link_text(const struct rex_link *link, char *text, size_t size)
{
	static const char *const modes[] = {
		[REX_XDP_ANY] = "", [REX_XDP_NATIVE] = " native", [REX_XDP_GENERIC] = " generic",
		[REX_XDP_OFFLOAD] = " offload",
	};

	if (link->hook == REX_HOOK_XDP)
		snprintf(text, size, "xdp %s%s", link->ifname, modes[link->mode]);
	else
		snprintf(text, size, "%s %s %s", rex_hook_name(link->hook), link->ifname,
			 link->side == REX_TC_INGRESS ? "ingress" : "egress");
	return text;
}

int rex_detach(const struct rex_link *link)
{
	switch (link->hook) {
	case REX_HOOK_XDP:
		return rex_detach_xdp(link);
	case REX_HOOK_TC:
		return rex_detach_tc(link);
	default:
		return rex_fail(-EOPNOTSUPP, "cannot detach from hook %s",
				rex_hook_name(link->hook));
	}
}
