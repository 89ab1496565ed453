// SPDX-License-Identifier: GPL-2.0-only
/*
 * XDP attachments. libxdp makes the chains in which our shims run with other people's programs. What
 * is attached is read from the kernel, and a dispatcher that calls nothing but our shim is taken off
 * without libxdp: its pins may be somewhere else, or gone.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <xdp/libxdp.h>

#include "bpf_abi.h"
#include "internal.h"

#define BPFFS "/sys/fs/bpf"
#define TRIES 40

/* "pass,drop": after which verdicts the chain continues. */
static int parse_actions(const char *word, const char *list, struct rex_target *t)
{
	size_t len;

	if (t->actions)
		return rex_word_bad(word, "is duplicated");
	t->actions = REX_ACTIONS_SAID;
	if (!strcmp(list, "none"))
		return 0;
	do {
		uint32_t action = 0;

		len = strcspn(list, ",");
		while (action < REX_N_ACTIONS && (strlen(rex_xdp_action(action)) != len ||
						  strncmp(list, rex_xdp_action(action), len)))
			action++;
		if (action == REX_N_ACTIONS)
			return rex_word_bad(word, "does not name verdicts: actions=none, or some of aborted, "
					    "drop, pass, tx and redirect with commas between");
		t->actions |= 1u << action;
		list += len + 1;
	} while (list[-1]);
	return 0;
}

static int parse_mode(const char *word, struct rex_target *t)
{
	enum rex_xdp_mode mode = !strcmp(word, "native") ? REX_XDP_NATIVE :
				 !strcmp(word, "generic") ? REX_XDP_GENERIC :
				 !strcmp(word, "offload") ? REX_XDP_OFFLOAD : REX_XDP_ANY;

	if (mode == REX_XDP_ANY)
		return rex_fail(-EINVAL, "the modes of xdp are \"native\", \"generic\" and "
				"\"offload\", not \"%.64s\"", word);
	if (t->mode != REX_XDP_ANY)
		return rex_word_bad(word, "is a second mode");
	t->mode = mode;
	return 0;
}

static int parse(const char *const *words, size_t n, struct rex_target *t)
{
	int err = rex_word_interface(words[0], t);
	const char *list;

	for (size_t i = 1; !err && i < n; i++) {
		if (rex_word_key(words[i], "priority", &list))
			err = rex_word_key_number(words[i], "priority", INT32_MAX, &t->priority);
		else if (rex_word_key(words[i], "actions", &list))
			err = parse_actions(words[i], list, t);
		else
			err = parse_mode(words[i], t);
	}
	return err;
}

static enum xdp_attach_mode to_libxdp(enum rex_xdp_mode mode)
{
	switch (mode) {
	case REX_XDP_NATIVE:
		return XDP_MODE_NATIVE;
	case REX_XDP_GENERIC:
		return XDP_MODE_SKB;
	case REX_XDP_OFFLOAD:
		return XDP_MODE_HW;
	default:
		return XDP_MODE_UNSPEC;
	}
}

static uint32_t to_flags(enum rex_xdp_mode mode)
{
	switch (mode) {
	case REX_XDP_GENERIC:
		return XDP_FLAGS_SKB_MODE;
	case REX_XDP_OFFLOAD:
		return XDP_FLAGS_HW_MODE;
	default:
		return XDP_FLAGS_DRV_MODE;
	}
}

static const char *mode_name(enum rex_xdp_mode mode)
{
	return mode == REX_XDP_GENERIC ? "generic" : mode == REX_XDP_OFFLOAD ? "offload" : "native";
}

static enum rex_xdp_mode mode_now(const struct iface *iface)
{
	for (enum rex_xdp_mode m = REX_XDP_NATIVE; m <= REX_XDP_OFFLOAD; m++)
		if (iface->xdp[m])
			return m;
	return REX_XDP_ANY;
}

static void prog_name(uint32_t id, char name[BPF_OBJ_NAME_LEN])
{
	struct bpf_prog_info info = {};
	uint32_t len = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id);

	*name = '\0';
	if (fd < 0)
		return;
	if (!bpf_obj_get_info_by_fd(fd, &info, &len))
		snprintf(name, BPF_OBJ_NAME_LEN, "%s", info.name);
	close(fd);
}

