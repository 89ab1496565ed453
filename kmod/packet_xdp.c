// SPDX-License-Identifier: GPL-2.0-only
/* Helpers of XDP programs. Their struct rex_ctx is the frame's struct xdp_buff itself. */
#include <net/xdp.h>

#include "packet.h"

static struct xdp_buff *rex_xdp_buff(const struct rex_ctx *ctx)
{
	return (struct xdp_buff *)ctx;
}

static long rex_xdp_adjust(struct rex_ctx *ctx, enum rex_vector which, s32 delta)
{
	long ret = (int)rex_vector_call(which, (u64)rex_xdp_buff(ctx), delta, 0, 0, 0);

	rex_check_stop(rex_this_frame());
	return ret;
}

long rex_xdp_adjust_head(struct rex_ctx *ctx, s32 delta)
{
	return rex_xdp_adjust(ctx, REX_V_XDP_ADJUST_HEAD, delta);
}
REX_EXPORT(rex_xdp_adjust_head);

long rex_xdp_adjust_tail(struct rex_ctx *ctx, s32 delta)
{
	return rex_xdp_adjust(ctx, REX_V_XDP_ADJUST_TAIL, delta);
}
REX_EXPORT(rex_xdp_adjust_tail);

u32 rex_xdp_frags(const struct rex_ctx *ctx)
{
	u32 ret = xdp_buff_has_frags(rex_xdp_buff(ctx));

	rex_check_stop(rex_this_frame());
	return ret;
}
REX_EXPORT(rex_xdp_frags);

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
