// SPDX-License-Identifier: GPL-2.0-only
/*
 * UDP sockets of a server: the program sees the datagrams that it reads and writes, and answers
 * none here. There is no ULP: the socket's state is its user data, which also keeps sockmap away.
 * What is read is shown before the call returns, so before the server acts on it; what is written,
 * before it is sent.
 */
#include <linux/net.h>
#include <linux/uio.h>
#include <net/udp.h>

#include "stream_run.h"

/* The one for IPv6 is not exported: what a new socket has. NULL: this machine has no IPv6. */
static struct proto *rex_stream_udp_base[2] = { &udp_prot };
static struct proto rex_stream_udp_protos[2];

/* Its place in the two lists above; -1: it has not the hook. */
static int rex_stream_udp_place(const struct sock *sk)
{
	const struct proto *proto = READ_ONCE(sk->sk_prot);

	return proto == &rex_stream_udp_protos[0] ? 0 : proto == &rex_stream_udp_protos[1] ? 1 : -1;
}

/* The next part of @left bytes of @iter, which are read or written. Whether the program ran. */
static bool rex_stream_udp_part(struct rex_stream_sock *s, u32 event, struct iov_iter *iter,
				size_t *left, size_t asked, u32 flags)
{
	struct rex_stream *ctx = rex_stream_live(s) ? rex_stream_begin(s, event) : NULL;
	u32 n = min_t(size_t, *left, REX_STREAM_BYTES);
	bool whole;

	if (!ctx)
		return false;
	pagefault_disable();
	whole = copy_from_iter((char *)ctx->data, n, iter) == n;
	pagefault_enable();
	/* The server can act on it all the same: the program hears of that now. */
	if (unlikely(!whole))
		s->lost = true;
	*left = whole ? *left - n : 0;
	ctx->len = whole ? n : 0;
	ctx->flags |= flags | (*left ? REX_STREAM_MORE : 0);
	ctx->tid = task_pid_nr(current);
	if (event == REX_STREAM_READ)
		ctx->asked = min_t(size_t, asked, U32_MAX);
	return rex_stream_run(s, ctx);
}

/* @n bytes of @iter. Several threads may be at one socket: one at a time is shown. */
static void rex_stream_udp_show(struct sock *sk, u32 event, struct iov_iter *iter, size_t n,
				size_t asked, u32 flags)
{
	struct rex_stream_sock *s;

	iter->data_source = ITER_SOURCE;
	/* What was swapped out meanwhile is not waited for with the lock. */
	fault_in_iov_iter_readable(iter, n);
	rcu_read_lock();
	s = rcu_dereference_sk_user_data(sk);
	/* The hook may have left the socket, which can have other user data by now. */
	if (!s || rex_stream_udp_place(sk) < 0)
		goto out;
	spin_lock_bh(&s->udp_lock);
	while (!s->closing) {
		if (!rex_stream_udp_part(s, event, iter, &n, asked, flags | REX_STREAM_UDP)) {
			s->lost = true;
			break;
		}
		if (!n)
			break;
	}
	spin_unlock_bh(&s->udp_lock);
out:
	rcu_read_unlock();
}

static REX_PROTO_RECVMSG(rex_stream_udp_recvmsg)
{
	u32 named = msg->msg_name ? REX_STREAM_NAMED : 0;
	struct iov_iter to = msg->msg_iter;
	int place, ret;

	rex_stream_enter();
	place = rex_stream_udp_place(sk);
	/* It may sleep until a datagram comes: this module stays for so long. */
	if (unlikely(place < 0 || !try_module_get(THIS_MODULE))) {
		rex_stream_exit_call();
		return rex_proto_recvmsg(READ_ONCE(sk->sk_prot), sk, msg, len, flags, REX_ADDR_LEN);
	}
	ret = rex_proto_recvmsg(rex_stream_udp_base[place], sk, msg, len, flags,
				REX_ADDR_LEN);
	/* A server that looks for the next datagram is done with the last, also if there is none. */
	if ((ret >= 0 || ret == -EAGAIN) && !(flags & (MSG_PEEK | MSG_ERRQUEUE))) {
		size_t got = clamp_t(ssize_t, ret, 0, len);

		rex_stream_udp_show(sk, REX_STREAM_READ, &to, got, len,
				    named | (got == len ? REX_STREAM_FULL : 0));
	}
	module_put(THIS_MODULE);
	rex_stream_exit_call();
	return ret;
}

