// SPDX-License-Identifier: GPL-2.0-only
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define FROM	7000
#define TO	7001

SEC("tc")
int port_rewrite(struct __sk_buff *skb)
{
	__be16 old = bpf_htons(FROM), new = bpf_htons(TO);
	struct ethhdr *eth;
	struct udphdr *udp;
	struct iphdr *ip;
	__u32 at;

	if (bpf_skb_pull_data(skb, sizeof(*eth) + 60 + sizeof(*udp)) &&
	    bpf_skb_pull_data(skb, 0))
		return TC_ACT_OK;
	eth = (void *)(long)skb->data;
	ip = (void *)(eth + 1);
	if ((void *)(ip + 1) > (void *)(long)skb->data_end)
		return TC_ACT_OK;
	if (eth->h_proto != bpf_htons(ETH_P_IP) || ip->protocol != IPPROTO_UDP ||
	    ip->frag_off & bpf_htons(0x1fff) || ip->ihl < 5)
		return TC_ACT_OK;
	at = sizeof(*eth) + ip->ihl * 4;
	udp = (void *)(long)skb->data + at;
	if ((void *)(udp + 1) > (void *)(long)skb->data_end)
		return TC_ACT_OK;
	if (udp->dest != old)
		return TC_ACT_OK;
	/* from here on udp is no longer valid: the helpers may move the packet */
	bpf_l4_csum_replace(skb, at + offsetof(struct udphdr, check), old, new,
			    BPF_F_MARK_MANGLED_0 | sizeof(new));
	bpf_skb_store_bytes(skb, at + offsetof(struct udphdr, dest), &new, sizeof(new), 0);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
