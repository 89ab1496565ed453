// SPDX-License-Identifier: GPL-2.0-only
/*
 * The packet of tc and cgroup_skb programs. Whatever may move its data refreshes the program's
 * context, also when it fails: a helper may fail after it has moved them.
 */
#include <linux/if_vlan.h>
#include <linux/skbuff.h>

#include "packet.h"

/* -EINVAL unless [offset, offset + len) lies in the packet. */
static int rex_skb_range(const struct sk_buff *skb, u32 offset, u32 len)
{
	return offset <= skb->len && len <= skb->len - offset ? 0 : -EINVAL;
}

long rex_skb_writable(struct rex_ctx *ctx, u32 len)
{
	struct sk_buff *skb = rex_skb(ctx);
	long ret;

	if (!len)
		len = skb_headlen(skb);
	ret = rex_skb_range(skb, 0, len);
	if (!ret)
		ret = skb_ensure_writable(skb, len);
	rex_skb_refresh(ctx, skb);
	rex_check_stop(rex_this_frame());
	return ret;
}
REX_EXPORT(rex_skb_writable);

long rex_skb_pull(struct rex_ctx *ctx, u32 len)
{
	struct sk_buff *skb = rex_skb(ctx);
	long ret = rex_skb_range(skb, 0, len);

	if (!ret && !pskb_may_pull(skb, len))
		ret = -ENOMEM;
	rex_skb_refresh(ctx, skb);
	rex_check_stop(rex_this_frame());
	return ret;
}
REX_EXPORT(rex_skb_pull);

long rex_skb_load(const struct rex_ctx *ctx, u32 offset, void *to, u32 len)
{
	const struct sk_buff *skb = rex_skb(ctx);
	long ret = rex_skb_range(skb, offset, len);

	if (!ret)
		ret = skb_copy_bits(skb, offset, to, len);
	rex_check_stop(rex_this_frame());
	return ret;
}
REX_EXPORT(rex_skb_load);

long rex_skb_store(struct rex_ctx *ctx, u32 offset, const void *from, u32 len)
{
	struct sk_buff *skb = rex_skb(ctx);
	long ret = rex_skb_range(skb, offset, len);

	/* Makes all up to the end of the range linear and private. */
	if (!ret)
		ret = skb_ensure_writable(skb, offset + len);
	if (!ret)
		memcpy(skb->data + offset, from, len);
	rex_skb_refresh(ctx, skb);
	rex_check_stop(rex_this_frame());
	return ret;
}
REX_EXPORT(rex_skb_store);

/* ---- by the kernel's helpers ------------------------------------------------------------ */

static long rex_skb_call(struct rex_ctx *ctx, enum rex_vector which, u64 r2, u64 r3, u64 r4, u64 r5)
{
	struct sk_buff *skb = rex_skb(ctx);
	long ret = (int)rex_vector_call(which, (u64)skb, r2, r3, r4, r5);

	rex_skb_refresh(ctx, skb);
	rex_check_stop(rex_this_frame());
	return ret;
}

/* The verifier knows that [from, from + len) is good and short; the helper only adds. */
long rex_skb_store_csum(struct rex_ctx *ctx, u32 offset, const void *from, u32 len, u64 flags)
{
	if (rex_skb_range(rex_skb(ctx), offset, len)) {
		rex_check_stop(rex_this_frame());
		return -EINVAL;
	}
	return rex_skb_call(ctx, REX_V_SKB_STORE_BYTES, offset, (u64)from, len, flags);
}
REX_EXPORT(rex_skb_store_csum);

long rex_skb_l3_csum_replace(struct rex_ctx *ctx, u32 offset, u64 from, u64 to, u64 flags)
{
	return rex_skb_call(ctx, REX_V_SKB_L3_CSUM_REPLACE, offset, from, to, flags);
}
REX_EXPORT(rex_skb_l3_csum_replace);

long rex_skb_l4_csum_replace(struct rex_ctx *ctx, u32 offset, u64 from, u64 to, u64 flags)
{
	return rex_skb_call(ctx, REX_V_SKB_L4_CSUM_REPLACE, offset, from, to, flags);
}
REX_EXPORT(rex_skb_l4_csum_replace);

long rex_skb_change_head(struct rex_ctx *ctx, u32 head_room, u64 flags)
{
	return rex_skb_call(ctx, REX_V_SKB_CHANGE_HEAD, head_room, flags, 0, 0);
}
REX_EXPORT(rex_skb_change_head);

long rex_skb_change_tail(struct rex_ctx *ctx, u32 len, u64 flags)
{
	return rex_skb_call(ctx, REX_V_SKB_CHANGE_TAIL, len, flags, 0, 0);
}
REX_EXPORT(rex_skb_change_tail);

long rex_skb_change_type(struct rex_ctx *ctx, u32 type)
{
	return rex_skb_call(ctx, REX_V_SKB_CHANGE_TYPE, type, 0, 0, 0);
}
REX_EXPORT(rex_skb_change_type);

long rex_skb_change_proto(struct rex_ctx *ctx, u16 protocol, u64 flags)
{
	return rex_skb_call(ctx, REX_V_SKB_CHANGE_PROTO, (__force u16)htons(protocol), flags, 0, 0);
}
REX_EXPORT(rex_skb_change_proto);

long rex_skb_adjust_room(struct rex_ctx *ctx, s32 delta, u32 mode, u64 flags)
{
	return rex_skb_call(ctx, REX_V_SKB_ADJUST_ROOM, delta, mode, flags, 0);
}
REX_EXPORT(rex_skb_adjust_room);

long rex_skb_vlan_push(struct rex_ctx *ctx, u16 protocol, u16 tci)
{
	return rex_skb_call(ctx, REX_V_SKB_VLAN_PUSH, (__force u16)htons(protocol), tci, 0, 0);
}
REX_EXPORT(rex_skb_vlan_push);

long rex_skb_vlan_pop(struct rex_ctx *ctx)
{
	return rex_skb_call(ctx, REX_V_SKB_VLAN_POP, 0, 0, 0, 0);
}
REX_EXPORT(rex_skb_vlan_pop);

long rex_skb_set_tstamp(struct rex_ctx *ctx, u64 tstamp, u32 type)
{
	return rex_skb_call(ctx, REX_V_SKB_SET_TSTAMP, tstamp, type, 0, 0);
}
REX_EXPORT(rex_skb_set_tstamp);

long rex_skb_clone_redirect(struct rex_ctx *ctx, u32 ifindex, u64 flags)
{
	return rex_skb_call(ctx, REX_V_SKB_CLONE_REDIRECT, ifindex, flags, 0, 0);
}
REX_EXPORT(rex_skb_clone_redirect);

/* These two only note where the packet is to go. */
long rex_skb_redirect(u32 ifindex, u64 flags)
{
	long ret = (int)rex_vector_call(REX_V_SKB_REDIRECT, ifindex, flags, 0, 0, 0);

	rex_check_stop(rex_this_frame());
	return ret;
}
REX_EXPORT(rex_skb_redirect);

long rex_skb_redirect_peer(u32 ifindex, u64 flags)
{
	long ret = (int)rex_vector_call(REX_V_SKB_REDIRECT_PEER, ifindex, flags, 0, 0, 0);

	rex_check_stop(rex_this_frame());
	return ret;
}
REX_EXPORT(rex_skb_redirect_peer);
