// SPDX-License-Identifier: GPL-2.0-only
/* The generic netlink family "rex"; see uapi/rex.h. */
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/net.h>
#include <linux/netlink.h>
#include <linux/sizes.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "internal.h"
#include "netlink.h"

#define REX_MSG_MAX	SZ_64K

/* Changes with the list of programs, so that a dump notices. rex_mutex. */
static u32 rex_generation = 1;

static const struct nla_policy rex_info_policy[REX_A_MAX + 1] = {};

static const struct nla_policy rex_get_policy[REX_A_MAX + 1] = {
	[REX_A_PROG_NAME]	= { .type = NLA_NUL_STRING, .len = REX_NAME_LEN - 1 },
};

static const struct nla_policy rex_set_policy[REX_A_MAX + 1] = {
	[REX_A_PROG_NAME]	= { .type = NLA_NUL_STRING, .len = REX_NAME_LEN - 1 },
	[REX_A_PROG_ENABLED]	= NLA_POLICY_MAX(NLA_U8, 1),
	[REX_A_PROG_BUDGET_US]	= { .type = NLA_U32 },
	[REX_A_PROG_TIMING]	= NLA_POLICY_MAX(NLA_U8, 1),
	[REX_A_PROG_PARK]	= NLA_POLICY_MAX(NLA_U8, 1),
};

static const struct nla_policy rex_map_policy[REX_A_MAX + 1] = {
	[REX_A_PROG_NAME]	= { .type = NLA_NUL_STRING, .len = REX_NAME_LEN - 1 },
	[REX_A_MAP_INDEX]	= NLA_POLICY_MAX(NLA_U32, REX_MAX_MAPS - 1),
	[REX_A_FD]		= { .type = NLA_U32 },
};

static const struct nla_policy rex_helper_policy[REX_A_MAX + 1] = {
	[REX_A_HOOK]		= NLA_POLICY_MAX(NLA_U32, __REX_HOOK_MAX - 1),
	[REX_A_HELPER_ID]	= { .type = NLA_U32 },
	[REX_A_FD]		= { .type = NLA_U32 },
};

static const struct nla_policy rex_stream_policy[REX_A_MAX + 1] = {
	[REX_A_STREAM_ID]	= { .type = NLA_U32 },
	[REX_A_ENTRY_SLOT]	= NLA_POLICY_MAX(NLA_U32, REX_MAX_SLOTS - 1),
	[REX_A_ENTRY_COOKIE]	= { .type = NLA_U64 },
	[REX_A_FD]		= { .type = NLA_U32 },
};

/* ---- who may ---------------------------------------------------------------------------- */

/*
 * Programs, and what they tell, are the machine's, whatever namespace a request comes from. So
 * CAP_SYS_ADMIN in the first user namespace is asked for, of who sent it and who opened the socket.
 */
static int rex_may_ask(const struct sk_buff *skb, struct netlink_ext_ack *extack)
{
	if (netlink_capable(skb, CAP_SYS_ADMIN))
		return 0;
	NL_SET_ERR_MSG(extack, "it needs CAP_SYS_ADMIN in the initial user namespace: "
		       "run it as root, and not in a container");
	return -EPERM;
}

static int rex_pre_doit(const struct genl_split_ops *ops, struct sk_buff *skb,
			struct genl_info *info)
{
	return rex_may_ask(skb, info->extack);
}

/*
 * Whether @sk is to be left out. Its opener is asked when there is something to hear, and not when
 * it joins: the kernel asks a joining one for rights over its own network namespace only, and lets
 * anybody into a group that does not exist yet. While it is asked, it is not released.
 */
static int rex_may_not_hear(struct sock *sk, struct sk_buff *skb, void *unused)
{
	const struct file *file = sk->sk_socket ? sk->sk_socket->file : NULL;

	return !file || !file_ns_capable(file, &init_user_ns, CAP_SYS_ADMIN);
}

/* ---- messages ------------------------------------------------------------------------- */

