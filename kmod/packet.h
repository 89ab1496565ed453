/* SPDX-License-Identifier: GPL-2.0-only */
/* How each packet hook sets up the program's context. */
#ifndef _REX_PACKET_H
#define _REX_PACKET_H

#include <linux/skbuff.h>
#include <net/xdp.h>

#include "internal.h"

/*
 * struct xdp_buff begins just like struct rex_ctx, so XDP programs get the real thing: nothing
 * to copy, and never stale. In place of @raw they find @data_meta.
 */
static_assert(offsetof(struct xdp_buff, data) == offsetof(struct rex_ctx, data));
static_assert(offsetof(struct xdp_buff, data_end) == offsetof(struct rex_ctx, data_end));
static_assert(offsetof(struct xdp_buff, data_meta) == offsetof(struct rex_ctx, raw));

static __always_inline struct rex_ctx *rex_xdp_setup(struct rex_frame *frame, void *raw)
{
	return raw;
}

static __always_inline struct sk_buff *rex_skb(const struct rex_ctx *ctx)
{
	return (struct sk_buff *)ctx->raw;
}

static __always_inline void rex_skb_refresh(struct rex_ctx *ctx, const struct sk_buff *skb)
{
	ctx->data = (u64)skb->data;
	ctx->data_end = (u64)skb->data + skb_headlen(skb);
}

static __always_inline struct rex_ctx *rex_skb_setup(struct rex_frame *frame, void *raw)
{
	struct rex_ctx *ctx = &frame->ctx;

	ctx->raw = (u64)raw;
	rex_skb_refresh(ctx, raw);
	return ctx;
}

#endif /* _REX_PACKET_H */
