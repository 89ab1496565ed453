// SPDX-License-Identifier: GPL-2.0-only
/* tc attachments: BPF filters in direct-action mode on the clsact qdisc. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/*
 * Whose qdisc is it? A clsact qdisc has no attribute that could tell, and a note kept
 * elsewhere would be wrong once it was replaced. So the filters show it: one in a
 * qdisc that we created has this handle, and dies with the qdisc. The last of those to go
 * takes an empty qdisc along; any other qdisc stays.
 */
#define HANDLE_OURS 0x5e17

#define PARENT(side) TC_H_MAKE(TC_H_CLSACT, \
	(side) == REX_INGRESS ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS)

static enum bpf_tc_attach_point to_libbpf(enum rex_side side)
{
	return side == REX_INGRESS ? BPF_TC_INGRESS : BPF_TC_EGRESS;
}

static const char *side_name(enum rex_side side)
{
	return side == REX_INGRESS ? "ingress" : "egress";
}

/* ---- words ------------------------------------------------------------------------------- */

/* "block=N" in place of an interface and its side */
static int parse_block(const char *word, struct rex_target *t)
{
	int err = rex_word_key_number(word, "block", INT32_MAX, &t->block);

	snprintf(t->name, sizeof(t->name), "block=%u", t->block);
	return err;
}

static int parse(const char *const *words, size_t n, struct rex_target *t)
{
	const char *value;
	bool block = rex_word_key(words[0], "block", &value);
	int err = block ? parse_block(words[0], t) : rex_parse_interface_side(words, n, t);

	for (size_t i = block ? 1 : 2; !err && i < n; i++) {
		if (rex_word_key(words[i], "pref", &value))
			err = rex_word_key_number(words[i], "pref", UINT16_MAX, &t->priority);
		else if (rex_word_key(words[i], "handle", &value))
			err = rex_word_key_number(words[i], "handle", UINT32_MAX, &t->handle);
		else
			err = rex_word_bad(words[i], "is neither pref=N nor handle=N");
	}
	return err;
}

static int resolve(struct rex_target *t)
{
	return t->block ? 0 : rex_resolve_interface(t);
}

/* ---- the qdiscs -------------------------------------------------------------------------- */

static enum tc_qdisc qdisc_kind(const struct nlmsghdr *nlh)
{
	const struct tcmsg *tcm = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;

	if (tcm->tcm_parent != TC_H_INGRESS)	/* clsact has the same number */
		return TC_NONE;
	mnl_attr_for_each(attr, nlh, sizeof(*tcm)) {
		if (mnl_attr_get_type(attr) != TCA_KIND ||
		    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) < 0)
			continue;
		if (!strcmp(mnl_attr_get_str(attr), "clsact"))
			return TC_CLSACT;
		if (!strcmp(mnl_attr_get_str(attr), "ingress"))
			return TC_INGRESS;
	}
	return TC_NONE;
}

static int on_qdisc(const struct nlmsghdr *nlh, void *data)
{
	struct tc_qdiscs *all = data;
	const struct tcmsg *tcm = mnl_nlmsg_get_payload(nlh);
	struct tc_one *grown;
	enum tc_qdisc kind;

	if (nlh->nlmsg_type != RTM_NEWQDISC || mnl_nlmsg_get_payload_len(nlh) < sizeof(*tcm))
		return MNL_CB_OK;
	kind = qdisc_kind(nlh);
	if (kind == TC_NONE)
		return MNL_CB_OK;
	grown = realloc(all->list, (all->n + 1) * sizeof(*grown));
	if (!grown) {
		all->failed = true;
		return MNL_CB_OK;
	}
	all->list = grown;
	grown[all->n++] = (struct tc_one){ tcm->tcm_ifindex, kind };
	return MNL_CB_OK;
}