static int rex_put_entry(struct sk_buff *skb, const struct rex_slot *slot,
			 const struct rex_filter *filter)
{
	struct nlattr *nest = nla_nest_start(skb, REX_A_PROG_ENTRY);
	struct rex_counts sum;

	rex_slot_sum(slot, &sum);
	if (!nest ||
	    nla_put_string(skb, REX_A_ENTRY_NAME, slot->name) ||
	    nla_put_u32(skb, REX_A_ENTRY_HOOK, slot->hook) ||
	    nla_put_u32(skb, REX_A_ENTRY_FLAGS, slot->flags) ||
	    nla_put_u32(skb, REX_A_ENTRY_CTX_SIZE, slot->ctx_size) ||
	    nla_put_u32(skb, REX_A_ENTRY_SLOT, slot - rex_slots) ||
	    rex_put_u64(skb, REX_A_ENTRY_COOKIE, rex_slot_cookie(slot)) ||
	    rex_put_u64(skb, REX_A_ENTRY_RUNS, sum.runs) ||
	    rex_put_u64(skb, REX_A_ENTRY_NS, sum.ns) ||
	    rex_put_u64(skb, REX_A_ENTRY_PANICS, sum.panics) ||
	    rex_put_u64(skb, REX_A_ENTRY_OVERRUNS, sum.overruns) ||
	    rex_put_u64(skb, REX_A_ENTRY_OVERFLOWS, sum.overflows) ||
	    rex_put_u64(skb, REX_A_ENTRY_REFUSED, sum.refused))
		return -EMSGSIZE;
	if (filter->protocol && nla_put(skb, REX_A_ENTRY_FILTER, sizeof(*filter), filter))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int rex_put_map(struct sk_buff *skb, const struct rex_prog *prog, u32 index)
{
	struct nlattr *nest = nla_nest_start(skb, REX_A_PROG_MAP);
	const struct rex_map_def *def = &prog->map_defs[index];

	if (!nest ||
	    nla_put_u32(skb, REX_A_MAP_INDEX, index) ||
	    nla_put_string(skb, REX_A_MAP_NAME, def->name) ||
	    nla_put_u32(skb, REX_A_MAP_TYPE, def->type) ||
	    nla_put_u32(skb, REX_A_MAP_KEY_SIZE, def->key_size) ||
	    nla_put_u32(skb, REX_A_MAP_VALUE_SIZE, def->value_size) ||
	    nla_put_u32(skb, REX_A_MAP_MAX_ENTRIES, def->max_entries) ||
	    nla_put_u32(skb, REX_A_MAP_FLAGS, def->flags))
		return -EMSGSIZE;
	if (prog->map_refs[index] &&
	    nla_put_u32(skb, REX_A_MAP_BPF_ID, prog->map_refs[index]->id))
		return -EMSGSIZE;
	if (prog->maps_sized & BIT_ULL(index) && nla_put_flag(skb, REX_A_MAP_SIZED))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int rex_put_frame(struct sk_buff *skb, const struct rex_prog *prog, unsigned long word)
{
	struct nlattr *nest = nla_nest_start(skb, REX_A_FAULT_FRAME);
	char text[KSYM_NAME_LEN];
	const char *file;
	u32 line;

	snprintf(text, sizeof(text), "%pB", (void *)word);
	if (!nest || nla_put_string(skb, REX_A_FRAME_SYMBOL, text))
		return -EMSGSIZE;
	file = rex_fault_line(prog, word, &line);
	if (file) {
		rex_copy_text(text, REX_FAULT_FILE, file, strlen(file));
		if (nla_put_string(skb, REX_A_FRAME_FILE, text) ||
		    nla_put_u32(skb, REX_A_FRAME_LINE, line))
			return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static int rex_put_fault(struct sk_buff *skb, const struct rex_prog *prog)
{
	struct nlattr *nest = nla_nest_start(skb, REX_A_PROG_FAULT);
	const struct rex_fault_record *rec = &prog->fault;
	int ret = 0;
	u32 i;

	if (!nest ||
	    nla_put_u32(skb, REX_A_FAULT_KIND, rec->kind) ||
	    nla_put_string(skb, REX_A_FAULT_ENTRY, rec->entry) ||
	    nla_put_string(skb, REX_A_FAULT_MESSAGE, rec->text) ||
	    nla_put_u32(skb, REX_A_FAULT_CPU, rec->cpu))
		return -EMSGSIZE;
	if (rec->file[0] &&
	    (nla_put_string(skb, REX_A_FAULT_FILE, rec->file) ||
	     nla_put_u32(skb, REX_A_FAULT_LINE, rec->line)))
		return -EMSGSIZE;
	if (rec->column && nla_put_u32(skb, REX_A_FAULT_COLUMN, rec->column))
		return -EMSGSIZE;
	for (i = 0; !ret && i < rec->traced; i++)
		ret = rex_put_frame(skb, prog, rec->trace[i]);
	if (ret)
		return ret;
	nla_nest_end(skb, nest);
	return 0;
}

static int rex_put_id(struct sk_buff *skb, const struct rex_prog *prog)
{
	if (nla_put_string(skb, REX_A_PROG_NAME, prog->name) ||
	    rex_put_u64(skb, REX_A_PROG_ID, prog->id) ||
	    nla_put_u32(skb, REX_A_PROG_STATE, atomic_read(&prog->state)))
		return -EMSGSIZE;
	return 0;
}

static int rex_put_prog(struct sk_buff *skb, const struct rex_prog *prog)
{
	u32 state = atomic_read(&prog->state), i;
	int ret;

	ret = rex_put_id(skb, prog);
	if (ret ||
	    nla_put_u8(skb, REX_A_PROG_ENABLED, state == REX_STATE_ENABLED) ||
	    nla_put_u32(skb, REX_A_PROG_BUDGET_US, prog->budget_us) ||
	    nla_put_u8(skb, REX_A_PROG_TIMING, prog->timing) ||
	    nla_put_u8(skb, REX_A_PROG_TAINTED, READ_ONCE(prog->tainted)) ||
	    nla_put_u32(skb, REX_A_PROG_STACK, prog->stack) ||
	    nla_put_u32(skb, REX_A_PROG_GENERATION, prog->generation))
		return -EMSGSIZE;
	for (i = 0; !ret && i < prog->entries; i++)
		ret = rex_put_entry(skb, prog->slots[i], &prog->filters[i]);
	for (i = 0; !ret && i < prog->maps; i++)
		ret = rex_put_map(skb, prog, i);
	if (!ret && prog->has_fault)
		ret = rex_put_fault(skb, prog);
	return ret;
}

/* ---- commands ----------------------------------------------------------------------------- */

static int rex_put_info(struct sk_buff *skb)
{
	u64 refused = 0, stale = 0;
	struct nlattr *nest;
	int cpu, i;

	for_each_possible_cpu(cpu) {
		refused += READ_ONCE(per_cpu(rex_totals, cpu).refused);
		stale += READ_ONCE(per_cpu(rex_totals, cpu).stale);
	}
	if (nla_put_u32(skb, REX_A_INFO_ABI, REX_ABI_VERSION) ||
	    rex_put_u64(skb, REX_A_INFO_REFUSED, refused) ||
	    rex_put_u64(skb, REX_A_INFO_STALE, stale) ||
	    nla_put_u32(skb, REX_A_INFO_PREEMPT, rex_preempt_model()))
		return -EMSGSIZE;
	for (i = 0; i < REX_V_MAX; i++) {
		if (!READ_ONCE(rex_vector[i]))
			continue;
		nest = nla_nest_start(skb, REX_A_INFO_HELPER);
		if (!nest ||
		    nla_put_u32(skb, REX_A_HOOK, rex_vector_info[i].hook) ||
		    nla_put_u32(skb, REX_A_HELPER_ID, rex_vector_info[i].id))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
	}
	return 0;
}

static int rex_info_get(struct sk_buff *req, struct genl_info *info)
{
	struct sk_buff *skb = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	void *head;

	if (!skb)
		return -ENOMEM;
	head = genlmsg_put_reply(skb, info, &rex_family, 0, info->genlhdr->cmd);
	if (!head || rex_put_info(skb)) {
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, head);
	return genlmsg_reply(skb, info);
}

/* The program that the request names, with rex_mutex held on success. */
static struct rex_prog *rex_prog_lock(struct genl_info *info)
{
	struct rex_prog *prog;
	const char *name;

	if (GENL_REQ_ATTR_CHECK(info, REX_A_PROG_NAME)) {
		GENL_SET_ERR_MSG(info, "the request names no program");
		return ERR_PTR(-EINVAL);
	}
	name = nla_data(info->attrs[REX_A_PROG_NAME]);
	mutex_lock(&rex_mutex);
	prog = rex_prog_find(name);
	if (prog)
		return prog;
	mutex_unlock(&rex_mutex);
	GENL_SET_ERR_MSG_FMT(info, "no program '%s' is loaded", name);
	return ERR_PTR(-ENOENT);
}

static int rex_prog_get(struct sk_buff *req, struct genl_info *info)
{
	struct rex_prog *prog = rex_prog_lock(info);
	struct sk_buff *skb = NULL;
	int ret = -EMSGSIZE;
	size_t size;
	void *head;

	if (IS_ERR(prog))
		return PTR_ERR(prog);
	rex_fault_collect(prog);
	for (size = NLMSG_DEFAULT_SIZE; ret == -EMSGSIZE && size <= REX_MSG_MAX; size *= 2) {
		nlmsg_free(skb);
		skb = genlmsg_new(size, GFP_KERNEL);
		if (!skb) {
			ret = -ENOMEM;
			break;
		}
		head = genlmsg_put_reply(skb, info, &rex_family, 0, info->genlhdr->cmd);
		ret = head ? rex_put_prog(skb, prog) : -EMSGSIZE;
		if (!ret)
			genlmsg_end(skb, head);
	}
	mutex_unlock(&rex_mutex);
	if (!ret)
		return genlmsg_reply(skb, info);
	nlmsg_free(skb);
	return ret;
}

static int rex_dump_start(struct netlink_callback *cb)
{
	cb->min_dump_alloc = REX_MSG_MAX;	/* the largest program fits */
	return rex_may_ask(cb->skb, cb->extack);
}

/* cb->args[0] is the id of the last program sent. Ids grow along the list. */
static int rex_prog_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct rex_prog *prog;
	int ret = 0;
	void *head;

	mutex_lock(&rex_mutex);
	cb->seq = rex_generation;
	list_for_each_entry(prog, &rex_progs, list) {
		if (prog->id <= (u64)cb->args[0])
			continue;
		rex_fault_collect(prog);
		head = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				   &rex_family, NLM_F_MULTI, REX_CMD_PROG_GET);
		if (!head) {
			ret = -EMSGSIZE;
			break;
		}
		genl_dump_check_consistent(cb, head);
		ret = rex_put_prog(skb, prog);
		if (ret) {
			genlmsg_cancel(skb, head);
			break;
		}
		genlmsg_end(skb, head);
		cb->args[0] = prog->id;
	}
	mutex_unlock(&rex_mutex);
	return skb->len ? skb->len : ret;
}

static int rex_prog_set(struct sk_buff *req, struct genl_info *info)
{
	struct nlattr *enabled = info->attrs[REX_A_PROG_ENABLED];
	struct nlattr *budget = info->attrs[REX_A_PROG_BUDGET_US];
	struct nlattr *timing = info->attrs[REX_A_PROG_TIMING];
	struct nlattr *park = info->attrs[REX_A_PROG_PARK];
	struct rex_prog *prog;
	int ret = 0;

	if (!enabled && !budget && !timing && !park) {
		GENL_SET_ERR_MSG(info, "nothing to set: specify enabled, budget, timing or park");
		return -EINVAL;
	}
	if (budget && (!nla_get_u32(budget) || nla_get_u32(budget) > REX_BUDGET_MAX_US)) {
		NL_SET_ERR_MSG_ATTR_FMT(info->extack, budget, "budget %u us is not in 1..%u",
					nla_get_u32(budget), REX_BUDGET_MAX_US);
		return -ERANGE;
	}
	prog = rex_prog_lock(info);
	if (IS_ERR(prog))
		return PTR_ERR(prog);
	if (atomic_read(&prog->state) == REX_STATE_PARKED && (enabled || budget || timing)) {
		NL_SET_ERR_MSG_FMT(info->extack, "program '%s' is parked: load it first",
				   prog->name);
		ret = -ENODEV;
		goto out;
	}
	/* What can fail comes first, so that a refusal changes nothing. */
	if (park)
		ret = rex_prog_set_park(prog, nla_get_u8(park));
	if (ret || (park && !enabled && !budget && !timing))
		goto out;
	if (enabled && nla_get_u8(enabled))
		ret = rex_prog_enable(prog, info->extack);
	else if (enabled)
		rex_prog_disable(prog);
	if (!ret && budget)
		rex_prog_set_budget(prog, nla_get_u32(budget));
	if (!ret && timing)
		rex_prog_set_timing(prog, nla_get_u8(timing));
out:
	mutex_unlock(&rex_mutex);
	return ret;
}

static int rex_map_bind_cmd(struct sk_buff *req, struct genl_info *info)
{
	struct rex_prog *prog;
	int ret;

	if (GENL_REQ_ATTR_CHECK(info, REX_A_MAP_INDEX) || GENL_REQ_ATTR_CHECK(info, REX_A_FD)) {
		GENL_SET_ERR_MSG(info, "map binding requires the map's index and a file descriptor");
		return -EINVAL;
	}
	prog = rex_prog_lock(info);
	if (IS_ERR(prog))
		return PTR_ERR(prog);
	ret = rex_map_bind(prog, nla_get_u32(info->attrs[REX_A_MAP_INDEX]),
			   nla_get_u32(info->attrs[REX_A_FD]), info->extack);
	mutex_unlock(&rex_mutex);
	return ret;
}

static int rex_helper_bind_cmd(struct sk_buff *req, struct genl_info *info)
{
	int ret;

	if (GENL_REQ_ATTR_CHECK(info, REX_A_HOOK) || GENL_REQ_ATTR_CHECK(info, REX_A_HELPER_ID) ||
	    GENL_REQ_ATTR_CHECK(info, REX_A_FD)) {
		GENL_SET_ERR_MSG(info,
				 "helper binding needs hook, helper id and a file descriptor");
		return -EINVAL;
	}
	mutex_lock(&rex_mutex);
	ret = rex_vector_bind(nla_get_u32(info->attrs[REX_A_HOOK]),
			      nla_get_u32(info->attrs[REX_A_HELPER_ID]),
			      nla_get_u32(info->attrs[REX_A_FD]), info->extack);
	mutex_unlock(&rex_mutex);
	return ret;
}

#define REX_OP(c, fn, p) { .cmd = (c), .pre_doit = rex_pre_doit, .doit = (fn), .policy = (p), \
			   .maxattr = REX_A_MAX, .flags = GENL_CMD_CAP_DO }

#define REX_DUMP(c, fn) { .cmd = (c), .start = rex_dump_start, .dumpit = (fn),			\
			  .policy = rex_info_policy, .maxattr = REX_A_MAX, .flags = GENL_CMD_CAP_DUMP }

