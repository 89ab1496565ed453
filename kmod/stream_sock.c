// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a TCP socket gets the hook and loses it. It is a TCP ULP, so that connections inherit it from
 * their listener before they receive anything, the kernel says when one goes, and neither sockmap
 * nor kTLS comes to the same socket. A listener has no more than the ULP and what its connections
 * are to join: its functions stay its own.
 */
#include <linux/delay.h>
#include <linux/slab.h>
#include <net/mptcp.h>
#include <net/transp_v6.h>

#include "stream.h"

static struct proto rex_stream_protos[2];	/* of tcp_prot and tcpv6_prot */
static atomic64_t rex_stream_last_sock;

/* These are not exported: what a new socket has. */
static void (*rex_stream_plain_ready)(struct sock *sk);
static void (*rex_stream_plain_space)(struct sock *sk);

/* For whom the ULP is being set: nobody but rex_stream_add() sets it. rex_mutex */
static struct rex_stream_sock *rex_stream_adding;
static const char *rex_stream_why_not;

static struct proto *rex_stream_proto(const struct proto *base)
{
	return base == &tcp_prot ? &rex_stream_protos[0] :
	       base == &tcpv6_prot ? &rex_stream_protos[1] : NULL;
}

static void rex_stream_prepare(struct rex_stream_sock *s, struct sock *sk,
			       struct rex_stream_set *set)
{
	s->sk = sk;
	s->set = set;
	s->id = atomic64_inc_return(&rex_stream_last_sock);
	timer_setup(&s->timer, rex_stream_timer, 0);
}

static struct rex_stream_sock *rex_stream_alloc(struct sock *sk, struct rex_stream_set *set,
						gfp_t gfp)
{
	struct rex_stream_sock *s = NULL;

	if (!rex_stream_fails(REX_STREAM_FAULT_MEMORY))
		s = kzalloc(struct_size(s, record, DIV_ROUND_UP(set->record, sizeof(u64))),
			    gfp | __GFP_NOWARN);
	if (s)
		rex_stream_prepare(s, sk, set);
	return s;
}

/* Puts the hook on a connection, which is locked. */
static bool rex_stream_hook(struct rex_stream_sock *s)
{
	struct sock *sk = s->sk;

	if (!rex_stream_join(s))
		return false;
	s->base = sk->sk_prot;
	s->data_ready = sk->sk_data_ready;
	s->write_space = sk->sk_write_space;
	rcu_assign_pointer(inet_csk(sk)->icsk_ulp_data, s);
	write_lock_bh(&sk->sk_callback_lock);
	WRITE_ONCE(sk->sk_prot, rex_stream_proto(s->base));
	sk->sk_data_ready = rex_stream_data_ready;
	sk->sk_write_space = rex_stream_write_space;
	write_unlock_bh(&sk->sk_callback_lock);
	return true;
}

/* Takes it off again: the socket is locked, and nothing is left. */
static void rex_stream_unhook(struct rex_stream_sock *s)
{
	struct sock *sk = s->sk;

	rcu_assign_pointer(inet_csk(sk)->icsk_ulp_data, NULL);
	if (s->listener) {
		sk->sk_reuse = s->reuse;
	} else {
		write_lock_bh(&sk->sk_callback_lock);
		WRITE_ONCE(sk->sk_prot, s->base);
		sk->sk_data_ready = s->data_ready;
		sk->sk_write_space = s->write_space;
		write_unlock_bh(&sk->sk_callback_lock);
	}
	rex_stream_leave(s);
	kfree_rcu(s, rcu);
}

/* ---- orphans ------------------------------------------------------------------------------------ */

/* The hook without a state: the first call brings it, before a byte passes. The socket is locked. */
static void rex_stream_orphan(struct sock *sk, struct rex_stream_set *set)
{
	rex_stream_pin_again(set);
	rex_stream_count(set->orphan, missed, 1);
	rcu_assign_pointer(inet_csk(sk)->icsk_ulp_data, set->orphan);
	WRITE_ONCE(sk->sk_prot, rex_stream_proto(sk->sk_prot));
	sk->sk_data_ready = rex_stream_data_ready;
	sk->sk_write_space = rex_stream_write_space;
}

