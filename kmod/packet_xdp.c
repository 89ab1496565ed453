// SPDX-License-Identifier: GPL-2.0-only
/* Helpers of XDP programs. Their struct rex_ctx is the frame's struct xdp_buff itself. */
#include <linux/if_vlan.h>
#include <linux/inetdevice.h>
#include <linux/ipv6.h>
#include <net/addrconf.h>
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

/* A link-local address is one device's; the others are the machine's, whatever device has them. */
static struct net_device *rex_local_dev(struct net_device *dev, const void *address, u32 size)
{
	struct in6_addr v6;
	__be32 v4;

	if (size == sizeof(v4)) {
		memcpy(&v4, address, sizeof(v4));
		return __ip_dev_find(dev_net(dev), v4, false);
	}
	/* With ipv6.disable=1 there is no table of addresses to look in. */
	if (size != sizeof(v6) || !IS_BUILTIN(CONFIG_IPV6) || !ipv6_mod_enabled())
		return NULL;
	memcpy(&v6, address, sizeof(v6));
	if (ipv6_addr_type(&v6) & IPV6_ADDR_LINKLOCAL)
		return ipv6_chk_addr(dev_net(dev), &v6, dev, 1) ? dev : NULL;
	return ipv6_dev_find(dev_net(dev), &v6, dev);
}

s32 rex_xdp_local(const struct rex_ctx *ctx, const void *address, u32 size)
{
	struct net_device *dev = rex_local_dev(rex_xdp_buff(ctx)->rxq->dev, address, size);
	s32 ret = -EADDRNOTAVAIL;

	if (dev)
		ret = is_vlan_dev(dev) ? vlan_dev_vlan_id(dev) : 0;
	rex_check_stop(rex_this_frame());
	return ret;
}
REX_EXPORT(rex_xdp_local);

void rex_xdp_mac(const struct rex_ctx *ctx, u8 *to)
{
	const struct net_device *dev = rex_xdp_buff(ctx)->rxq->dev;

	if (dev->addr_len == ETH_ALEN)
		ether_addr_copy(to, dev->dev_addr);
	else
		eth_zero_addr(to);
	rex_check_stop(rex_this_frame());
}
REX_EXPORT(rex_xdp_mac);
