// SPDX-License-Identifier: GPL-2.0-only
/*
 * What pointers to sockets and messages lead to, for programs at functions that take some. A
 * program can pass any number for a pointer: all that is behind one is read by instructions that
 * may fault. May be called in NMI.
 */
#include <linux/in.h>
#include <linux/net.h>
#include <linux/socket.h>
#include <linux/tcp.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <net/net_namespace.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "internal.h"

/* Where the kernel's half of the address space begins, with 4 or 5 levels of page tables. */
static u64 rex_kernel_start __ro_after_init;

void __init rex_sock_init(void)
{
	rex_kernel_start = -1ULL << (boot_cpu_data.x86_virt_bits - 1);
}

/*
 * Whether a load from @addr, or a little further on, is good or gives a page fault. Others give a
 * general protection fault, which counts as a bug, or are of the vsyscall page and emulated.
 */
static __always_inline bool rex_may_load(u64 addr)
{
	return likely(addr - rex_kernel_start < MODULES_END - rex_kernel_start);
}

/* The kernel's macro knows pointers and constants only of the size it switches to. */
#define REX_WORD(size) __typeof__(__builtin_choose_expr((size) == 8, (u64)0,			\
				  __builtin_choose_expr((size) == 4, (u32)0,			\
				  __builtin_choose_expr((size) == 2, (u16)0, (u8)0))))

/* A member of the struct at the number @from; else jumps to @fault. */
#define REX_LOAD(to, from, type, member, fault)							\
do {												\
	REX_WORD(sizeof_field(type, member)) word_;						\
												\
	__get_kernel_nofault(&word_, (from) + offsetof(type, member), typeof(word_), fault);	\
	(to) = (__force typeof(to))word_;							\
} while (0)

/* ---- sockets -------------------------------------------------------------------- */

u64 rex_socket_sock(u64 socket)
{
	struct sock *sk = NULL;

	if (rex_may_load(socket))
		REX_LOAD(sk, socket, struct socket, sk, out);
out:
	rex_check_stop(rex_this_frame());
	return (u64)sk;
}
REX_EXPORT(rex_socket_sock);

/* Others than full sockets are smaller. */
static __always_inline bool rex_state_is_full(u8 state)
{
	return !((1U << (state % 32)) & (TCPF_TIME_WAIT | TCPF_NEW_SYN_RECV));
}

/* Much of it is one word of struct sock_common. */
#define REX_IDENT_WORD	offsetof(struct sock, sk_dport)
#define REX_IDENT_SHIFT(member) ((offsetof(struct sock, member) - REX_IDENT_WORD) * 8)

static_assert(REX_IDENT_SHIFT(sk_num) == 16);
static_assert(REX_IDENT_SHIFT(sk_family) == 32);
static_assert(REX_IDENT_SHIFT(sk_state) == 48);

/* sk_num is 0 when a connection is over, by a reset for instance, though there is more to read. */
u64 rex_sock_ident(u64 sk)
{
	u16 family, protocol;
	__be16 local;
	u64 word, ret = 0;

	if (!rex_may_load(sk))
		goto out;
	__get_kernel_nofault(&word, sk + REX_IDENT_WORD, u64, out);
	family = word >> 32;
	if (unlikely(!rex_state_is_full(word >> 48) || (family != AF_INET && family != AF_INET6)))
		goto out;
	REX_LOAD(protocol, sk, struct sock, sk_protocol, out);
	REX_LOAD(local, sk, struct inet_sock, inet_sport, out);
	ret = REX_IDENT(protocol, (u8)(word >> 48), family, ntohs(local),
			ntohs((__force __be16)word));
out:
	rex_check_stop(rex_this_frame());
	return ret;
}
REX_EXPORT(rex_sock_ident);

#if IS_ENABLED(CONFIG_IPV6)
static bool rex_load_in6(u64 from, u8 to[16])
{
	u64 half[2];

	__get_kernel_nofault(&half[0], from, u64, fault);
	__get_kernel_nofault(&half[1], from + sizeof(u64), u64, fault);
	memcpy(to, half, sizeof(half));
	return true;
fault:
	return false;
}
#endif

/* As an IPv6 address that stands for one of IPv4. */
static void rex_map_in4(__be32 addr, u8 to[16])
{
	to[10] = to[11] = 0xff;
	memcpy(to + 12, &addr, sizeof(addr));
}

static bool rex_load_addrs(u64 sk, struct rex_sock_addrs *to)
{
	__be32 local, remote;
	u16 family;

	REX_LOAD(family, sk, struct sock, sk_family, fault);
	switch (family) {
	case AF_INET:
		REX_LOAD(local, sk, struct sock, sk_rcv_saddr, fault);
		REX_LOAD(remote, sk, struct sock, sk_daddr, fault);
		rex_map_in4(local, to->local);
		rex_map_in4(remote, to->remote);
		return true;
#if IS_ENABLED(CONFIG_IPV6)
	case AF_INET6:
		return rex_load_in6(sk + offsetof(struct sock, sk_v6_rcv_saddr), to->local) &&
		       rex_load_in6(sk + offsetof(struct sock, sk_v6_daddr), to->remote);
#endif
	}
fault:
	return false;
}