int rex_tc_qdiscs(struct nl *nl, struct tc_qdiscs *all)
{
	char buf[NL_BUF];
	int err = -EINTR;

	/* -EINTR: it changed under our hands. */
	for (int tries = 0; err == -EINTR && tries < 20; tries++) {
		struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

		nlh->nlmsg_type = RTM_GETQDISC;
		nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
		mnl_nlmsg_put_extra_header(nlh, sizeof(struct tcmsg));
		*all = (struct tc_qdiscs){};
		err = nl_talk(nl, nlh, on_qdisc, all);
		if (!err && all->failed)
			err = -ENOMEM;
		if (err)
			rex_tc_qdiscs_free(all);
	}
	/* A kernel without traffic control has none. */
	if (err == -EOPNOTSUPP || err == -EINVAL)
		return 0;
	return err ? rex_fail(err, "cannot list the qdiscs: %s", nl_reason(nl, err)) : 0;
}

void rex_tc_qdiscs_free(struct tc_qdiscs *all)
{
	free(all->list);
	*all = (struct tc_qdiscs){};
}

static enum tc_qdisc kind_at(const struct tc_qdiscs *all, uint32_t ifindex)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->list[i].ifindex == ifindex)
			return all->list[i].kind;
	return TC_NONE;
}

/* Of one interface, without listing those of all. */
static int find_kind(uint32_t ifindex, enum tc_qdisc *kind)
{
	struct tc_qdiscs found = {};
	char buf[NL_BUF];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct tcmsg *tcm;
	struct nl nl;
	int err = nl_open(&nl, NETLINK_ROUTE);

	if (err)
		return err;
	nlh->nlmsg_type = RTM_GETQDISC;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_ECHO;
	tcm = mnl_nlmsg_put_extra_header(nlh, sizeof(*tcm));
	tcm->tcm_ifindex = ifindex;
	tcm->tcm_parent = TC_H_INGRESS;
	err = nl_talk(&nl, nlh, on_qdisc, &found);
	/* There is none; or the kernel has no traffic control. */
	if (err == -ENOENT || err == -EINVAL || err == -EOPNOTSUPP)
		err = 0;
	else if (err || found.failed)
		err = rex_fail(err ? : -ENOMEM, "cannot look up the qdisc of interface %u: %s", ifindex,
			       nl_reason(&nl, err ? : -ENOMEM));
	*kind = kind_at(&found, ifindex);
	rex_tc_qdiscs_free(&found);
	nl_close(&nl);
	return err;
}

/* ---- reading the filters --------------------------------------------------------------- */

struct walk {
	int (*filter)(struct walk *walk, const struct tcmsg *tcm, uint32_t prog_id);
	int err;
	uint32_t ifindex, block;	/* block: in place of an interface */
	const char *ifname;
	enum rex_side side;
	rex_add_link *add;
	void *data;
	size_t count, ours;
};

/* The BPF program id of a filter; 0 for filters of other kinds. */
static uint32_t filter_prog(const struct nlmsghdr *nlh)
{
	const struct nlattr *attr, *sub;
	bool is_bpf = false;
	uint32_t id = 0;

	mnl_attr_for_each(attr, nlh, sizeof(struct tcmsg)) {
		if (mnl_attr_get_type(attr) == TCA_KIND)
			is_bpf = mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0 &&
				 !strcmp(mnl_attr_get_str(attr), "bpf");
		if (mnl_attr_get_type(attr) == TCA_OPTIONS) {
			mnl_attr_for_each_nested(sub, attr)
				if (mnl_attr_get_type(sub) == TCA_BPF_ID &&
				    mnl_attr_validate(sub, MNL_TYPE_U32) >= 0)
					id = mnl_attr_get_u32(sub);
		}
	}
	return is_bpf ? id : 0;
}

static int on_filter(const struct nlmsghdr *nlh, void *data)
{
	struct walk *walk = data;

	/* MNL_CB_OK even after an error: the dump must be read to its end. */
	if (nlh->nlmsg_type == RTM_NEWTFILTER && !walk->err &&
	    mnl_nlmsg_get_payload_len(nlh) >= sizeof(struct tcmsg))
		walk->err = walk->filter(walk, mnl_nlmsg_get_payload(nlh), filter_prog(nlh));
	return MNL_CB_OK;
}

