// SPDX-License-Identifier: GPL-2.0-only
/*
 * Filters of a shared block of tc, which several interfaces have at a side. The kernel takes them by the
 * number of the block alone, which libbpf cannot say.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "internal.h"

struct nlmsghdr *tc_block_request(void *buf, uint16_t type, uint16_t flags, uint32_t block,
				  uint32_t priority, uint32_t handle)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct tcmsg *tcm;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	tcm = mnl_nlmsg_put_extra_header(nlh, sizeof(*tcm));
	tcm->tcm_ifindex = TCM_IFINDEX_MAGIC_BLOCK;
	tcm->tcm_block_index = block;
	tcm->tcm_handle = handle;
	if (priority)
		tcm->tcm_info = TC_H_MAKE(priority << 16, htons(ETH_P_ALL));
	return nlh;
}

static int talk(struct nlmsghdr *nlh, const char *what, uint32_t block)
{
	struct nl nl;
	int err = nl_open(&nl, NETLINK_ROUTE);

	if (err)
		return err;
	err = nl_talk(&nl, nlh, NULL, NULL);
	if (err && err != -ENOENT)
		rex_fail(err, "cannot %s block %u: %s; \"tc qdisc show\" lists the blocks", what, block,
			 nl_reason(&nl, err));
	nl_close(&nl);
	return err;
}

int tc_block_attach(int prog_fd, const struct rex_target *t)
{
	char buf[NL_BUF];
	struct nlmsghdr *nlh = tc_block_request(buf, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK,
						t->block, t->priority, t->handle);
	struct tcmsg *tcm = mnl_nlmsg_get_payload(nlh);
	struct nlattr *options;

	/* Without a priority the kernel chooses one. */
	tcm->tcm_info = TC_H_MAKE(t->priority << 16, htons(ETH_P_ALL));
	mnl_attr_put_strz(nlh, TCA_KIND, "bpf");
	options = mnl_attr_nest_start(nlh, TCA_OPTIONS);
	mnl_attr_put_u32(nlh, TCA_BPF_FD, prog_fd);
	mnl_attr_put_strz(nlh, TCA_BPF_NAME, "rex_shim");
	mnl_attr_put_u32(nlh, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
	mnl_attr_nest_end(nlh, options);
	return talk(nlh, "attach to", t->block);
}

int tc_block_detach(const struct rex_link *link)
{
	char buf[NL_BUF];
	struct nlmsghdr *nlh = tc_block_request(buf, RTM_DELTFILTER, NLM_F_ACK, link->target.block,
						link->priority, link->handle);
	int err;

	mnl_attr_put_strz(nlh, TCA_KIND, "bpf");
	err = talk(nlh, "detach from", link->target.block);
	return err == -ENOENT || err == -EINVAL ? 0 : err;	/* the filter or the block is gone */
}
