// SPDX-License-Identifier: GPL-2.0-only
/* Helpers of tc programs. */
#include <linux/if_vlan.h>
#include <linux/skbuff.h>

#include "packet.h"

static struct sk_buff *rex_skb(const struct rex_ctx *ctx)
{
	return (struct sk_buff *)ctx->raw;
}

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

u32 rex_skb_len(const struct rex_ctx *ctx)
{
	u32 ret = rex_skb(ctx)->len;

	rex_check_stop(rex_this_frame());
	return ret;
}
REX_EXPORT(rex_skb_len);

u32 rex_skb_ifindex(const struct rex_ctx *ctx)
{
	const struct sk_buff *skb = rex_skb(ctx);
	u32 ret = skb->dev ? skb->dev->ifindex : 0;

	rex_check_stop(rex_this_frame());
	return ret;
}
REX_EXPORT(rex_skb_ifindex);

u32 rex_skb_protocol(const struct rex_ctx *ctx)
{
	u32 ret = ntohs(rex_skb(ctx)->protocol);

	rex_check_stop(rex_this_frame());
	return ret;
}
REX_EXPORT(rex_skb_protocol);
