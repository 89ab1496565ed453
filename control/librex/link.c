// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is attached where. Asked of the kernel every time: a shim is known by its
 * instructions, so no file can go stale, and what others attached or detached with
 * their own tools is seen, too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "internal.h"

struct collect {
	const struct rex_pins *pins;
	struct chains chains;
	struct rex_link *links;
	size_t n;
	const char *netns;		/* where we are now, and 0 in the caller's */
	uint64_t netns_ino;
	bool here;			/* the caller's network namespace alone */
	const struct rex_target *target;	/* this place there alone; NULL: all */
};

/* Each interface that has a block lists its filters. */
static bool is_listed_in(const struct collect *c, const struct rex_link *link)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->links[i].prog_id == link->prog_id && c->links[i].netns_ino == c->netns_ino &&
		    c->links[i].target.block == link->target.block &&
		    c->links[i].priority == link->priority && c->links[i].handle == link->handle)
			return true;
	return false;
}

static int add_link(const struct rex_link *link, void *data)
{
	struct collect *c = data;
	struct rex_link *links;

	if (link->target.block && is_listed_in(c, link))
		return 0;
	links = realloc(c->links, (c->n + 1) * sizeof(*links));

	if (!links)
		return rex_fail(-ENOMEM, "out of memory");
	c->links = links;
	links += c->n++;
	*links = *link;
	links->netns_ino = c->netns_ino;
	if (c->netns_ino)
		strcpy(links->netns, c->netns);
	return 0;
}

/* ---- interfaces --------------------------------------------------------------------------------- */

static int list_interfaces(struct collect *c)
{
	struct tc_qdiscs qdiscs = {};
	struct ifaces all = {};
	struct nl nl;
	struct list_at at = {
		.nl = &nl, .chains = &c->chains, .qdiscs = &qdiscs, .pins = c->pins,
	};
	int err = nl_open(&nl, NETLINK_ROUTE);

	if (err)
		return err;
	err = rex_ifaces_read(&nl, &all);
	if (!err)
		err = rex_tc_qdiscs(&nl, &qdiscs);
	for (size_t i = 0; !err && i < all.n; i++)
		for (enum rex_at kind = 0; !err && kind < __REX_AT_MAX; kind++)
			if (rex_place(kind)->list)
				err = rex_place(kind)->list(&at, &all.list[i], add_link, c);
	rex_tc_qdiscs_free(&qdiscs);
	rex_ifaces_free(&all);
	nl_close(&nl);
	return err;
}

/* What is at the interface of ->target, in the way that it names. */
static int list_interface(struct collect *c)
{
	struct list_at at = { .chains = &c->chains, .pins = c->pins, .block = c->target->block };
	struct iface iface = {};
	struct nl nl;
	int err = at.block ? 0 : rex_iface_find(c->target->name, &iface);

	if (!err)
		err = nl_open(&nl, NETLINK_ROUTE);
	if (err)
		return err;
	at.nl = &nl;
	err = rex_place(c->target->at)->list(&at, &iface, add_link, c);
	nl_close(&nl);
	return err;
}

static int list_netns(const char *netns, uint64_t ino, void *data)
{
	struct collect *c = data;

	c->netns = netns;
	c->netns_ino = ino;
	return list_interfaces(c);
}

/* Everything that hangs on interfaces, between two looks at the chains that show the same. */
static int list_all_interfaces(struct collect *c, bool deep)
{
	struct chains after;
	bool same;
	int err;

	for (int tries = 0; tries < 10; tries++) {
		free(c->links);
		c->links = NULL;
		c->n = 0;
		rex_chains_free(&c->chains);
		err = rex_chains_read(&c->chains);
		if (!err)
			err = c->target ? list_interface(c) : c->here ? list_netns("", 0, c) :
			      rex_netns_each(deep, list_netns, c);
		c->netns_ino = 0;
		if (!err)
			err = rex_chains_read(&after);
		if (err)
			return err;
		same = rex_chains_same(&c->chains, &after);
		rex_chains_free(&after);
		if (same)
			break;
	}
	return 0;
}