static int walk_filters(struct nl *nl, struct walk *walk)
{
	char buf[NL_BUF];
	struct nlmsghdr *nlh = tc_block_request(buf, RTM_GETTFILTER, NLM_F_DUMP, walk->block, 0, 0);
	struct tcmsg *tcm = mnl_nlmsg_get_payload(nlh);
	int err;

	if (!walk->block) {
		tcm->tcm_ifindex = walk->ifindex;
		tcm->tcm_parent = PARENT(walk->side);
	}
	err = nl_talk(nl, nlh, on_filter, walk);
	/* No such qdisc, or the interface has just gone: nothing of ours there. */
	if (err == -ENODEV || err == -EINVAL || err == -EOPNOTSUPP || err == -ENOENT)
		return 0;
	if (err)
		return rex_fail(err, "cannot list the tc filters of \"%s\": %s", walk->ifname,
				nl_reason(nl, err));
	return walk->err;
}

static int add_filter(struct walk *walk, const struct tcmsg *tcm, uint32_t prog_id)
{
	struct rex_link link = {
		.target = { .at = REX_AT_TC, .side = walk->side, .pid = -1, .cpu = -1 },
		.ifindex = walk->ifindex,
		.prog_id = prog_id,
		.handle = tcm->tcm_handle,
		.priority = TC_H_MAJ(tcm->tcm_info) >> 16,
	};
	int ret;

	if (!prog_id)
		return 0;
	link.target.priority = link.priority;
	link.target.handle = link.handle;
	if (tcm->tcm_ifindex == (int)TCM_IFINDEX_MAGIC_BLOCK) {
		link.target.block = tcm->tcm_block_index;
		link.target.side = REX_SIDE_ANY;
		link.ifindex = 0;
		snprintf(link.target.name, sizeof(link.target.name), "block=%u", link.target.block);
	} else {
		snprintf(link.target.name, sizeof(link.target.name), "%s", walk->ifname);
	}
	ret = rex_shim_decode_id(prog_id, &link.slot, &link.cookie);
	return ret > 0 ? walk->add(&link, walk->data) : ret;
}

/* An ingress qdisc answers for its egress side, which it has not, with the filters of ingress. */
static int walk_sides(struct nl *nl, enum tc_qdisc kind, struct walk *walk)
{
	int err = 0;

	walk->side = REX_INGRESS;
	if (kind != TC_NONE)
		err = walk_filters(nl, walk);
	walk->side = REX_EGRESS;
	if (!err && kind == TC_CLSACT)
		err = walk_filters(nl, walk);
	return err;
}

static int list(struct list_at *at, const struct iface *iface, rex_add_link *add, void *data)
{
	struct walk walk = {
		.filter = add_filter, .ifindex = iface->index, .ifname = iface->name, .add = add,
		.data = data,
	};
	enum tc_qdisc kind = TC_NONE;
	int err = 0;

	if (at->block) {
		walk.block = at->block;
		return walk_filters(at->nl, &walk);
	}
	if (at->qdiscs)
		kind = kind_at(at->qdiscs, iface->index);
	else
		err = find_kind(iface->index, &kind);
	return err ? err : walk_sides(at->nl, kind, &walk);
}

static int count_filter(struct walk *walk, const struct tcmsg *tcm, uint32_t prog_id)
{
	walk->count++;
	walk->ours += prog_id && tcm->tcm_handle == HANDLE_OURS;
	return 0;
}

/* All filters of both sides, and those in a qdisc of ours. */
static int count_filters(uint32_t ifindex, const char *ifname, enum tc_qdisc kind, struct walk *walk)
{
	struct nl nl;
	int err = nl_open(&nl, NETLINK_ROUTE);

	*walk = (struct walk){ .filter = count_filter, .ifindex = ifindex, .ifname = ifname };
	if (err)
		return err;
	err = walk_sides(&nl, kind, walk);
	nl_close(&nl);
	return err;
}

/* Remove the clsact qdisc, which is ours, when no filter is left in it. */
static void remove_if_empty(uint32_t ifindex, const char *ifname)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex,
		    .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);
	enum tc_qdisc kind;
	struct walk walk;

	if (!find_kind(ifindex, &kind) && kind == TC_CLSACT &&
	    !count_filters(ifindex, ifname, kind, &walk) && !walk.count)
		bpf_tc_hook_destroy(&hook);
}

/* ---- attach and detach ---------------------------------------------------------------------- */

/* The clsact qdisc, made if there is none; an ingress one will do for that side. */
static int prepare_qdisc(struct bpf_tc_hook *hook, const char *ifname, enum rex_side side,
			 enum tc_qdisc *kind, bool *created)
{
	int err = find_kind(hook->ifindex, kind);

