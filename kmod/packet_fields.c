// SPDX-License-Identifier: GPL-2.0-only
/* What a socket buffer says about its packet beside the data, as struct __sk_buff shows it. */
#include <linux/if_vlan.h>
#include <linux/skbuff.h>
#include <net/busy_poll.h>
#include <net/sch_generic.h>

#include "packet.h"

#define REX_SKB_GET(type, name, value)					\
	type rex_skb_##name(const struct rex_ctx *ctx)			\
	{								\
		const struct sk_buff *skb = rex_skb(ctx);		\
		type ret = (value);					\
									\
		rex_check_stop(rex_this_frame());			\
		return ret;						\
	}								\
	REX_EXPORT(rex_skb_##name)

#define REX_SKB_SET(name, arg, statement)				\
	void rex_skb_set_##name(struct rex_ctx *ctx, u32 arg)		\
	{								\
		struct sk_buff *skb = rex_skb(ctx);			\
									\
		statement;						\
		rex_check_stop(rex_this_frame());			\
	}								\
	REX_EXPORT(rex_skb_set_##name)

static u32 rex_napi_id(const struct sk_buff *skb)
{
#ifdef CONFIG_NET_RX_BUSY_POLL
	/* Shares its place with the CPU of the sender. */
	return skb->napi_id < MIN_NAPI_ID ? 0 : skb->napi_id;
#else
	return 0;
#endif
}

static u64 rex_hwtstamp(const struct sk_buff *skb)
{
	const struct skb_shared_info *info = skb_shinfo(skb);

	/* Otherwise the device's own cookie is in its place. */
	return info->tx_flags & SKBTX_HW_TSTAMP_NETDEV ? 0 : info->hwtstamps.hwtstamp;
}

/* Metadata end where the link layer's header begins; only there, they are in front of the data. */
static u32 rex_meta_len(const struct sk_buff *skb)
{
	return skb_mac_header_was_set(skb) && skb_mac_header(skb) == skb->data ?
	       skb_metadata_len(skb) : 0;
}

REX_SKB_GET(u32, len, skb->len);
REX_SKB_GET(u32, ifindex, skb->dev ? skb->dev->ifindex : 0);
REX_SKB_GET(u32, ingress_ifindex, skb->skb_iif);
REX_SKB_GET(u32, protocol, ntohs(skb->protocol));
REX_SKB_GET(u32, type, skb->pkt_type);
REX_SKB_GET(u32, mark, skb->mark);
REX_SKB_SET(mark, mark, skb->mark = mark);
REX_SKB_GET(u32, priority, skb->priority);
REX_SKB_SET(priority, priority, skb->priority = priority);
REX_SKB_GET(u32, queue_mapping, skb->queue_mapping);
REX_SKB_SET(queue_mapping, queue, if (queue < U16_MAX) skb->queue_mapping = queue);
REX_SKB_GET(s32, vlan_tci, skb_vlan_tag_present(skb) ? skb_vlan_tag_get(skb) : -1);
REX_SKB_GET(u32, vlan_proto, ntohs(skb->vlan_proto));
REX_SKB_GET(u32, tc_index, skb->tc_index);
REX_SKB_SET(tc_index, index, skb->tc_index = index);
REX_SKB_GET(u32, tc_classid, qdisc_skb_cb(skb)->tc_classid);
REX_SKB_SET(tc_classid, classid, qdisc_skb_cb(skb)->tc_classid = classid);
REX_SKB_GET(u64, tstamp, skb->tstamp);
REX_SKB_GET(u32, tstamp_type, skb->tstamp_type);
REX_SKB_GET(u64, hwtstamp, rex_hwtstamp(skb));
REX_SKB_GET(u32, napi_id, rex_napi_id(skb));
REX_SKB_GET(u32, wire_len, qdisc_skb_cb(skb)->pkt_len);
REX_SKB_GET(u32, gso_segs, skb_shinfo(skb)->gso_segs);
REX_SKB_GET(u32, gso_size, skb_shinfo(skb)->gso_size);
REX_SKB_GET(u32, meta_len, rex_meta_len(skb));

/* The kernel looks for the network namespace, and warns where neither device nor socket has one. */
u32 rex_skb_hash(struct rex_ctx *ctx)
{
	struct sk_buff *skb = rex_skb(ctx);
	u32 ret = skb->dev || skb->sk ? skb_get_hash(skb) : skb_get_hash_raw(skb);

	rex_check_stop(rex_this_frame());
	return ret;
}
REX_EXPORT(rex_skb_hash);

static u32 *rex_skb_cb_word(const struct rex_ctx *ctx, u32 index)
{
	struct qdisc_skb_cb *cb = qdisc_skb_cb(rex_skb(ctx));

	return index < sizeof(cb->data) / sizeof(u32) ? (u32 *)cb->data + index : NULL;
}

u32 rex_skb_cb(const struct rex_ctx *ctx, u32 index)
{
	const u32 *word = rex_skb_cb_word(ctx, index);
	u32 ret = word ? *word : 0;

	rex_check_stop(rex_this_frame());
	return ret;
}
REX_EXPORT(rex_skb_cb);

void rex_skb_set_cb(struct rex_ctx *ctx, u32 index, u32 value)
{
	u32 *word = rex_skb_cb_word(ctx, index);

	if (word)
		*word = value;
	rex_check_stop(rex_this_frame());
}
REX_EXPORT(rex_skb_set_cb);
