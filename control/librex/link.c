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

static int list_interfaces(const struct rex_pins *pins, struct collect *c)
{
	struct if_nameindex *interfaces = if_nameindex();
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
		err = rex_xdp_links(i->if_index, i->if_name, add_link, c);
		if (!err)
			err = rex_tc_links(&nl, i->if_index, i->if_name, add_link, c);
		if (!err)
			err = rex_tcx_links(pins, i->if_index, i->if_name, add_link, c);
	}
	nl_close(&nl);
	if_freenameindex(interfaces);
	return err;
}

int rex_link_list(struct rex_link **links, size_t *n)
{
	struct collect c = {};
	struct rex_pins pins;
	int err = rex_pins_scan(&pins);

	if (!err)
		err = list_interfaces(&pins, &c);
	if (!err)
		err = rex_bpf_links(&pins, add_link, &c);
	rex_pins_free(&pins);
	if (err) {
		free(c.links);
		return err;
	}
	*links = c.links;
	*n = c.n;
	return 0;
}

bool rex_link_is(const struct rex_link *link, const struct rex_entry *entry)
{
	/* The cookie is random: a link of an unknown kind has no hook to compare. */
	return link->slot == entry->slot && link->cookie == entry->cookie &&
	       (link->unknown || rex_at_hook(link->target.at) == entry->hook);
}

const char *rex_link_text(const struct rex_link *link, char *text, size_t size)
{
	if (!link->unknown)
		return rex_target_text(&link->target, text, size);
	snprintf(text, size, "BPF link %u, of a kind that rexctl does not make", link->link_id);
	return text;
}

/* ---- attach and detach ------------------------------------------------------------------------ */

/* One mode of XDP and one frequency of sampling leave no room for another. */
static bool is_same(const struct rex_target *wanted, const struct rex_target *is)
{
	struct rex_target any_mode = *wanted;

	any_mode.mode = REX_XDP_ANY;
	return rex_target_matches(&any_mode, is);
}

static int check_new(const struct attach *a)
{
	struct rex_link *links = NULL;
	char text[REX_TARGET_LEN];
	size_t n = 0;
	int err = rex_link_list(&links, &n);

	for (size_t i = 0; !err && i < n; i++)
		if (rex_link_is(&links[i], a->entry) && is_same(a->target, &links[i].target))
			err = rex_fail(-EEXIST, "\"%s\" is attached there already: %s; \"rexctl "
				       "detach\" takes it off", a->entry->name,
				       rex_link_text(&links[i], text, sizeof(text)));
	free(links);
	return err;
}

int rex_attach(const struct rex_program *program, const struct rex_entry *entry,
	       const struct rex_target *target)
{
	static int (*const attach[__REX_AT_MAX])(const struct attach *a) = {
		[REX_AT_XDP] = rex_attach_xdp,
		[REX_AT_TC] = rex_attach_tc,
		[REX_AT_TCX] = rex_attach_tcx,
		[REX_AT_KPROBE] = rex_attach_kprobe,
		[REX_AT_KRETPROBE] = rex_attach_kprobe,
		[REX_AT_UPROBE] = rex_attach_uprobe,
		[REX_AT_URETPROBE] = rex_attach_uprobe,
		[REX_AT_TRACEPOINT] = rex_attach_tracepoint,
		[REX_AT_RAW_TRACEPOINT] = rex_attach_tracing,
		[REX_AT_FENTRY] = rex_attach_tracing,
		[REX_AT_FEXIT] = rex_attach_tracing,
		[REX_AT_PERF_EVENT] = rex_attach_perf,
		[REX_AT_CGROUP_SKB] = rex_attach_cgroup,
	};
	struct rex_target resolved = *target;
	struct attach a = { .program = program, .entry = entry, .target = &resolved };
	bool has_side = target->at == REX_AT_TC || target->at == REX_AT_TCX ||
			target->at == REX_AT_CGROUP_SKB;
	int err;

	if (target->at >= __REX_AT_MAX || rex_at_hook(target->at) != entry->hook)
		return rex_fail(-EINVAL, "entry \"%s\" is for hook %s and cannot be attached to a %s",
				entry->name, rex_hook_name(entry->hook), rex_at_name(target->at));
	if (has_side && target->side == REX_SIDE_ANY)
		return rex_fail(-EINVAL, "%s needs a side: ingress or egress",
				rex_at_name(target->at));
	rex_target_resolve(&resolved);
	err = check_new(&a);
	return err ? err : attach[target->at](&a);
}

int rex_detach(const struct rex_link *link)
{
	if (link->link_id)
		return rex_detach_bpf_link(link);
	switch (link->target.at) {
	case REX_AT_XDP:
		return rex_detach_xdp(link);
	case REX_AT_TC:
		return rex_detach_tc(link);
	case REX_AT_TCX:
		return rex_detach_tcx(link);
	default:
		return rex_fail(-EOPNOTSUPP, "cannot detach from a %s without a BPF link",
				rex_at_name(link->target.at));
	}
}