/* ---- what hangs on nothing that can be seen ------------------------------------------------------ */

/* Chains of dispatchers that are at no interface: pins that nobody will miss. */
static int list_leftovers(struct collect *c)
{
	struct iface iface;
	int err = 0;

	for (size_t i = 0; !err && i < c->chains.n; i++) {
		const struct chained *chained = &c->chains.list[i];
		struct rex_link link = {
			.target = { .at = REX_AT_XDP, .pid = -1, .cpu = -1 },
			.prog_id = chained->prog_id, .slot = chained->slot, .cookie = chained->cookie,
			.dispatcher = chained->dispatcher, .chained = true, .leftover = true,
		};
		struct dispatcher_pins pins;

		/* Somebody is about to attach it, or its pins are out of reach. */
		if (!chained->ours || chained->attached ||
		    rex_process_holds(0, chained->link_id, link.note, sizeof(link.note)) ||
		    !rex_dispatcher_find(chained->dispatcher, &pins))
			continue;
		link.ifindex = pins.ifindex;
		snprintf(link.pin, sizeof(link.pin), "%.500s", pins.path);
		if (!rex_iface_get(pins.ifindex, &iface))
			strcpy(link.target.name, iface.name);
		err = add_link(&link, c);
	}
	return err;
}

static bool is_listed(const struct collect *c, uint32_t prog_id)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->links[i].prog_id == prog_id)
			return true;
	return false;
}

struct held {
	struct collect *c;
	bool settled;			/* those that nobody holds will not go any more */
	size_t unexplained;
};

static int add_held(const struct rex_shim *shim, void *data)
{
	struct held *h = data;
	struct rex_link link = {
		.unknown = true, .held = true, .prog_id = shim->id, .slot = shim->slot,
		.cookie = shim->cookie, .target = { .pid = -1, .cpu = -1 },
	};

	if (is_listed(h->c, shim->id))
		return 0;
	if (!rex_holder(shim->id, link.note, sizeof(link.note)) && !h->settled) {
		h->unexplained++;
		return 0;
	}
	return add_link(&link, h->c);
}

static int count_unlisted(const struct rex_shim *shim, void *data)
{
	struct held *h = data;

	h->unexplained += !is_listed(h->c, shim->id);
	return 0;
}

/* The kernel frees a shim a little after its last link: give it time before it counts. */
static int wait_for_unlisted(struct held *h)
{
	const struct timespec pause = { .tv_nsec = 10000000 };
	int err = 0;

	h->unexplained = 1;
	for (int tries = 0; !err && h->unexplained && tries < 100; tries++) {
		h->unexplained = 0;
		err = rex_shim_each(count_unlisted, h);
		if (!err && h->unexplained)
			nanosleep(&pause, NULL);
	}
	return err;
}

static bool has_loose_chain(const struct collect *c)
{
	for (size_t i = 0; i < c->chains.n; i++)
		if (c->chains.list[i].ours && !c->chains.list[i].attached)
			return true;
	return false;
}

static int list_once(struct collect *c, struct held *h, bool deep)
{
	bool of_interfaces = !c->target || rex_place(c->target->at)->list;
	int err = of_interfaces ? list_all_interfaces(c, deep) : 0;

	if (!err && (!c->target || !of_interfaces))
		err = rex_bpf_links(c->pins, add_link, c);
	if (!err && (!c->target || c->target->at == REX_AT_STREAM))
		err = rex_streams(add_link, c);
	if (err || c->here)
		return err;
	/* Before pins are called left over, every network namespace is looked into. */
	if (deep || !has_loose_chain(c))
		err = list_leftovers(c);
	h->unexplained = 0;
	if (!err)
		err = rex_shim_each(add_held, h);
	return err;
}

static int list(struct collect *c)
{
	struct held h = { .c = c };
	int err = list_once(c, &h, false);

	if (err || c->here || (!h.unexplained && !has_loose_chain(c)))
		return err;
	if (h.unexplained) {
		err = wait_for_unlisted(&h);
		if (err || (!h.unexplained && !has_loose_chain(c)))
			return err;
	}
	h.settled = true;
	return list_once(c, &h, true);
}