static void back_off(int tries)
{
	/* Who collides once would collide again after the same time. */
	const struct timespec pause = {
		.tv_nsec = 1000000l * (1 + (getpid() * 7 + tries * 3) % (8 * (tries < 8 ? tries + 1 : 8))),
	};

	nanosleep(&pause, NULL);
}

/* ---- what is in the way -------------------------------------------------------------------------- */

/* The kernel refuses for what lies above; @err with the text, or 0 when it is not that. */
static int refused_for_above(int err, const struct iface *iface)
{
	char above[IF_NAMESIZE];

	if (!strstr(rex_log_text(), "upper device"))
		return 0;
	if (rex_iface_above(iface, above))
		return rex_fail(err, "\"%s\" lies above \"%s\" and has an XDP program, and the kernel then "
				"changes nothing below (%s); detach from \"%s\" first", above, iface->name,
				rex_log_reason(), above);
	return rex_fail(err, "an interface above \"%s\" has an XDP program (%s); detach from that one "
			"first; \"ip -d link\" shows it", iface->name, rex_log_reason());
}

/* Of a program that is in the way for good: @err with the text; 0: a chain, try again. */
static int refused_for_other(int err, const struct iface *iface, enum rex_xdp_mode wanted)
{
	enum rex_xdp_mode now = mode_now(iface);
	char name[BPF_OBJ_NAME_LEN];

	if (now == REX_XDP_ANY)
		return 0;		/* gone again */
	prog_name(iface->xdp[now], name);
	if (!*name)
		return 0;		/* this one has just been replaced */
	if (strcmp(name, "xdp_dispatcher"))
		return rex_fail(err, "\"%s\" has an XDP program that does not share the interface: BPF "
				"program %u (\"%s\"), attached without libxdp; take that one off first "
				"(\"rexctl detach\" if it is ours, else \"ip link set dev %s %s off\")",
				iface->name, iface->xdp[now], name, iface->name,
				now == REX_XDP_GENERIC ? "xdpgeneric" : "xdp");
	if (wanted != REX_XDP_ANY && wanted != now)
		return rex_fail(err, "\"%s\" has XDP programs in %s mode, and all of one interface are of "
				"one mode: leave out \"%s\", or detach those first (\"xdp-loader status "
				"%s\" lists them)", iface->name, mode_name(now), mode_name(wanted),
				iface->name);
	return 0;
}

/* ---- attach --------------------------------------------------------------------------------------- */

struct attempt {
	const struct attach *a;
	struct iface iface;
	char mount[1024];
};

/* Where in the chain it runs, and after which verdicts the next one does. */
static int set_place(struct xdp_program *xp, const struct rex_target *t)
{
	int err = t->priority ? xdp_program__set_run_prio(xp, t->priority) : 0;

	for (uint32_t i = 0; !err && t->actions && i < REX_N_ACTIONS; i++)
		err = xdp_program__set_chain_call_enabled(xp, i, t->actions & 1u << i);
	return err;
}

/* In a child, for libxdp. Its errors have no text but what was logged. */
static int attach_once(void *arg)
{
	const struct attempt *t = arg;
	struct xdp_program *xp;
	struct bpf_program *prog;
	struct bpf_object *obj;
	/* In a child: the fd goes with it. */
	int map_fd, err = rex_shim_open(t->a->entry, &obj, &prog, &map_fd);

	if (err)
		return err;
	setenv("LIBXDP_BPFFS", t->mount, 1);
	xp = xdp_program__from_bpf_obj(obj, bpf_program__section_name(prog));
	err = libxdp_get_error(xp);
	if (err)
		return rex_fail(err, "libxdp rejected the shim: %s", strerror(-err));
	err = set_place(xp, t->a->target);
	/* else libxdp takes the section's name for it */
	if (!err)
		err = xdp_program__set_xdp_frags_support(xp, t->a->entry->flags & REX_ENTRY_FRAGS);
	if (!err)
		err = xdp_program__attach(xp, t->iface.index, to_libxdp(t->a->target->mode), 0);
	rex_fail(err, "%s", rex_log_text());
	xdp_program__close(xp);
	bpf_object__close(obj);
	return err;
}

