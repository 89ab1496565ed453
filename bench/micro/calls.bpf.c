// SPDX-License-Identifier: GPL-2.0-only
/*
 * Call depth: f(n) = 3 * f(n - 1) + n, f(1) = 1, with n calls or tail calls. n is what the
 * packet is longer than MICRO_FRAME.
 *
 * What is tail-called starts anew, so the state has to lie somewhere. The control block
 * of the packet is the cheapest place there is; a per-CPU map is what programs
 * without a packet have to use.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>
#include "micro.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
} SINK SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 2);
} LEVELS SEC(".maps");

struct state {
	__u32 level, sum, depth;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct state);
	__uint(max_entries, 1);
} STATE SEC(".maps");

static __always_inline int finish(__u32 result)
{
	__u32 first = 0;
	__u64 *sink = bpf_map_lookup_elem(&SINK, &first);

	if (!sink)
		return TC_ACT_SHOT;
	*sink = result;
	return TC_ACT_OK;
}

static __always_inline __u32 depth_wanted(struct __sk_buff *skb)
{
	return skb->len - MICRO_FRAME;
}

/* ---- tail calls, the state in the packet's control block --------------------------- */

SEC("tc") int depth_cb(struct __sk_buff *skb)
{
	skb->cb[0] = 1;
	skb->cb[1] = 0;
	skb->cb[2] = depth_wanted(skb);
	bpf_tail_call(skb, &LEVELS, 0);
	return TC_ACT_SHOT;
}

SEC("tc") int level_cb(struct __sk_buff *skb)
{
	__u32 level = skb->cb[0], sum = 3 * skb->cb[1] + level;

	if (level >= skb->cb[2])
		return finish(sum);
	skb->cb[0] = level + 1;
	skb->cb[1] = sum;
	bpf_tail_call(skb, &LEVELS, 0);
	return TC_ACT_SHOT;
}

/* ---- tail calls, the state in a per-CPU map ------------------------------------------ */

SEC("tc") int depth(struct __sk_buff *skb)
{
	__u32 first = 0;
	struct state *state = bpf_map_lookup_elem(&STATE, &first);

	if (!state)
		return TC_ACT_SHOT;
	state->level = 1;
	state->sum = 0;
	state->depth = depth_wanted(skb);
	bpf_tail_call(skb, &LEVELS, 1);
	return TC_ACT_SHOT;
}

SEC("tc") int level(struct __sk_buff *skb)
{
	__u32 first = 0;
	struct state *state = bpf_map_lookup_elem(&STATE, &first);

	if (!state)
		return TC_ACT_SHOT;
	state->sum = 3 * state->sum + state->level;
	if (state->level >= state->depth)
		return finish(state->sum);
	state->level++;
	bpf_tail_call(skb, &LEVELS, 1);
	return TC_ACT_SHOT;
}

/* ---- functions: no recursion, so a function per level -------------------------------- */

static __noinline __u32 f1(__u32 n)
{
	asm volatile("" : "+r"(n));	/* or the call is left out */
	return n;
}

#define LEVEL(name, below)				\
	static __noinline __u32 name(__u32 n)		\
	{						\
		return 3 * below(n - 1) + n;		\
	}

LEVEL(f2, f1)
LEVEL(f3, f2)
LEVEL(f4, f3)
LEVEL(f5, f4)
LEVEL(f6, f5)
LEVEL(f7, f6)

#define CALLS(n)						\
	SEC("tc") int calls_##n(struct __sk_buff *skb)		\
	{							\
		return finish(f##n(depth_wanted(skb)));		\
	}

CALLS(1)
CALLS(2)
CALLS(3)
CALLS(4)
CALLS(5)
CALLS(6)
CALLS(7)

#ifdef TOO_DEEP	/* calls_8 is refused: 9 frames with the program itself */
LEVEL(f8, f7)
CALLS(8)
#endif

char _license[] SEC("license") = "GPL";