static int link_list(struct rex_link **links, size_t *n, bool here, const struct rex_target *target)
{
	struct collect c = { .here = here, .target = target };
	struct rex_pins pins = {};
	int err = target && rex_place(target->at)->list ? 0 : rex_pins_scan(&pins, rex_target_parse);

	if (err)
		return err;
	c.pins = &pins;
	err = list(&c);
	rex_chains_free(&c.chains);
	rex_pins_free(&pins);
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
	return link_list(links, n, false, NULL);
}

int rex_link_list_here(struct rex_link **links, size_t *n)
{
	return link_list(links, n, true, NULL);
}

int rex_link_list_at(const struct rex_target *target, struct rex_link **links, size_t *n)
{
	return link_list(links, n, true, target);
}

bool rex_link_is(const struct rex_link *link, const struct rex_entry *entry)
{
	/* The cookie is random: a link of an unknown kind has no hook to compare. */
	return link->slot == entry->slot && link->cookie == entry->cookie &&
	       (link->unknown || rex_at_hook(link->target.at) == entry->hook);
}

const struct rex_entry *rex_link_entry(const struct rex_link *link, const struct rex_program *p)
{
	for (uint32_t i = 0; i < p->n_entries; i++)
		if (rex_link_is(link, p->entries[i]))
			return p->entries[i];
	return NULL;
}

/* ---- attach and detach ------------------------------------------------------------------------ */

/* One mode of XDP, one place in a chain and one frequency of sampling leave no room for another. */
static bool is_same(const struct rex_target *wanted, const struct rex_target *is)
{
	struct rex_target any = *wanted;

	any.mode = REX_XDP_ANY;
	any.priority = any.actions = any.handle = 0;
	return rex_target_matches(&any, is);
}

static int check_new(const struct attach *a)
{
	struct rex_link *links = NULL;
	char text[REX_TARGET_LEN];
	size_t n = 0;
	int err = rex_link_list_at(a->target, &links, &n);

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
	struct rex_target resolved = *target;
	struct attach a = {
		.program = program, .entry = entry, .target = &resolved, .check_new = check_new,
	};
	int err;

	if (target->at >= __REX_AT_MAX || rex_at_hook(target->at) != entry->hook)
		return rex_fail(-EINVAL, "entry \"%s\" is for hook %s and cannot be attached to a %s",
				entry->name, rex_hook_name(entry->hook), rex_at_name(target->at));
	err = rex_target_complete(target);
	if (!err)
		err = rex_target_resolve(&resolved);
	if (err)
		return err;
	err = rex_filter_check_iface(entry, resolved.name);
	if (!err)
		err = check_new(&a);
	return err ? err : rex_place(target->at)->attach(&a);
}

static int detach_here(const struct rex_link *link)
{
	/* Out of a chain, libxdp takes it. */
	if (link->link_id && !link->chained)
		return rex_detach_bpf_link(link);
	if (rex_place(link->target.at)->detach)
		return rex_place(link->target.at)->detach(link);
	return rex_fail(-EOPNOTSUPP, "cannot detach from a %s without a BPF link",
			rex_at_name(link->target.at));
}

int rex_detach(const struct rex_link *link)
{
	int back, err;

	if (link->held)
		return rex_fail(-EBUSY, "BPF program %u is attached to nothing that can be seen from here, "
				"but held by %s; end or remove that (\"bpftool prog show id %u\")",
				link->prog_id, *link->note ? link->note :
				"a network namespace, a mount or a process that is out of reach",
				link->prog_id);
	err = rex_netns_enter(link, &back);
	if (err == -ENOENT)
		return 0;		/* gone, and the interface with it */
	if (err)
		return rex_fail(err, "cannot enter network namespace \"%s\": %s", link->netns,
				rex_strerror(err));
	err = detach_here(link);
	rex_netns_leave(back);
	return err;
}