/*
 * libxdp keeps its chains by pins there: where the interface's chain is, or where a new one goes. It
 * would also mount a private bpffs in "ip netns exec" (which has a /sys of its own), and the program
 * would be off again when that command ends.
 */
static int find_mount(const struct iface *iface, char *mount, size_t size)
{
	enum rex_xdp_mode now = mode_now(iface);
	struct dispatcher_pins pins;
	int err;

	snprintf(mount, size, "%s", getenv("LIBXDP_BPFFS") ? : BPFFS);
	if (now != REX_XDP_ANY && rex_dispatcher_find(iface->xdp[now], &pins)) {
		err = rex_dispatcher_renumber(&pins, iface->xdp[now], iface->index);
		if (err)
			return err;
		snprintf(mount, size, "%s", pins.mount);
	}
	return rex_bpffs_check_xdp(mount);
}

static int refuse(int err, const struct attach *a, const struct iface *iface, const char *said)
{
	const char *reason = *rex_log_reason() ? rex_log_reason() : said;

	switch (err) {
	case -EOPNOTSUPP:
	case -EINVAL:
		return rex_fail(err, "the driver of \"%s\" rejected an XDP program%s: %s%s%s; "
				"\"rexctl attach PROGRAM xdp %s generic\" works with every driver%s",
				iface->name, a->target->mode == REX_XDP_NATIVE ? " in native mode" : "",
				strerror(-err), *reason ? ": " : "", reason, iface->name,
				strcasestr(reason, "mtu") ? ", and an entry built with "
				"#[rex_xdp(frags)] accepts large frames" : "");
	case -E2BIG:
		return rex_fail(err, "the chain of \"%s\" is full; \"xdp-loader status %s\" lists what is "
				"in it: detach one of those first", iface->name, iface->name);
	case -EBUSY:
	case -EEXIST:
		return rex_fail(err, "\"%s\" rejected another XDP program: %s; \"xdp-loader status "
				"%s\" shows what is there", iface->name, *reason ? reason : strerror(-err),
				iface->name);
	default:
		return rex_fail(err, "cannot attach to \"%s\": %s%s%s", iface->name, rex_strerror(err),
				*reason ? ": " : "", reason);
	}
}

static int attach_xdp(const struct attach *a)
{
	struct attempt t = { .a = a };
	char said[3072] = "";
	int err = 0, final;

	for (int tries = 0; tries < TRIES; tries++) {
		if (tries)
			back_off(tries);
		err = rex_iface_find(a->target->name, &t.iface);
		if (!err && tries)
			err = a->check_new(a);	/* who was faster may have attached the same */
		if (!err)
			err = find_mount(&t.iface, t.mount, sizeof(t.mount));
		if (err)
			return err;
		err = rex_in_child(attach_once, &t);
		if (!err)
			return 0;
		snprintf(said, sizeof(said), "%s", rex_errmsg());
		rex_log_set(said);
		if (err != -EBUSY && err != -EEXIST && err != -EAGAIN && err != -ENOENT)
			break;
		final = refused_for_above(err, &t.iface);
		if (!final && !rex_iface_get(t.iface.index, &t.iface))
			final = refused_for_other(err, &t.iface, a->target->mode);
		if (final)
			return final;
		/* Another one was attached or taken off meanwhile: with that one we share. */
	}
	return refuse(err, a, &t.iface, said);
}

/* ---- what is attached --------------------------------------------------------------------------- */

static int add_link(const struct iface *iface, enum rex_xdp_mode mode, const struct chained *c,
		    rex_add_link *add, void *data)
{
	struct rex_link link = {
		.target = { .at = REX_AT_XDP, .mode = mode, .pid = -1, .cpu = -1 },
		.ifindex = iface->index,
		.prog_id = c->prog_id,
		.link_id = c->link_id,
		.slot = c->slot,
		.cookie = c->cookie,
		.chained = c->dispatcher,
		.dispatcher = c->dispatcher,
	};

	strcpy(link.target.name, iface->name);
	if (c->dispatcher)
		rex_chain_place(c, &link);
	link.target.priority = link.priority;
	link.target.actions = link.actions;
	if (mode == REX_XDP_GENERIC && !rex_iface_native(iface->index))
		snprintf(link.note, sizeof(link.note), "its driver has no native mode");
	return add(&link, data);
}