static bool rex_load_netns(u64 sk, u32 *inum)
{
	struct net *net = &init_net;

#ifdef CONFIG_NET_NS
	REX_LOAD(net, sk, struct sock, sk_net.net, fault);
#endif
	if (!rex_may_load((u64)net))
		goto fault;
	REX_LOAD(*inum, (u64)net, struct net, ns.inum, fault);
	return true;
fault:
	return false;
}

static bool rex_load_full(u64 sk)
{
	u8 state;

	if (!rex_may_load(sk))
		goto fault;
	REX_LOAD(state, sk, struct sock, sk_state, fault);
	return rex_state_is_full(state);
fault:
	return false;
}

long rex_sock_addrs(u64 sk, struct rex_sock_addrs *to)
{
	long ret = 0;

	memset(to, 0, sizeof(*to));
	if (!rex_load_full(sk) || !rex_load_addrs(sk, to) || !rex_load_netns(sk, &to->netns)) {
		memset(to, 0, sizeof(*to));
		ret = -EFAULT;
	}
	rex_check_stop(rex_this_frame());
	return ret;
}
REX_EXPORT(rex_sock_addrs);

/*
 * The socket may receive meanwhile, and then changes bytes_received before rcv_nxt: read the
 * other way round, what is counted too much is what the application has not read yet.
 */
static bool rex_load_tcp(u64 sk, struct rex_tcp_position *to)
{
	u16 family, type, protocol;
	u32 rcv_nxt;
	u64 received;

	if (!rex_load_full(sk))
		goto fault;
	REX_LOAD(family, sk, struct sock, sk_family, fault);
	REX_LOAD(type, sk, struct sock, sk_type, fault);
	REX_LOAD(protocol, sk, struct sock, sk_protocol, fault);
	/* As sk_is_tcp(): a raw socket can have the protocol, too, and is smaller. */
	if ((family != AF_INET && family != AF_INET6) || type != SOCK_STREAM ||
	    protocol != IPPROTO_TCP)
		goto fault;
	REX_LOAD(to->copied_seq, sk, struct tcp_sock, copied_seq, fault);
	REX_LOAD(rcv_nxt, sk, struct tcp_sock, rcv_nxt, fault);
	REX_LOAD(received, sk, struct tcp_sock, bytes_received, fault);
	if (before(rcv_nxt, to->copied_seq))
		goto fault;
	to->app_read = received - (rcv_nxt - to->copied_seq);
	return true;
fault:
	return false;
}

long rex_tcp_position(u64 sk, struct rex_tcp_position *to)
{
	long ret = 0;

	memset(to, 0, sizeof(*to));
	if (!rex_load_tcp(sk, to)) {
		memset(to, 0, sizeof(*to));
		ret = -EFAULT;
	}
	rex_check_stop(rex_this_frame());
	return ret;
}
REX_EXPORT(rex_tcp_position);

/* ---- messages ------------------------------------------------------------------- */

static bool rex_load_message(u64 message, struct rex_message *to)
{
	const struct iovec *iov;
	void __user *ubuf;
	void *name;
	u8 type;

	if (!rex_may_load(message))
		goto fault;
	REX_LOAD(name, message, struct msghdr, msg_name, fault);
	REX_LOAD(type, message, struct msghdr, msg_iter.iter_type, fault);
	REX_LOAD(to->offset, message, struct msghdr, msg_iter.iov_offset, fault);
	REX_LOAD(to->count, message, struct msghdr, msg_iter.count, fault);
	to->named = name != NULL;
	switch (type) {
	case ITER_UBUF:
		REX_LOAD(ubuf, message, struct msghdr, msg_iter.ubuf, fault);
		to->kind = REX_MESSAGE_UBUF;
		to->base = (unsigned long)ubuf;
		to->segments = 1;
		break;
	case ITER_IOVEC:
		REX_LOAD(iov, message, struct msghdr, msg_iter.__iov, fault);
		REX_LOAD(to->segments, message, struct msghdr, msg_iter.nr_segs, fault);
		to->kind = REX_MESSAGE_IOVEC;
		to->base = (u64)iov;
		break;
	default:
		to->kind = REX_MESSAGE_OTHER;
	}
	return true;
fault:
	return false;
}

long rex_message(u64 message, struct rex_message *to)
{
	long ret = 0;

	memset(to, 0, sizeof(*to));
	if (!rex_load_message(message, to)) {
		memset(to, 0, sizeof(*to));
		ret = -EFAULT;
	}
	rex_check_stop(rex_this_frame());
	return ret;
}
REX_EXPORT(rex_message);
