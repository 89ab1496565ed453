/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the netlink family share. */
#ifndef _REX_NETLINK_H
#define _REX_NETLINK_H

#include <net/genetlink.h>
#include <uapi/rex.h>

extern struct genl_family rex_family;

static inline int rex_put_u64(struct sk_buff *skb, int attr, u64 value)
{
	return nla_put_u64_64bit(skb, attr, value, REX_A_PAD);
}

/* stream_netlink.c */
int rex_stream_add_cmd(struct sk_buff *req, struct genl_info *info);
int rex_stream_del_cmd(struct sk_buff *req, struct genl_info *info);
int rex_stream_dump(struct sk_buff *skb, struct netlink_callback *cb);

#endif /* _REX_NETLINK_H */
