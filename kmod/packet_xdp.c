// SPDX-License-Identifier: GPL-2.0-only
/* Helpers of XDP programs. Their struct rex_ctx is the frame's struct xdp_buff itself. */
#include <net/xdp.h>

#include "packet.h"

static struct xdp_buff *rex_xdp_buff(const struct rex_ctx *ctx)
{
	return (struct xdp_buff *)ctx;
}

static long rex_xdp_call(enum rex_vector which, u64 r1, u64 r2, u64 r3, u64 r4)
{
	long ret = (int)rex_vector_call(which, r1, r2, r3, r4, 0);

	rex_check_stop(rex_this_frame());
	return ret;
}

long rex_xdp_adjust_head(struct rex_ctx *ctx, s32 delta)
{
	return rex_xdp_call(REX_V_XDP_ADJUST_HEAD, (u64)ctx, delta, 0, 0);
}
REX_EXPORT(rex_xdp_adjust_head);

long rex_xdp_adjust_tail(struct rex_ctx *ctx, s32 delta)
{
	return rex_xdp_call(REX_V_XDP_ADJUST_TAIL, (u64)ctx, delta, 0, 0);
}
REX_EXPORT(rex_xdp_adjust_tail);

long rex_xdp_adjust_meta(struct rex_ctx *ctx, s32 delta)
{
	return rex_xdp_call(REX_V_XDP_ADJUST_META, (u64)ctx, delta, 0, 0);
}
REX_EXPORT(rex_xdp_adjust_meta);

long rex_xdp_load(const struct rex_ctx *ctx, u32 offset, void *to, u32 len)
{
	return rex_xdp_call(REX_V_XDP_LOAD_BYTES, (u64)ctx, offset, (u64)to, len);
}
REX_EXPORT(rex_xdp_load);

long rex_xdp_store(struct rex_ctx *ctx, u32 offset, const void *from, u32 len)
{
	return rex_xdp_call(REX_V_XDP_STORE_BYTES, (u64)ctx, offset, (u64)from, len);
}
REX_EXPORT(rex_xdp_store);

long rex_xdp_redirect(u32 ifindex, u64 flags)
{
	return rex_xdp_call(REX_V_XDP_REDIRECT, ifindex, flags, 0, 0);
}
REX_EXPORT(rex_xdp_redirect);

u32 rex_xdp_frags(const struct rex_ctx *ctx)
{
	u32 ret = xdp_buff_has_frags(rex_xdp_buff(ctx));

	rex_check_stop(rex_this_frame());
	return ret;
}
REX_EXPORT(rex_xdp_frags);

u32 rex_xdp_len(const struct rex_ctx *ctx)
{
	u32 ret = xdp_get_buff_len(rex_xdp_buff(ctx));

	rex_check_stop(rex_this_frame());
	return ret;
}
REX_EXPORT(rex_xdp_len);

u32 rex_xdp_ifindex(const struct rex_ctx *ctx)
{
	u32 ret = rex_xdp_buff(ctx)->rxq->dev->ifindex;

	rex_check_stop(rex_this_frame());
	return ret;
}
REX_EXPORT(rex_xdp_ifindex);

u32 rex_xdp_rx_queue(const struct rex_ctx *ctx)
{
	u32 ret = rex_xdp_buff(ctx)->rxq->queue_index;

	rex_check_stop(rex_this_frame());
	return ret;
}
REX_EXPORT(rex_xdp_rx_queue);
