// SPDX-License-Identifier: GPL-2.0-only
/* The commands for streams: see uapi/rex.h. netlink.c checks the privileges. */
#include <linux/file.h>
#include <linux/net.h>
#include <net/genetlink.h>

#include "netlink.h"
#include "stream.h"

/* The stream that the request is for: a new one of an entry, or that with an id. Pinned. */
static struct rex_stream_set *rex_stream_wanted(struct genl_info *info)
{
	struct nlattr *id = info->attrs[REX_A_STREAM_ID], *slot = info->attrs[REX_A_ENTRY_SLOT];
	struct nlattr *cookie = info->attrs[REX_A_ENTRY_COOKIE];
	struct rex_stream_set *set;

	if (!id == !slot || !slot != !cookie) {
		GENL_SET_ERR_MSG(info, "it needs either the id of a stream, or an entry's slot and cookie");
		return ERR_PTR(-EINVAL);
	}
	if (slot)
		return rex_stream_new(nla_get_u32(slot), nla_get_u64(cookie), info->extack);
	set = rex_stream_pin(nla_get_u32(id));
	if (set)
		return set;
	NL_SET_ERR_MSG_FMT(info->extack, "there is no stream %u", nla_get_u32(id));
	return ERR_PTR(-ENOENT);
}

static int rex_stream_reply(struct genl_info *info, u32 id)
{
	struct sk_buff *skb = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	void *head = skb ? genlmsg_put_reply(skb, info, &rex_family, 0, info->genlhdr->cmd) : NULL;

	if (!head || nla_put_u32(skb, REX_A_STREAM_ID, id)) {
		nlmsg_free(skb);
		return -ENOMEM;
	}
	genlmsg_end(skb, head);
	return genlmsg_reply(skb, info);
}

int rex_stream_add_cmd(struct sk_buff *req, struct genl_info *info)
{
	struct rex_stream_set *set;
	struct socket *sock;
	u32 id = 0;
	int ret;

	if (GENL_REQ_ATTR_CHECK(info, REX_A_FD)) {
		GENL_SET_ERR_MSG(info, "a stream needs the file descriptor of a socket");
		return -EINVAL;
	}
	sock = sockfd_lookup(nla_get_u32(info->attrs[REX_A_FD]), &ret);
	if (!sock) {
		GENL_SET_ERR_MSG(info, "the file descriptor is not a socket");
		return ret;
	}
	mutex_lock(&rex_mutex);
	set = rex_stream_wanted(info);
	ret = PTR_ERR_OR_ZERO(set);
	if (!ret) {
		id = set->id;
		ret = rex_stream_add(sock->sk, set, info->extack);
		rex_stream_unpin(set);
	}
	mutex_unlock(&rex_mutex);
	sockfd_put(sock);
	return ret ?: rex_stream_reply(info, id);
}

int rex_stream_del_cmd(struct sk_buff *req, struct genl_info *info)
{
	struct rex_stream_set *set;
	int ret;

	if (GENL_REQ_ATTR_CHECK(info, REX_A_STREAM_ID)) {
		GENL_SET_ERR_MSG(info, "the request names no stream");
		return -EINVAL;
	}
	mutex_lock(&rex_mutex);
	set = rex_stream_pin(nla_get_u32(info->attrs[REX_A_STREAM_ID]));
	if (set) {
		ret = rex_stream_end(set);
		if (ret)
			NL_SET_ERR_MSG_FMT(info->extack,
					   "%u sockets have replies for which there is no memory: try again",
					   READ_ONCE(set->n[0]));
		rex_stream_unpin(set);
	} else {
		ret = -ENOENT;
		NL_SET_ERR_MSG_FMT(info->extack, "there is no stream %u",
				   nla_get_u32(info->attrs[REX_A_STREAM_ID]));
	}
	mutex_unlock(&rex_mutex);
	return ret;
}

static int rex_put_stream(struct sk_buff *skb, const struct rex_stream_set *set)
{
	struct rex_stream_counts sum = {};
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct rex_stream_counts *c = per_cpu_ptr(set->counts, cpu);

		sum.missed += READ_ONCE(c->missed);
		sum.answered += READ_ONCE(c->answered);
		sum.bytes += READ_ONCE(c->bytes);
		sum.shorts += READ_ONCE(c->shorts);
		sum.no_room += READ_ONCE(c->no_room);
	}
	if (nla_put_u32(skb, REX_A_STREAM_ID, set->id) ||
	    nla_put_u32(skb, REX_A_ENTRY_SLOT, set->slot) ||
	    rex_put_u64(skb, REX_A_ENTRY_COOKIE, set->cookie) ||
	    nla_put_in6_addr(skb, REX_A_STREAM_ADDRESS, &set->address) ||
	    nla_put_u16(skb, REX_A_STREAM_PORT, set->port) ||
	    nla_put_u32(skb, REX_A_STREAM_PROTOCOL, set->protocol) ||
	    rex_put_u64(skb, REX_A_STREAM_NETNS, set->netns) ||
	    nla_put_u32(skb, REX_A_STREAM_LISTENERS, set->n[1]) ||
	    nla_put_u32(skb, REX_A_STREAM_SOCKETS, set->n[0]) ||
	    rex_put_u64(skb, REX_A_STREAM_MISSED, sum.missed) ||
	    rex_put_u64(skb, REX_A_STREAM_ANSWERED, sum.answered) ||
	    rex_put_u64(skb, REX_A_STREAM_BYTES, sum.bytes) ||
	    rex_put_u64(skb, REX_A_STREAM_SHORT, sum.shorts) ||
	    rex_put_u64(skb, REX_A_STREAM_NO_ROOM, sum.no_room))
		return -EMSGSIZE;
	return 0;
}

/* cb->args[0] is the id of the last stream sent. */
int rex_stream_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct rex_stream_set *set;
	int ret = 0;
	void *head;

	spin_lock_bh(&rex_stream_lock);
	for (; !ret && (set = rex_stream_next(cb->args[0])); cb->args[0] = set->id) {
		/* Somebody is about to add the first one. */
		if (list_empty(&set->socks))
			continue;
		head = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				   &rex_family, NLM_F_MULTI, REX_CMD_STREAM_GET);
		ret = head ? rex_put_stream(skb, set) : -EMSGSIZE;
		if (!ret)
			genlmsg_end(skb, head);
		else if (head)
			genlmsg_cancel(skb, head);
		if (ret)
			break;
	}
	spin_unlock_bh(&rex_stream_lock);
	return skb->len ? skb->len : ret;
}