static struct proto *rex_stream_base(const struct sock *sk)
{
	return sk->sk_prot == &rex_stream_protos[0] ? &tcp_prot : &tcpv6_prot;
}

/* Its functions are its own again. The socket is locked. */
static void rex_stream_unorphan(struct sock *sk)
{
	struct rex_stream_set *set = rex_stream_any_of(sk)->set;

	rcu_assign_pointer(inet_csk(sk)->icsk_ulp_data, NULL);
	write_lock_bh(&sk->sk_callback_lock);
	WRITE_ONCE(sk->sk_prot, rex_stream_base(sk));
	sk->sk_data_ready = rex_stream_plain_ready;
	sk->sk_write_space = rex_stream_plain_space;
	write_unlock_bh(&sk->sk_callback_lock);
	rex_stream_unpin(set);
}

void rex_stream_plain_data_ready(struct sock *sk)
{
	rex_stream_plain_ready(sk);
}

void rex_stream_plain_write_space(struct sock *sk)
{
	rex_stream_plain_space(sk);
}

/* ---- the ULP ---------------------------------------------------------------------------------- */

/* Why the socket cannot have the hook; NULL: it can. It is locked. */
static const char *rex_stream_unfit(const struct sock *sk)
{
	if (!((1 << sk->sk_state) &
	      (TCPF_LISTEN | TCPF_ESTABLISHED | TCPF_SYN_RECV | TCPF_CLOSE_WAIT)))
		return "the socket is neither listening nor connected";
	if (sk_is_mptcp(sk))
		return "the socket is part of an MPTCP connection";
	if (sk->sk_user_data)
		return "the socket is in a sockmap, or the kernel's own";
	if (!rex_stream_proto(sk->sk_prot))
		return "another module has taken over the socket's functions";
	if (sk->sk_data_ready != rex_stream_plain_ready ||
	    sk->sk_write_space != rex_stream_plain_space)
		return "another module has taken over the socket's callbacks";
	return NULL;
}

/* The socket is locked. What it says goes to who adds it. */
static int rex_stream_ulp_set(struct sock *sk)
{
	struct rex_stream_sock *s = READ_ONCE(rex_stream_adding);

	if (!s || s->sk != sk || !capable(CAP_SYS_ADMIN))
		return -EPERM;
	rex_stream_why_not = rex_stream_unfit(sk);
	if (rex_stream_why_not)
		return -EOPNOTSUPP;
	s->listener = sk->sk_state == TCP_LISTEN;
	/* Who is being accepted must find the ULP before it finds what to join: not here. */
	if (s->listener)
		return 0;
	if (rex_stream_hook(s))
		return 0;
	rex_stream_why_not = "the stream is ending";
	return -ESHUTDOWN;
}

/*
 * A connection begins. Its socket is locked, bottom halves are off, and all of it is a copy of the
 * listener's, which may lose the hook meanwhile; the RCU lock keeps what it had.
 */
static void rex_stream_ulp_clone(const struct request_sock *req, struct sock *sk, const gfp_t gfp)
{
	struct rex_stream_sock *listener = rex_stream_of(sk), *s;

	sk->sk_reuse = listener ? listener->reuse : SK_CAN_REUSE;
	rcu_assign_pointer(inet_csk(sk)->icsk_ulp_data, NULL);
	if (!listener || READ_ONCE(listener->set->ending) || !try_module_get(THIS_MODULE))
		goto without;
	s = rex_stream_alloc(sk, listener->set, gfp);
	if (!s) {
		rex_stream_orphan(sk, listener->set);
		return;
	}
	if (rex_stream_hook(s))
		return;
	kfree(s);
	module_put(THIS_MODULE);
without:
	inet_csk(sk)->icsk_ulp_ops = NULL;
}

/* The socket goes. The kernel gives back the module's reference. */
static void rex_stream_ulp_release(struct sock *sk)
{
	struct rex_stream_sock *s = rex_stream_any_of(sk);

	if (!s)
		return;
	if (s->orphan) {
		rex_stream_unorphan(sk);
		return;
	}
	rex_stream_closed(s, 0);
	if (s->left)
		rex_stream_drop_left(s);
	rex_stream_unhook(s);
}

