// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sending, and what is left of a reply that did not fit the send buffer. Those bytes are not the
 * server's, which does not come back for them: room in the send buffer, the server's next write
 * and a timer do, and the end of the connection or of the hook waits for them. The socket is
 * locked.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "stream.h"

#define REX_STREAM_RETRY	(HZ / 50 + 1)

/* Of a send buffer. */
struct rex_stream_limits {
	int	sndbuf;
	u32	lowat;
};

/* Sends without waiting. Gives how many bytes were taken: 0 on any error. */
static int rex_stream_send(struct rex_stream_sock *s, char *bytes, u32 n, gfp_t gfp)
{
	struct sock *sk = s->sk;
	struct kvec vec = { .iov_base = bytes, .iov_len = n };
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL };
	gfp_t allocation = sk->sk_allocation;
	bool task_frag = sk->sk_use_task_frag;
	int sent;

	iov_iter_kvec(&msg.msg_iter, ITER_SOURCE, &vec, 1, n);
	/* The page of the current task is not this socket's to fill in softirq. */
	sk->sk_allocation = gfp;
	sk->sk_use_task_frag = false;
	s->flushing = true;
	sent = tcp_sendmsg_locked(sk, &msg, n);
	s->flushing = false;
	sk->sk_use_task_frag = task_frag;
	sk->sk_allocation = allocation;
	s->write_seq = tcp_sk(sk)->write_seq;
	return max(sent, 0);
}

/* Lets the send buffer take all, however full it is; the socket pays for the memory. */
static struct rex_stream_limits rex_stream_lift_limits(struct sock *sk)
{
	struct tcp_sock *tp = tcp_sk(sk);
	struct rex_stream_limits old = { .sndbuf = sk->sk_sndbuf, .lowat = tp->notsent_lowat };

	WRITE_ONCE(sk->sk_sndbuf, INT_MAX / 2);
	WRITE_ONCE(tp->notsent_lowat, UINT_MAX);
	return old;
}

static void rex_stream_set_limits(struct sock *sk, const struct rex_stream_limits *old)
{
	WRITE_ONCE(tcp_sk(sk)->notsent_lowat, old->lowat);
	/* Memory pressure makes it smaller. */
	WRITE_ONCE(sk->sk_sndbuf, min(old->sndbuf, sk->sk_sndbuf));
}

/*
 * The program's reply. An empty send buffer was said to have room for all of it; what it does not
 * take would wait in memory that nobody pays for.
 */
int rex_stream_send_reply(struct rex_stream_sock *s, char *bytes, u32 n)
{
	struct rex_stream_limits old;
	struct sock *sk = s->sk;
	int sent;

	if (sk->sk_wmem_queued)
		return rex_stream_send(s, bytes, n, GFP_ATOMIC);
	old = rex_stream_lift_limits(sk);
	sent = rex_stream_send(s, bytes, n, GFP_ATOMIC);
	rex_stream_set_limits(sk, &old);
	return sent;
}

/* Sees to it that somebody comes back for what is left. */
static void rex_stream_arm(struct rex_stream_sock *s)
{
	if (s->sk->sk_socket)
		set_bit(SOCK_NOSPACE, &s->sk->sk_socket->flags);
	sk_reset_timer(s->sk, &s->timer, jiffies + REX_STREAM_RETRY);
}

/*
 * Keeps @n bytes of this CPU's reply, from @off. With no memory for a copy it takes the buffer
 * itself, in place of which comes the spare one: so there is always a way.
 */
void rex_stream_keep(struct rex_stream_sock *s, struct rex_stream_cpu *c, u32 off, u32 n)
{
	char *copy = NULL;

	if (!rex_stream_fails(REX_STREAM_FAULT_MEMORY))
		copy = kmemdup(c->out + off, n, GFP_ATOMIC | __GFP_NOWARN);
	s->left_off = copy ? 0 : off;
	s->left_len = n;
	s->left = copy ?: c->out;
	if (!copy) {
		c->out = c->spare;
		c->spare = NULL;
		rex_stream_spare_wanted();
	}
	rex_stream_count(s, shorts, 1);
	rex_stream_arm(s);
}

void rex_stream_drop_left(struct rex_stream_sock *s)
{
	sk_stop_timer(s->sk, &s->timer);
	kvfree(s->left);
	s->left = NULL;
	s->left_len = 0;
}

static bool rex_stream_push(struct rex_stream_sock *s, gfp_t gfp)
{
	int sent = rex_stream_send(s, s->left + s->left_off, s->left_len, gfp);

	s->left_off += sent;
	s->left_len -= sent;
	/* Nobody takes it any more when the connection is broken. */
	if (s->left_len && !s->sk->sk_err && s->sk->sk_state != TCP_CLOSE)
		return false;
	rex_stream_drop_left(s);
	return true;
}

/* Any context. Whether nothing is left. */
bool rex_stream_flush(struct rex_stream_sock *s)
{
	if (!s->left)
		return true;
	if (s->flushing || !s->sk->sk_socket)
		return false;
	if (rex_stream_push(s, GFP_ATOMIC | __GFP_NOWARN))
		return true;
	rex_stream_arm(s);
	return false;
}

/*
 * The same where the server's bytes, its end or the hook's end wait for it, in a task: all that is
 * left goes into the send buffer, however full that is. Only want of memory can keep it out.
 */
bool rex_stream_force(struct rex_stream_sock *s)
{
	struct rex_stream_limits old;
	struct sock *sk = s->sk;
	bool done;

	if (!s->left)
		return true;
	if (s->flushing || !sk->sk_socket)
		return false;
	old = rex_stream_lift_limits(sk);
	done = rex_stream_push(s, GFP_KERNEL);
	rex_stream_set_limits(sk, &old);
	if (!done)
		rex_stream_arm(s);
	return done;
}

/* sk_write_space */
void rex_stream_write_space(struct sock *sk)
{
	struct rex_stream_sock *s = rex_stream_of(sk);

	if (unlikely(!s)) {
		rex_stream_plain_write_space(sk);
		return;
	}
	if (s->left && !s->flushing) {
		local_bh_disable();
		rex_stream_flush(s);
		local_bh_enable();
	}
	s->write_space(sk);
}

/* Holds a reference on the socket; and the RCU lock, which keeps @s. */
void rex_stream_timer(struct timer_list *timer)
{
	struct rex_stream_sock *s = container_of(timer, struct rex_stream_sock, timer);
	struct sock *sk = s->sk;

	bh_lock_sock(sk);
	if (rex_stream_of(sk) == s && s->left) {
		if (sock_owned_by_user(sk))
			rex_stream_arm(s);
		else
			rex_stream_flush(s);
	}
	bh_unlock_sock(sk);
	sock_put(sk);
}