/* Shown first: a client that has the reply finds that the program has seen it. */
static int rex_stream_udp_sendmsg(struct sock *sk, struct msghdr *msg, size_t len)
{
	struct iov_iter from = msg->msg_iter;
	int place, ret;

	rex_stream_enter();
	place = rex_stream_udp_place(sk);
	if (unlikely(place < 0 || !try_module_get(THIS_MODULE))) {
		rex_stream_exit_call();
		return READ_ONCE(sk->sk_prot)->sendmsg(sk, msg, len);
	}
	rex_stream_udp_show(sk, REX_STREAM_WROTE, &from, len, 0, 0);
	ret = rex_stream_udp_base[place]->sendmsg(sk, msg, len);
	module_put(THIS_MODULE);
	rex_stream_exit_call();
	return ret;
}

/* Takes the hook off, with an end for the program. The socket is locked, or nobody has it. */
static bool rex_stream_udp_unhook(struct sock *sk, u32 flags)
{
	struct rex_stream_sock *s;

	if (rex_stream_udp_place(sk) < 0)
		return false;
	s = rcu_dereference_protected(sk->sk_user_data, true);
	s = (void *)((unsigned long)s & SK_USER_DATA_PTRMASK);
	spin_lock_bh(&s->udp_lock);
	rex_stream_closed(s, flags);
	s->closing = true;
	spin_unlock_bh(&s->udp_lock);
	WRITE_ONCE(sk->sk_prot, s->base);
	rcu_assign_sk_user_data(sk, NULL);
	rex_stream_leave(s);
	kfree_rcu(s, rcu);
	return true;
}

/* The socket goes. */
static void rex_stream_udp_destroy(struct sock *sk)
{
	bool had;

	rex_stream_enter();
	had = rex_stream_udp_unhook(sk, 0);
	READ_ONCE(sk->sk_prot)->destroy(sk);
	if (had)
		module_put(THIS_MODULE);
	rex_stream_exit_call();
}

void rex_stream_udp_end(struct sock *sk)
{
	bool had;

	lock_sock(sk);
	had = rex_stream_udp_unhook(sk, REX_STREAM_DETACHED);
	release_sock(sk);
	if (had)
		module_put(THIS_MODULE);
}

static void rex_stream_udp_override(int place)
{
	struct proto *to = &rex_stream_udp_protos[place];

	*to = *rex_stream_udp_base[place];
	to->recvmsg = rex_stream_udp_recvmsg;
	to->sendmsg = rex_stream_udp_sendmsg;
	to->destroy = rex_stream_udp_destroy;
}

static void rex_stream_udp_learn(void)
{
	struct socket *sock;

	if (rex_stream_udp_protos[0].recvmsg)
		return;
	rex_stream_udp_override(0);
	if (sock_create_kern(&init_net, AF_INET6, SOCK_DGRAM, IPPROTO_UDP, &sock))
		return;
	rex_stream_udp_base[1] = sock->sk->sk_prot;
	sock_release(sock);
	rex_stream_udp_override(1);
}

int rex_stream_udp_add(struct rex_stream_sock *s, struct netlink_ext_ack *extack)
{
	struct sock *sk = s->sk;
	int place, ret = -EOPNOTSUPP;

	rex_stream_udp_learn();
	spin_lock_init(&s->udp_lock);
	s->started = true;
	s->lost = true;		/* earlier datagrams are not known */
	lock_sock(sk);
	s->base = sk->sk_prot;
	for (place = 0; place < 2; place++)
		if (s->base == rex_stream_udp_base[place])
			break;
	if (rex_stream_udp_place(sk) >= 0) {
		ret = -EEXIST;
		NL_SET_ERR_MSG(extack, "the socket has the hook already");
	} else if (place == 2 || sk->sk_user_data || sock_flag(sk, SOCK_DEAD)) {
		NL_SET_ERR_MSG(extack, "the socket is in a sockmap, or another module uses it");
	} else if (!rex_stream_join(s)) {
		NL_SET_ERR_MSG(extack, "the stream is ending");
	} else {
		__module_get(THIS_MODULE);
		__rcu_assign_sk_user_data_with_flags(sk, s, SK_USER_DATA_NOCOPY);
		WRITE_ONCE(sk->sk_prot, &rex_stream_udp_protos[place]);
		ret = 0;
	}
	release_sock(sk);
	return ret;
}