static const struct genl_split_ops rex_ops[] = {
	REX_OP(REX_CMD_INFO_GET, rex_info_get, rex_info_policy),
	REX_OP(REX_CMD_PROG_GET, rex_prog_get, rex_get_policy),
	REX_DUMP(REX_CMD_PROG_GET, rex_prog_dump),
	REX_OP(REX_CMD_PROG_SET, rex_prog_set, rex_set_policy),
	REX_OP(REX_CMD_MAP_BIND, rex_map_bind_cmd, rex_map_policy),
	REX_OP(REX_CMD_HELPER_BIND, rex_helper_bind_cmd, rex_helper_policy),
	REX_OP(REX_CMD_STREAM_ADD, rex_stream_add_cmd, rex_stream_policy),
	REX_DUMP(REX_CMD_STREAM_GET, rex_stream_dump),
	REX_OP(REX_CMD_STREAM_DEL, rex_stream_del_cmd, rex_stream_policy),
};

static const struct genl_multicast_group rex_groups[] = {
	{ .name = REX_GENL_MCGRP_EVENTS, .flags = GENL_MCAST_CAP_SYS_ADMIN },
};

struct genl_family rex_family __ro_after_init = {
	.name		= REX_GENL_NAME,
	.version	= REX_GENL_VERSION,
	.maxattr	= REX_A_MAX,
	.netnsok	= true,
	.module		= THIS_MODULE,
	.split_ops	= rex_ops,
	.n_split_ops	= ARRAY_SIZE(rex_ops),
	.mcgrps		= rex_groups,
	.n_mcgrps	= ARRAY_SIZE(rex_groups),
	.parallel_ops	= true,
};