static struct tcp_ulp_ops rex_stream_ulp __read_mostly = {
	.name		= "rex",
	.owner		= THIS_MODULE,
	.init		= rex_stream_ulp_set,
	.clone		= rex_stream_ulp_clone,
	.release	= rex_stream_ulp_release,
};

/* ---- on request ------------------------------------------------------------------------------- */

/* The ULP without the hook. The socket is locked. */
static void rex_stream_drop_ulp(struct sock *sk)
{
	if (inet_csk(sk)->icsk_ulp_ops != &rex_stream_ulp)
		return;
	inet_csk(sk)->icsk_ulp_ops = NULL;
	module_put(THIS_MODULE);
}

/* An orphan joins its stream, or loses the hook when that has ended. A task; the socket is locked. */
void rex_stream_adopt(struct sock *sk)
{
	struct rex_stream_sock *orphan = rex_stream_any_of(sk), *s;
	struct rex_stream_set *set;

	if (likely(!orphan || !orphan->orphan))
		return;
	set = orphan->set;
	rex_stream_pin_again(set);
	rex_stream_unorphan(sk);
	s = kzalloc(struct_size(s, record, DIV_ROUND_UP(set->record, sizeof(u64))),
		    GFP_KERNEL | __GFP_NOFAIL);
	rex_stream_prepare(s, sk, set);
	if (!rex_stream_hook(s)) {
		kfree(s);
		rex_stream_drop_ulp(sk);
	}
	rex_stream_unpin(set);
}

/* Of a connection whose socket goes on. It is locked, and nothing is left. */
void rex_stream_give_up(struct rex_stream_sock *s, u32 flags)
{
	struct sock *sk = s->sk;

	rex_stream_closed(s, flags);
	if (s->left)
		rex_stream_drop_left(s);
	rex_stream_unhook(s);
	rex_stream_drop_ulp(sk);
}

/* The first of @set's sockets says where its server is. */
static void rex_stream_describe(struct rex_stream_set *set, const struct sock *sk)
{
	if (set->port)
		return;
	if (sk->sk_family == AF_INET6)
		set->address = sk->sk_v6_rcv_saddr;
	else
		ipv6_addr_set_v4mapped(sk->sk_rcv_saddr, &set->address);
	set->protocol = sk->sk_protocol;
	set->netns = sock_net(sk)->ns.inum;
	WRITE_ONCE(set->port, sk->sk_num);
}

/*
 * Connections that it accepts from now on join @s's stream. Without SO_REUSEADDR, nobody else listens
 * at the port before this one has released it, and the program knows that it closes.
 */
static int rex_stream_hook_listener(struct rex_stream_sock *s)
{
	struct sock *sk = s->sk;
	int ret = -ENOTCONN;

	lock_sock(sk);
	if (inet_csk(sk)->icsk_ulp_ops == &rex_stream_ulp && sk->sk_state == TCP_LISTEN) {
		ret = rex_stream_join(s) ? 0 : -ESHUTDOWN;
		if (!ret) {
			s->reuse = sk->sk_reuse;
			sk->sk_reuse = SK_NO_REUSE;
			rcu_assign_pointer(inet_csk(sk)->icsk_ulp_data, s);
		} else {
			rex_stream_drop_ulp(sk);
		}
	}
	release_sock(sk);
	return ret;
}

/* What any TCP socket has that nobody has changed. */
static int rex_stream_learn(void)
{
	struct socket *sock;
	int ret;

	if (rex_stream_plain_ready)
		return 0;
	ret = sock_create_kern(&init_net, AF_INET, SOCK_STREAM, IPPROTO_TCP, &sock);
	if (ret)
		return ret;
	rex_stream_plain_space = sock->sk->sk_write_space;
	rex_stream_plain_ready = sock->sk->sk_data_ready;
	sock_release(sock);
	return 0;
}

