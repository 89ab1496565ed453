// SPDX-License-Identifier: GPL-2.0-only
/* tc attachments: BPF filters in direct-action mode on the clsact qdisc. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "internal.h"

#define PARENT(side) TC_H_MAKE(TC_H_CLSACT, \
	(side) == REX_TC_INGRESS ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS)

static enum bpf_tc_attach_point to_libbpf(enum rex_tc_side side)
{
	return side == REX_TC_INGRESS ? BPF_TC_INGRESS : BPF_TC_EGRESS;
}

static const char *side_name(enum rex_tc_side side)
{
	return side == REX_TC_INGRESS ? "ingress" : "egress";
}

/* ---- reading the filters --------------------------------------------------------------- */

struct walk {
	int (*filter)(struct walk *walk, const struct tcmsg *tcm, uint32_t prog_id);
	int err;
	uint32_t ifindex;
	const char *ifname;
	enum rex_tc_side side;
	int (*add)(const struct rex_link *link, void *data);
	void *data;
	size_t count;
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
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct tcmsg *tcm;
	int err;

	nlh->nlmsg_type = RTM_GETTFILTER;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	tcm = mnl_nlmsg_put_extra_header(nlh, sizeof(*tcm));
	tcm->tcm_ifindex = walk->ifindex;
	tcm->tcm_parent = PARENT(walk->side);
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
		.hook = REX_HOOK_TC,
		.ifindex = walk->ifindex,
		.prog_id = prog_id,
		.side = walk->side,
		.handle = tcm->tcm_handle,
		.priority = TC_H_MAJ(tcm->tcm_info) >> 16,
	};
	int ret;

	if (!prog_id)
		return 0;
	strncpy(link.ifname, walk->ifname, sizeof(link.ifname) - 1);
	ret = rex_shim_decode_id(prog_id, &link.slot, &link.cookie);
	return ret > 0 ? walk->add(&link, walk->data) : ret;
}

int rex_tc_links(struct nl *nl, uint32_t ifindex, const char *ifname,
		 int (*add)(const struct rex_link *link, void *data), void *data)
{
	struct walk walk = {
		.filter = add_filter, .ifindex = ifindex, .ifname = ifname, .add = add, .data = data,
	};
	int err;

	for (walk.side = REX_TC_INGRESS; walk.side <= REX_TC_EGRESS; walk.side++) {
		err = walk_filters(nl, &walk);
		if (err)
			return err;
	}
	return 0;
}

static int count_filter(struct walk *walk, const struct tcmsg *tcm, uint32_t prog_id)
{
	(void)tcm;
	(void)prog_id;
	walk->count++;
	return 0;
}

/* Remove the clsact qdisc when no filter is left in it: then nobody uses it. */
static void remove_if_empty(uint32_t ifindex, const char *ifname)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex,
		    .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);
	struct walk walk = { .filter = count_filter, .ifindex = ifindex, .ifname = ifname };
	struct nl nl;
	int err;

	if (nl_open(&nl, NETLINK_ROUTE))
		return;
	err = walk_filters(&nl, &walk);
	walk.side = REX_TC_EGRESS;
	if (!err)
		err = walk_filters(&nl, &walk);
	nl_close(&nl);
	if (!err && !walk.count)
		bpf_tc_hook_destroy(&hook);
}

/* ---- attach and detach ---------------------------------------------------------------------- */

int rex_attach_tc(const struct rex_entry *entry, const char *ifname, enum rex_tc_side side)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .attach_point = to_libbpf(side));
	LIBBPF_OPTS(bpf_tc_opts, opts);
	struct bpf_object *obj;
	int ifindex = rex_if_index(ifname), fd, err;
	bool created;

	if (ifindex < 0)
		return ifindex;
	err = rex_link_check_new(entry, ifindex, side);
	if (!err)
		err = rex_shim_load(entry, &obj, &fd);
	if (err)
		return err;

	hook.ifindex = ifindex;
	rex_log_reset();
	err = bpf_tc_hook_create(&hook);
	created = !err;
	if (err && err != -EEXIST) {
		rex_fail(err, "cannot create the clsact qdisc on \"%s\": %s%s%s", ifname,
			 rex_strerror(err), *rex_log_text() ? ": " : "", rex_log_text());
		goto out;
	}
	rex_log_reset();
	opts.prog_fd = fd;
	err = bpf_tc_attach(&hook, &opts);
	if (err) {
		rex_fail(err, "cannot attach to \"%s\" %s: %s%s%s%s", ifname, side_name(side),
			 rex_strerror(err), *rex_log_text() ? ": " : "", rex_log_text(),
			 created ? "" : "; the interface has an ingress or clsact qdisc already "
			 "(\"tc qdisc show\"): an \"ingress\" one must be removed first");
		if (created)
			remove_if_empty(ifindex, ifname);
	}
out:
	bpf_object__close(obj);
	return err;
}

int rex_detach_tc(const struct rex_link *link)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = link->ifindex,
		    .attach_point = to_libbpf(link->side));
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = link->handle, .priority = link->priority);
	int err;

	rex_log_reset();
	err = bpf_tc_detach(&hook, &opts);
	if (err && err != -ENOENT)
		return rex_fail(err, "cannot detach from \"%s\" %s: %s%s%s", link->ifname,
				side_name(link->side), rex_strerror(err),
				*rex_log_text() ? ": " : "", rex_log_text());
	remove_if_empty(link->ifindex, link->ifname);
	return 0;
}