/* To listeners in all network namespaces. Takes @skb. */
static void rex_multicast(struct sk_buff *skb)
{
	struct sk_buff *copy;
	struct net *net;

	rcu_read_lock();
	for_each_net_rcu(net) {
		copy = skb_clone(skb, GFP_ATOMIC);
		if (copy)
			genlmsg_multicast_netns_filtered(&rex_family, net, copy, 0, 0, GFP_ATOMIC,
							 rex_may_not_hear, NULL);
	}
	rcu_read_unlock();
	consume_skb(skb);
}

/* Tells who listens; nobody does, or no memory: nothing is lost but the message. */
void rex_netlink_event(struct rex_prog *prog, enum rex_event type)
{
	struct sk_buff *skb;
	void *head;

	lockdep_assert_held(&rex_mutex);
	if (type == REX_EVENT_LOADED || type == REX_EVENT_UNLOADED)
		rex_generation++;
	skb = genlmsg_new(NLMSG_DEFAULT_SIZE + SZ_16K, GFP_KERNEL);
	if (!skb)
		return;
	head = genlmsg_put(skb, 0, 0, &rex_family, 0, REX_CMD_EVENT);
	if (!head || nla_put_u32(skb, REX_A_EVENT_TYPE, type) || rex_put_id(skb, prog) ||
	    (type == REX_EVENT_FAULT && rex_put_fault(skb, prog))) {
		nlmsg_free(skb);
		return;
	}
	genlmsg_end(skb, head);
	rex_multicast(skb);
}

int rex_netlink_init(void)
{
	return genl_register_family(&rex_family);
}

void rex_netlink_exit(void)
{
	genl_unregister_family(&rex_family);
}