	*created = false;
	if (err)
		return err;
	if (*kind == TC_NONE) {
		rex_log_reset();
		err = bpf_tc_hook_create(hook);
		*created = !err;
		if (err && err != -EEXIST)
			return rex_fail(err, "cannot create the clsact qdisc on \"%s\": %s", ifname,
					*rex_log_reason() ? rex_log_reason() : rex_strerror(err));
		/* Whoever was faster made one of either kind. */
		*kind = TC_CLSACT;
		if (err)
			err = find_kind(hook->ifindex, kind);
		if (err)
			return err;
	}
	if (*kind == TC_INGRESS && side == REX_EGRESS)
		return rex_fail(-EBUSY, "\"%s\" has an ingress qdisc, which has no egress side: put a "
				"clsact qdisc in its place (\"tc qdisc del dev %s ingress\" takes it away "
				"with its filters), or attach to \"tcx %s egress\", which needs none",
				ifname, ifname, ifname);
	return 0;
}

static int attach_to_interface(const struct attach *a)
{
	enum rex_side side = a->target->side;
	const char *ifname = a->target->name;
	LIBBPF_OPTS(bpf_tc_hook, hook, .attach_point = to_libbpf(side));
	LIBBPF_OPTS(bpf_tc_opts, opts);
	int ifindex = rex_if_index(ifname), fd, err;
	struct bpf_object *obj;
	enum tc_qdisc kind;
	struct walk walk;
	bool created;

	if (ifindex < 0)
		return ifindex;
	err = rex_shim_load(a->entry, &obj, &fd);
	if (err)
		return err;
	hook.ifindex = ifindex;
	err = prepare_qdisc(&hook, ifname, side, &kind, &created);
	if (!err)
		err = count_filters(ifindex, ifname, kind, &walk);
	if (err)
		goto out;
	if (a->target->handle)
		opts.handle = a->target->handle;
	else if (created || walk.ours)
		opts.handle = HANDLE_OURS;
	opts.priority = a->target->priority;
	rex_log_reset();
	opts.prog_fd = fd;
	err = bpf_tc_attach(&hook, &opts);
	if (err)
		rex_fail(err, "cannot attach to \"%s\" %s: %s", ifname, side_name(side),
			 *rex_log_reason() ? rex_log_reason() : rex_strerror(err));
out:
	if (err && created)
		remove_if_empty(ifindex, ifname);
	bpf_object__close(obj);
	return err;
}

static int attach_to_block(const struct attach *a)
{
	struct bpf_object *obj;
	int fd, err = rex_shim_load(a->entry, &obj, &fd);

	if (err)
		return err;
	err = tc_block_attach(fd, a->target);
	if (err == -ENOENT)
		rex_fail(err, "this network namespace has no block %u; \"tc qdisc add dev IFACE ingress_block %u "
			 "clsact\" makes one", a->target->block, a->target->block);
	bpf_object__close(obj);
	return err;
}

static int attach_tc(const struct attach *a)
{
	if (a->target->block)
		return attach_to_block(a);
	return attach_to_interface(a);
}

static int detach_tc(const struct rex_link *link)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = link->ifindex,
		    .attach_point = to_libbpf(link->target.side));
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = link->handle, .priority = link->priority);
	int err;

	if (link->target.block)
		return tc_block_detach(link);
	rex_log_reset();
	err = bpf_tc_detach(&hook, &opts);
	if (err && err != -ENOENT)
		return rex_fail(err, "cannot detach from \"%s\" %s: %s", link->target.name,
				side_name(link->target.side),
				*rex_log_reason() ? rex_log_reason() : rex_strerror(err));
	if (link->handle == HANDLE_OURS)
		remove_if_empty(link->ifindex, link->target.name);
	return 0;
}

const struct place rex_place_tc = {
	.args = "IFACE[,IFACE...]|block=N ingress|egress [pref=N] [handle=N]", .noun = "interface",
	.hook = REX_HOOK_TC, .max_words = 4, .has_side = true, .parse = parse,
	.resolve = resolve, .attach = attach_tc, .list = list, .detach = detach_tc,
};