static int rex_stream_set_ulp(struct rex_stream_sock *s)
{
	struct sock *sk = s->sk;
	int ret;

	WRITE_ONCE(rex_stream_adding, s);
	ret = READ_ONCE(sk->sk_prot)->setsockopt(sk, SOL_TCP, TCP_ULP, KERNEL_SOCKPTR("rex"), 3);
	WRITE_ONCE(rex_stream_adding, NULL);
	if (!ret && s->listener) {
		ret = rex_stream_hook_listener(s);
		/* Who is being accepted and did not find it waits to be accepted now: user space looks there. */
		synchronize_rcu();
	}
	return ret;
}

int rex_stream_add(struct sock *sk, struct rex_stream_set *set, struct netlink_ext_ack *extack)
{
	struct rex_stream_sock *s;
	int ret;

	lockdep_assert_held(&rex_mutex);
	if (!sk_is_tcp(sk) && !sk_is_udp(sk)) {
		NL_SET_ERR_MSG(extack, "the file descriptor is not a TCP or UDP socket");
		return -EPROTONOSUPPORT;
	}
	ret = rex_stream_buffers() ?: rex_stream_learn();
	if (ret)
		return ret;
	s = rex_stream_alloc(sk, set, GFP_KERNEL);
	if (!s)
		return -ENOMEM;
	rex_stream_why_not = NULL;
	ret = sk_is_udp(sk) ? rex_stream_udp_add(s, extack) : rex_stream_set_ulp(s);
	if (!ret) {
		rex_stream_describe(set, sk);
		return 0;
	}
	kfree(s);
	if (rex_stream_why_not)
		NL_SET_ERR_MSG_FMT(extack, "%s", rex_stream_why_not);
	else if (ret == -EEXIST && sk_is_tcp(sk))
		NL_SET_ERR_MSG(extack, "the socket has the hook, kTLS or another upper layer already");
	return ret;
}

/* Takes the hook off a connection. What is left of replies goes out first. */
static int rex_stream_end_one(struct sock *sk)
{
	struct rex_stream_sock *s;
	int tries, ret = 0;

	for (tries = 0; tries < 50; tries++) {
		lock_sock(sk);
		s = rex_stream_of(sk);
		ret = !s || rex_stream_force(s) ? 0 : -ENOBUFS;
		if (s && !ret) {
			bool waiting = s->waiting;

			rex_stream_give_up(s, REX_STREAM_DETACHED);
			/* Who waits in our function for bytes is to wait in the kernel's. */
			if (waiting)
				sk->sk_data_ready(sk);
		}
		release_sock(sk);
		if (!ret)
			break;
		msleep(20);
	}
	return ret;
}

/* A listener keeps the ULP until nobody accepts with what it had. */
static void rex_stream_end_listener(struct sock *sk)
{
	struct rex_stream_sock *s;

	lock_sock(sk);
	s = rex_stream_of(sk);
	if (s) {
		rex_stream_closed(s, REX_STREAM_DETACHED);
		rex_stream_unhook(s);
	}
	release_sock(sk);
	synchronize_rcu();
	lock_sock(sk);
	rex_stream_drop_ulp(sk);
	release_sock(sk);
}

/* All its sockets go on without. -ENOBUFS: of some, what is left of a reply cannot be sent yet. */
int rex_stream_end(struct rex_stream_set *set)
{
	struct sock *sk;
	int ret = 0;

	lockdep_assert_held(&rex_mutex);
	while ((sk = rex_stream_first(set, true))) {
		rex_stream_end_listener(sk);
		sock_put(sk);
	}
	/* Only now: a connection that may not join is not seen, and the program must know that first. */
	rex_stream_bar(set);
	while (!ret && (sk = rex_stream_first(set, false))) {
		if (sk_is_udp(sk))
			rex_stream_udp_end(sk);
		else
			ret = rex_stream_end_one(sk);
		sock_put(sk);
	}
	return ret;
}

int rex_stream_ulp_init(void)
{
	rex_stream_override(&rex_stream_protos[0], &tcp_prot);
	rex_stream_override(&rex_stream_protos[1], &tcpv6_prot);
	return tcp_register_ulp(&rex_stream_ulp);
}

void rex_stream_ulp_exit(void)
{
	tcp_unregister_ulp(&rex_stream_ulp);
}