static int list(struct list_at *at, const struct iface *iface, rex_add_link *add, void *data)
{
	struct chains *chains = at->chains;
	int err = 0;

	for (enum rex_xdp_mode mode = REX_XDP_NATIVE; !err && mode <= REX_XDP_OFFLOAD; mode++) {
		struct chained alone = { .prog_id = iface->xdp[mode] };

		if (!alone.prog_id)
			continue;
		for (size_t i = 0; !err && i < chains->n; i++) {
			struct chained *c = &chains->list[i];

			if (!c->ours || c->dispatcher != iface->xdp[mode])
				continue;
			c->attached = true;
			err = add_link(iface, mode, c, add, data);
		}
		if (!err)
			err = rex_shim_decode_id(alone.prog_id, &alone.slot, &alone.cookie);
		if (err > 0)
			err = add_link(iface, mode, &alone, add, data);
	}
	return err;
}

/* ---- detach ---------------------------------------------------------------------------------------- */

/* A BPF link of XDP, which somebody else made of our shim. */
static int detach_xdp_link(uint32_t prog_id)
{
	uint32_t id = 0;
	int err = -ENOENT;

	while (err == -ENOENT && !bpf_link_get_next_id(id, &id)) {
		struct rex_link_info info = {};
		uint32_t len = sizeof(info);
		int fd = bpf_link_get_fd_by_id(id);

		if (fd < 0)
			continue;
		if (!bpf_obj_get_info_by_fd(fd, &info, &len) && info.type == REX_LINK_XDP &&
		    info.prog_id == prog_id)
			err = bpf_link_detach(fd) ? -errno : 0;
		close(fd);
	}
	return err;
}

/* Take @id off, and nothing else that may be there by now. */
static int take_off(const struct iface *iface, enum rex_xdp_mode mode, uint32_t id)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts);
	int fd = bpf_prog_get_fd_by_id(id), err;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	opts.old_prog_fd = fd;
	rex_log_reset();
	err = bpf_xdp_detach(iface->index, to_flags(mode) | XDP_FLAGS_REPLACE, &opts);
	close(fd);
	if (err == -EBUSY)
		err = detach_xdp_link(id);
	return err;
}

struct removal {
	const struct rex_link *link;
	const struct iface *iface;
	uint32_t dispatcher;
};

/* Others stay in the chain: libxdp makes a new one of them. In a child. */
static int leave_chain(void *arg)
{
	const struct removal *r = arg;
	struct xdp_program *xp = NULL;
	struct dispatcher_pins pins;
	struct xdp_multiprog *mp;
	int err;

	if (!rex_dispatcher_find(r->dispatcher, &pins))
		return rex_fail(-ENOTSUP, "the chain of \"%s\" has other programs in it, and its pins are in "
				"no bpf file system that is mounted here; detach it where they are "
				"(LIBXDP_BPFFS), or take all off with \"ip link set dev %s xdp off\"",
				r->iface->name, r->iface->name);
	err = rex_dispatcher_renumber(&pins, r->dispatcher, r->iface->index);
	if (err)
		return err;
	setenv("LIBXDP_BPFFS", pins.mount, 1);
	rex_log_reset();
	mp = xdp_multiprog__get_from_ifindex(r->iface->index);
	err = libxdp_get_error(mp);
	if (err)
		return rex_fail(err, "%s", rex_log_text());
	while ((xp = xdp_multiprog__next_prog(xp, mp)))
		if (xdp_program__id(xp) == r->link->prog_id)
			break;
	if (!xp)
		return rex_fail(-EAGAIN, "the chain of \"%s\" is another one now", r->iface->name);
	err = xdp_program__detach(xp, r->iface->index, xdp_multiprog__attach_mode(mp), 0);
	return rex_fail(err, "%s", rex_log_text());
}

