// SPDX-License-Identifier: GPL-2.0-only
/* Where would this packet go, and whose is it: routes and sockets, at XDP, tc and cgroup_skb. */
#include <net/inet_hashtables.h>
#include <net/sock.h>

#include "packet.h"

/* What the kernel's helpers take as the context at this hook. */
static u64 rex_lookup_ctx(u32 hook, const void *ctx)
{
	return hook == REX_HOOK_XDP ? (u64)ctx : ((const struct rex_ctx *)ctx)->raw;
}

long rex_fib_lookup(void *ctx, struct bpf_fib_lookup *params, u32 size, u32 flags)
{
	struct rex_frame *frame = rex_this_frame();
	u32 hook = rex_frame_slot(frame)->hook;
	long ret = -EOPNOTSUPP;

	if (hook == REX_HOOK_XDP || hook == REX_HOOK_TC)
		ret = (int)rex_vector_call(hook == REX_HOOK_XDP ? REX_V_XDP_FIB_LOOKUP :
								  REX_V_SKB_FIB_LOOKUP,
					   rex_lookup_ctx(hook, ctx), (u64)params, size, flags, 0);
	rex_check_stop(frame);
	return ret;
}
REX_EXPORT(rex_fib_lookup);

/* ---- sockets ------------------------------------------------------------------------------- */

/* One that is not counted lives as long as the invocation, which is in an RCU read section. */
void rex_sk_put(struct sock *sk)
{
	if (sk_is_refcounted(sk))
		sock_gen_put(sk);
}

static int rex_sk_lookup_helper(u32 hook, u32 protocol)
{
	bool tcp = protocol == IPPROTO_TCP;

	if (!tcp && protocol != IPPROTO_UDP)
		return -1;
	switch (hook) {
	case REX_HOOK_XDP:
		return tcp ? REX_V_XDP_SK_LOOKUP_TCP : REX_V_XDP_SK_LOOKUP_UDP;
	case REX_HOOK_TC:
		return tcp ? REX_V_TC_SK_LOOKUP_TCP : REX_V_TC_SK_LOOKUP_UDP;
	case REX_HOOK_CGROUP_SKB:
		return tcp ? REX_V_CGROUP_SK_LOOKUP_TCP : REX_V_CGROUP_SK_LOOKUP_UDP;
	default:
		return -1;
	}
}

struct sock *rex_sk_lookup(void *ctx, const struct bpf_sock_tuple *tuple, u32 size, u32 protocol)
{
	struct rex_frame *frame = rex_this_frame();
	u32 hook = rex_frame_slot(frame)->hook;
	int which = rex_sk_lookup_helper(hook, protocol);
	rex_bpf_helper helper = which < 0 ? NULL : READ_ONCE(rex_vector[which]);
	struct sock *sk = NULL;

	if (helper && !rex_resource_full(frame))
		sk = (struct sock *)helper(rex_lookup_ctx(hook, ctx), (u64)tuple, size,
					   BPF_F_CURRENT_NETNS, 0);
	if (sk)
		rex_resource_add(REX_HELD_SOCK, sk);
	rex_check_stop(frame);
	return sk;
}
REX_EXPORT(rex_sk_lookup);

long rex_sk_release(struct sock *sk)
{
	long ret = -EPERM;

	if (rex_resource_remove(REX_HELD_SOCK, sk)) {
		rex_sk_put(sk);
		ret = 0;
	}
	rex_check_stop(rex_this_frame());
	return ret;
}
REX_EXPORT(rex_sk_release);

REX_LEAF u32 rex_sk_state(const struct sock *sk)
{
	return READ_ONCE(sk->sk_state);
}
REX_EXPORT(rex_sk_state);

REX_LEAF u32 rex_sk_family(const struct sock *sk)
{
	return READ_ONCE(sk->sk_family);
}
REX_EXPORT(rex_sk_family);

REX_LEAF u32 rex_sk_mark(const struct sock *sk)
{
	return READ_ONCE(sk->sk_mark);
}
REX_EXPORT(rex_sk_mark);

REX_LEAF u32 rex_sk_local_port(const struct sock *sk)
{
	return READ_ONCE(sk->sk_num);
}
REX_EXPORT(rex_sk_local_port);