/* Our program in the chain @dispatcher, and how many others. */
static int look_at_chain(uint32_t dispatcher, uint32_t prog_id, bool *ours, size_t *others)
{
	struct chains chains;
	int err = rex_chains_read(&chains);

	*ours = false;
	*others = 0;
	if (err)
		return err;
	for (size_t i = 0; i < chains.n; i++) {
		if (chains.list[i].dispatcher != dispatcher)
			continue;
		if (chains.list[i].prog_id == prog_id)
			*ours = true;
		else
			(*others)++;
	}
	rex_chains_free(&chains);
	return 0;
}

/* 0: it is off. -EAGAIN and the like: the interface changed meanwhile. */
static int detach_once(const struct rex_link *link, const struct iface *iface)
{
	enum rex_xdp_mode mode = link->target.mode;
	uint32_t id = mode <= REX_XDP_OFFLOAD ? iface->xdp[mode] : 0;
	struct removal r = { link, iface, id };
	bool ours;
	size_t others;
	int err;

	if (!id)
		return 0;
	if (id == link->prog_id)
		return take_off(iface, mode, id);
	err = look_at_chain(id, link->prog_id, &ours, &others);
	if (err || !ours)
		return err;
	if (others) {
		err = rex_in_child(leave_chain, &r);
		rex_log_set(err ? rex_errmsg() : "");
		return err;
	}
	err = take_off(iface, mode, id);
	if (!err)
		err = rex_dispatcher_unpin(id);
	return err < 0 ? err : 0;
}

static int is_attached(const char *netns, uint64_t ino, void *data)
{
	const uint32_t *dispatcher = data;
	struct ifaces all;
	struct nl nl;
	int err = nl_open(&nl, NETLINK_ROUTE);

	(void)netns;
	(void)ino;
	if (err)
		return err;
	err = rex_ifaces_read(&nl, &all);
	nl_close(&nl);
	if (err)
		return err;
	for (size_t i = 0; i < all.n; i++)
		for (enum rex_xdp_mode m = REX_XDP_NATIVE; m <= REX_XDP_OFFLOAD; m++)
			if (all.list[i].xdp[m] == *dispatcher)
				err = 1;
	rex_ifaces_free(&all);
	return err;
}

/*
 * Only pins are left of it. Whoever was about to attach it when it was listed, or moved the interface
 * meanwhile, has done so by now.
 */
static int detach_leftover(const struct rex_link *link)
{
	uint32_t dispatcher = link->dispatcher;
	int ret = dispatcher ? rex_netns_each(true, is_attached, &dispatcher) : 0;

	if (ret > 0)
		return rex_fail(-EAGAIN, "the chain of interface %u was attached or moved meanwhile; try "
				"again", link->ifindex);
	if (!ret)
		ret = rex_dispatcher_unpin(dispatcher);
	return ret < 0 ? ret : 0;
}

static int detach_xdp(const struct rex_link *link)
{
	struct iface iface;
	int err = 0, final;

	if (link->leftover)
		return detach_leftover(link);
	for (int tries = 0; tries < TRIES; tries++) {
		if (tries)
			back_off(tries);
		err = rex_iface_get(link->ifindex, &iface);
		if (err == -ENODEV)
			return detach_leftover(link);
		if (err)
			return err;
		err = detach_once(link, &iface);
		if (!err)
			return 0;
		final = refused_for_above(err, &iface);
		if (final)
			return final;
		if (err != -EEXIST && err != -EAGAIN && err != -ENOENT && err != -EBUSY)
			break;
	}
	return rex_fail(err, "cannot detach from \"%s\": %s%s%s", iface.name, rex_strerror(err),
			*rex_log_text() ? ": " : "", *rex_log_reason() ? rex_log_reason() :
			rex_log_text());
}

const struct place rex_place_xdp = {
	.args = "IFACE[,IFACE...] [native|generic|offload] [priority=N] [actions=pass,...]",
	.noun = "interface", .hook = REX_HOOK_XDP, .max_words = 4, .parse = parse, .resolve = rex_resolve_interface,
	.attach = attach_xdp, .list = list, .detach = detach_xdp,
};
