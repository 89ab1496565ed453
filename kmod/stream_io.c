// SPDX-License-Identifier: GPL-2.0-only
/*
 * The server's own calls. The program sees bytes before the server reads them, and what the kernel
 * accepted of those that it writes. The calls themselves are made by the kernel's functions.
 *
 * A task that sleeps here must have something to come back to. All calls are counted, from their
 * first instructions on; for those that may sleep for long, the module has a reference more.
 */
#include <linux/delay.h>
#include <linux/uio.h>

#include "stream_run.h"

/* ---- who is here ---------------------------------------------------------------------------- */

DEFINE_PER_CPU(long, rex_stream_calls);

/*
 * No socket leads here any more. First for who has read where to go and has not come, last for
 * who has left and not returned: both are running, or preempted, but not asleep.
 */
void rex_stream_calls_wait(void)
{
	long sum;
	int cpu;

	for (;;) {
		synchronize_rcu_tasks();
		sum = 0;
		for_each_possible_cpu(cpu)
			sum += per_cpu(rex_stream_calls, cpu);
		if (!sum)
			break;
		msleep(20);
	}
	synchronize_rcu_tasks();
}

/* ---- reading ---------------------------------------------------------------------------------- */

/*
 * Shows @n bytes behind @skip. Gives how many of them the server may get; 0: it was not shown.
 * Bottom halves are off.
 */
static __always_inline u32 rex_stream_show(struct rex_stream_sock *s, u32 skip, u32 n, size_t asked,
					   u32 flags)
{
	struct rex_stream *ctx;

	if (!rex_stream_live(s))
		return 0;
	ctx = rex_stream_begin(s, REX_STREAM_READ);
	if (unlikely(!ctx))
		return 0;
	ctx->len = rex_stream_peek(s->sk, skip, (char *)ctx->data, n);
	if (unlikely(ctx->len != n))
		return 0;
	ctx->asked = min_t(size_t, asked, U32_MAX);
	ctx->tid = task_pid_nr(current);
	ctx->flags |= flags;
	if (!rex_stream_run(s, ctx) || !ctx->limit || ctx->limit > n || ctx->quiet & ~REX_STREAM_QUIET)
		return 0;
	s->read_skip = ctx->limit == n ? ctx->skip : 0;
	s->quiet = ctx->quiet;
	return ctx->limit;
}

/*
 * Shows what a read of @asked bytes would get, of @total that are there. Gives how much it may get:
 * all, when the program does not run or the events are lost.
 */
static u32 rex_stream_plan(struct rex_stream_sock *s, u32 total, size_t asked)
{
	u32 done = 0, n, got;
	u32 full = total == asked ? REX_STREAM_FULL : 0;

	if (s->read_skip)
		rex_stream_forget_skips(s);
	while (done < total) {
		if (s->read_skip) {
			n = min(s->read_skip, total - done);
			s->read_skip -= n;
			done += n;
			continue;
		}
		n = min(total - done, REX_STREAM_BYTES);
		local_bh_disable();
		got = rex_stream_show(s, done, n, asked,
				      full | (done + n < total ? REX_STREAM_MORE : 0));
		local_bh_enable();
		if (!got) {
			s->lost = true;
			break;
		}
		done += got;
		if (got < n)
			return done;
	}
	if (s->lost)
		s->read_skip = 0;
	return total;
}

/* A read that the program was shown: of so many bytes, up to @end. */
struct rex_stream_read {
	struct proto	*base;
	u64		id;
	u32		len, end;
};

static void rex_stream_begin_read(struct rex_stream_sock *s, struct rex_stream_read *read, u32 len)
{
	read->base = s->base;
	read->id = s->id;
	read->len = len;
	read->end = s->read_seq + len;
	s->read_end = read->end;
	s->reading = true;
}

/* Its end, with the lock held again. */
static void rex_stream_account_read(struct rex_stream_sock *s)
{
	u32 read = tcp_sk(s->sk)->copied_seq;

	s->reading = false;
	/* The end of the stream counts as a byte. */
	if (read != s->read_end &&
	    !(read == s->read_end + 1 && s->sk->sk_shutdown & RCV_SHUTDOWN)) {
		s->lost = true;
		s->read_skip = 0;
	}
	s->read_seq = read;
	s->read_end = read;
}

/*
 * The same without the lock, if just those bytes were read, and nobody has read behind them:
 * rex_stream_sync() finds the rest. Whether that is so.
 */
static bool rex_stream_end_read(struct sock *sk, const struct rex_stream_read *read, int ret)
{
	struct rex_stream_sock *s;

	if (unlikely(ret != read->len || READ_ONCE(tcp_sk(sk)->copied_seq) != read->end))
		return false;
	rcu_read_lock_sched();
	s = rex_stream_of(sk);
	if (likely(s && s->id == read->id))
		smp_store_release(&s->reading, false);
	rcu_read_unlock_sched();
	return true;
}

/* Whether the kernel's own function has the answer at once: an end, an error, or the wrong state. */
static bool rex_stream_is_over(const struct sock *sk)
{
	return sock_flag(sk, SOCK_DONE) || sk->sk_err || sk->sk_shutdown & RCV_SHUTDOWN ||
	       sk->sk_state == TCP_CLOSE || sk->sk_state == TCP_LISTEN ||
	       sk->sk_state == TCP_SYN_SENT;
}

/* Nothing is there to read. 0: look again, also whether the hook is still there. */
static int rex_stream_await(struct rex_stream_sock *s, long *timeo)
{
	struct sock *sk = s->sk;
	int err = 0;

	if (!*timeo)
		return -EAGAIN;
	if (signal_pending(current))
		return sock_intr_errno(*timeo);
	s->waiting = true;
	__module_get(THIS_MODULE);
	err = sk_wait_data(sk, timeo, skb_peek_tail(&sk->sk_receive_queue));
	module_put(THIS_MODULE);
	return min(err, 0);
}

/* What the kernel's function makes of it. Not locked; it may sleep for long unless @flags say no. */
static int rex_stream_base_recv(struct sock *sk, const struct proto *base, struct msghdr *msg,
				size_t len, int flags, int *addr_len)
{
	int ret;

	if (flags & MSG_DONTWAIT)
		return rex_proto_recvmsg(base, sk, msg, len, flags, addr_len);
	__module_get(THIS_MODULE);
	ret = rex_proto_recvmsg(base, sk, msg, len, flags, addr_len);
	module_put(THIS_MODULE);
	return ret;
}

/* The server is about to get bytes that are not shown: the program hears of that before it can act. */
static void rex_stream_read_unseen(struct rex_stream_sock *s, size_t asked)
{
	struct rex_stream *ctx;

	s->lost = true;
	local_bh_disable();
	ctx = rex_stream_live(s) ? rex_stream_begin(s, REX_STREAM_READ) : NULL;
	if (ctx) {
		ctx->asked = min_t(size_t, asked, U32_MAX);
		ctx->tid = task_pid_nr(current);
		rex_stream_run(s, ctx);
	}
	local_bh_enable();
	s->lost = true;
}

/* A read that the program does not see: it looks only, or is out of line, or another is on. */
static bool rex_stream_is_odd(const struct rex_stream_sock *s, size_t len, int flags)
{
	const struct tcp_sock *tp = tcp_sk(s->sk);

	return !len || flags & (MSG_PEEK | MSG_OOB | MSG_ERRQUEUE) || tp->urg_data || tp->repair ||
	       READ_ONCE(s->reading);
}

/*
 * One part of a read: waits until there is something, shows it and reads just that. The socket is
 * locked, and has the hook. Gives what the kernel's function gave; @more: the hook still has it.
 */
static int rex_stream_recv_part(struct rex_stream_sock *s, struct msghdr *msg, size_t len,
				int flags, long *timeo, int *addr_len, bool *more)
{
	struct sock *sk = s->sk;
	struct rex_stream_read read;
	u32 unread;
	int ret;

	*more = false;
	if (unlikely(rex_stream_is_odd(s, len, flags))) {
		if (len && !(flags & (MSG_PEEK | MSG_ERRQUEUE)))
			rex_stream_read_unseen(s, len);
		read.base = s->base;
		release_sock(sk);
		ret = rex_stream_base_recv(sk, read.base, msg, len, flags, addr_len);
		lock_sock(sk);
		return ret;
	}
	if (rex_stream_is_ready(s)) {
		local_bh_disable();
		rex_stream_ready(s);
		local_bh_enable();
	}
	unread = tcp_inq(sk);
	if (!unread && !rex_stream_is_over(sk)) {
		ret = rex_stream_await(s, timeo);
		*more = !ret;
		return ret;
	}
	rex_stream_sync(s);
	unread = rex_stream_plan(s, min_t(size_t, unread, len), len);
	rex_stream_begin_read(s, &read, unread);
	release_sock(sk);
	ret = rex_proto_recvmsg(read.base, sk, msg, unread ?: len, flags | MSG_DONTWAIT, addr_len);
	lock_sock(sk);
	s = rex_stream_of(sk);
	if (s && s->id == read.id) {
		rex_stream_account_read(s);
		*more = ret > 0 || (ret == -EAGAIN && *timeo);
	}
	return ret;
}

/* The hook left the socket before anything was read: the kernel's function takes over. */
#define REX_STREAM_GONE	INT_MIN

static int rex_stream_recv(struct sock *sk, struct msghdr *msg, size_t len, int flags,
			   int *addr_len)
{
	long timeo = sock_rcvtimeo(sk, flags & MSG_DONTWAIT);
	size_t target = sock_rcvlowat(sk, flags & MSG_WAITALL, len), copied = 0;
	struct rex_stream_sock *s;
	bool more = true;
	int ret = 0;

	while (more) {
		s = rex_stream_of(sk);
		if (!s && !copied)
			return REX_STREAM_GONE;
		if (!s || (copied && !tcp_inq(sk) && rex_stream_is_over(sk)))
			break;
		ret = rex_stream_recv_part(s, msg, len - copied, flags, &timeo, addr_len, &more);
		if (ret > 0)
			copied += ret;
		if (copied && (copied >= target || ret < 0 || !timeo))
			break;
	}
	return copied ?: ret;
}

/*
 * A read that does not wait, of bytes that can be shown at once, and all that READY was to do is
 * done: as in softirq, the spinlock will do. Whether it was shown; else nothing has changed.
 */
static bool rex_stream_show_quickly(struct sock *sk, size_t len, int flags,
				    struct rex_stream_read *read)
{
	struct rex_stream_sock *s = rex_stream_of(sk);
	const struct tcp_sock *tp = tcp_sk(sk);
	u32 n, got;

	if (unlikely(!s || flags != MSG_DONTWAIT || rex_stream_is_odd(s, len, flags) ||
		     sk->sk_state != TCP_ESTABLISHED || sock_flag(sk, SOCK_DONE)))
		return false;
	/* tcp_inq(), in that state and without urgent data */
	n = min_t(size_t, tp->rcv_nxt - tp->copied_seq, len);
	if (unlikely(!n || n > REX_STREAM_BYTES || s->read_skip || rex_stream_wants_ready(s, tp)))
		return false;
	rex_stream_sync(s);
	got = rex_stream_show(s, 0, n, len, n == len ? REX_STREAM_FULL : 0);
	if (unlikely(!got)) {
		s->lost = true;
		got = n;
	}
	rex_stream_begin_read(s, read, got);
	return true;
}

/* Such a read, whole. false: it is none, and the socket is locked. */
static bool rex_stream_recv_quickly(struct sock *sk, struct msghdr *msg, size_t len, int flags,
				    int *addr_len, int *ret)
{
	struct rex_stream_read read;
	struct rex_stream_sock *s;
	bool shown;

	/* lock_sock_fast(), but for what has to be done when the socket is owned */
	local_bh_disable();
	bh_lock_sock(sk);
	shown = !sock_owned_by_user_nocheck(sk) && rex_stream_show_quickly(sk, len, flags, &read);
	bh_unlock_sock(sk);
	local_bh_enable();
	if (!shown) {
		lock_sock(sk);
		return false;
	}
	*ret = rex_proto_recvmsg(read.base, sk, msg, read.len, flags, addr_len);
	if (likely(rex_stream_end_read(sk, &read, *ret)))
		return true;
	lock_sock(sk);
	s = rex_stream_of(sk);
	if (s && s->id == read.id)
		rex_stream_account_read(s);
	release_sock(sk);
	return true;
}

/* Any other read. The socket is locked, and no more in the end. */
static noinline int rex_stream_recv_slowly(struct sock *sk, struct msghdr *msg, size_t len,
					   int flags, int *addr_len)
{
	int ret;

	rex_stream_adopt(sk);
	ret = rex_stream_recv(sk, msg, len, flags, addr_len);
	release_sock(sk);
	return ret;
}

static REX_PROTO_RECVMSG(rex_stream_recvmsg)
{
	int ret;

	rex_stream_enter();
	if (rex_stream_recv_quickly(sk, msg, len, flags, REX_ADDR_LEN, &ret)) {
		rex_stream_exit_call();
		return ret;
	}
	ret = rex_stream_recv_slowly(sk, msg, len, flags, REX_ADDR_LEN);
	rex_stream_exit_call();
	if (likely(ret != REX_STREAM_GONE))
		return ret;
	/* A jump, so that nobody comes back here. */
	return rex_proto_recvmsg(READ_ONCE(sk->sk_prot), sk, msg, len, flags, REX_ADDR_LEN);
}

/* ---- writing ------------------------------------------------------------------------------------ */

/* Copies what was written just now, and is in memory therefore: nobody waits for it here. */
static bool rex_stream_copy_written(char *to, u32 n, struct iov_iter *from)
{
	size_t got;

	pagefault_disable();
	got = copy_from_iter(to, n, from);
	pagefault_enable();
	return got == n;
}

/* Shows that the server has written, but no bytes. Whether the program ran. */
static bool rex_stream_show_write(struct rex_stream_sock *s)
{
	struct rex_stream *ctx;

	if (!rex_stream_live(s))
		return false;
	ctx = rex_stream_begin(s, REX_STREAM_WROTE);
	if (!ctx)
		return false;
	ctx->tid = task_pid_nr(current);
	return rex_stream_run(s, ctx);
}

/* @n bytes were accepted that the program does not want to see, the first of them once. */
static void rex_stream_wrote_quietly(struct rex_stream_sock *s, size_t n)
{
	s->write_skip -= min_t(size_t, s->write_skip, n);
	s->passed = false;
	if (s->quiet & REX_STREAM_QUIET_WROTE)
		return;
	s->quiet |= REX_STREAM_QUIET_WROTE;
	local_bh_disable();
	if (!rex_stream_show_write(s))
		s->lost = true;
	local_bh_enable();
}

/* Shows @n bytes, the next of @from. Whether the program ran. */
static bool rex_stream_show_written(struct rex_stream_sock *s, struct iov_iter *from, u32 n,
				    u32 flags)
{
	struct rex_stream *ctx = rex_stream_begin(s, REX_STREAM_WROTE);

	if (!ctx)
		return false;
	if (unlikely(!rex_stream_copy_written((char *)ctx->data, n, from)))
		return false;
	ctx->len = n;
	ctx->flags |= flags;
	ctx->tid = task_pid_nr(current);
	if (!rex_stream_run(s, ctx))
		return false;
	s->write_skip = ctx->skip;
	return true;
}

/* @n bytes of @from were accepted. */
static void rex_stream_wrote(struct rex_stream_sock *s, struct iov_iter *from, size_t n)
{
	u32 part;
	bool ok = true;

	if (rex_stream_is_quiet(s, REX_STREAM_QUIET_WROTE | REX_STREAM_QUIET_BYTES)) {
		rex_stream_wrote_quietly(s, n);
		return;
	}
	if (s->write_skip)
		rex_stream_forget_skips(s);
	while (ok && n) {
		if (s->write_skip) {
			part = min_t(size_t, s->write_skip, n);
			s->write_skip -= part;
			iov_iter_advance(from, part);
		} else {
			part = min_t(size_t, n, REX_STREAM_BYTES);
			local_bh_disable();
			ok = rex_stream_live(s) &&
			     rex_stream_show_written(s, from, part,
						     part < n ? REX_STREAM_MORE : 0);
			local_bh_enable();
		}
		n -= part;
	}
	if (!ok) {
		s->lost = true;
		s->write_skip = 0;
	}
}

/* Replies that are left come before the server's own bytes. 0: they are in the send buffer. */
static int rex_stream_await_left(struct sock *sk, int flags)
{
	long timeo = sock_sndtimeo(sk, flags & MSG_DONTWAIT);
	struct rex_stream_sock *s;
	int err = 0;

	__module_get(THIS_MODULE);
	while (!err && (s = rex_stream_of(sk)) && !rex_stream_force(s))
		err = sk_stream_wait_memory(sk, &timeo);
	module_put(THIS_MODULE);
	return err;
}

/* The kernel's function, which may sleep and then let others at the socket. */
static int rex_stream_base_send(struct sock *sk, struct msghdr *msg, size_t len)
{
	int ret;

	if (msg->msg_flags & MSG_DONTWAIT)
		return tcp_sendmsg_locked(sk, msg, len);
	__module_get(THIS_MODULE);
	ret = tcp_sendmsg_locked(sk, msg, len);
	module_put(THIS_MODULE);
	return ret;
}

/* What has come meanwhile: READY is not called while a write is on. */
static void rex_stream_ready_after_write(struct rex_stream_sock *s)
{
	if (!rex_stream_is_ready(s))
		return;
	local_bh_disable();
	rex_stream_ready(s);
	local_bh_enable();
}

/* The end of a write that began with all told up to @seq. */
static void rex_stream_account_write(struct rex_stream_sock *s, struct iov_iter *from, u32 seq,
				     int ret)
{
	const struct tcp_sock *tp = tcp_sk(s->sk);
	u32 wrote = max(ret, 0);

	s->sending = false;
	if (tp->write_seq - seq != wrote && !(s->sk->sk_shutdown & SEND_SHUTDOWN))
		s->lost = true;
	s->write_seq = tp->write_seq;
	if (wrote)
		rex_stream_wrote(s, from, wrote);
	rex_stream_ready_after_write(s);
}

static noinline int rex_stream_send_locked(struct rex_stream_sock *s, struct msghdr *msg, size_t len)
{
	struct iov_iter from = msg->msg_iter;
	struct sock *sk = s->sk;
	u64 id = s->id;
	u32 seq;
	int ret;

	if (unlikely(s->left)) {
		ret = rex_stream_await_left(sk, msg->msg_flags);
		if (ret)
			return sk_stream_error(sk, msg->msg_flags, ret);
		s = rex_stream_of(sk);
	}
	if (unlikely(!s || s->sending || s->id != id)) {
		/* Two writes at a time have no order. */
		if (s)
			s->lost = true;
		return rex_stream_base_send(sk, msg, len);
	}
	rex_stream_sync(s);
	seq = s->write_seq;
	s->sending = true;
	ret = rex_stream_base_send(sk, msg, len);
	s = rex_stream_of(sk);
	if (likely(s && s->id == id))
		rex_stream_account_write(s, &from, seq, ret);
	return ret;
}

/*
 * A write of which no byte is to be shown, and which does not wait: the socket stays locked, so that
 * nothing else happens to it. false: it is none.
 */
static bool rex_stream_send_quietly(struct sock *sk, struct rex_stream_sock *s, struct msghdr *msg,
				    size_t len, int *ret)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	u32 seq;

	if (!(msg->msg_flags & MSG_DONTWAIT) || unlikely(s->left || s->sending) ||
	    !rex_stream_is_quiet(s, REX_STREAM_QUIET_WROTE | REX_STREAM_QUIET_BYTES))
		return false;
	rex_stream_sync(s);
	/* Once more: what was found missing is to be said. */
	if (unlikely(s->lost))
		return false;
	seq = s->write_seq;
	*ret = tcp_sendmsg_locked(sk, msg, len);
	s->write_seq = tp->write_seq;
	if (unlikely(s->write_seq - seq != max(*ret, 0) && !(sk->sk_shutdown & SEND_SHUTDOWN)))
		s->lost = true;
	else if (*ret > 0)
		rex_stream_wrote_quietly(s, *ret);
	rex_stream_ready_after_write(s);
	return true;
}

static int rex_stream_sendmsg(struct sock *sk, struct msghdr *msg, size_t len)
{
	struct rex_stream_sock *s;
	int ret = 0;

	rex_stream_enter();
	lock_sock(sk);
	s = rex_stream_of(sk);
	if (unlikely(!s)) {
		rex_stream_adopt(sk);
		s = rex_stream_of(sk);
	}
	if (likely(s) && !rex_stream_send_quietly(sk, s, msg, len, &ret))
		ret = rex_stream_send_locked(s, msg, len);
	release_sock(sk);
	rex_stream_exit_call();
	if (likely(s))
		return ret;
	return READ_ONCE(sk->sk_prot)->sendmsg(sk, msg, len);
}

/* ---- its end ---------------------------------------------------------------------------------------- */

/* Replies that are left go out before the end; want of memory is waited for, but not for ever. */
static void rex_stream_close(struct sock *sk, long timeout)
{
	struct proto *base = NULL;
	struct rex_stream_sock *s;
	int tries;

	rex_stream_enter();
	__module_get(THIS_MODULE);
	lock_sock(sk);
	rex_stream_adopt(sk);
	for (tries = 0; (s = rex_stream_of(sk)); tries++) {
		base = s->base;
		s->closing = true;
		if (rex_stream_force(s) || tries == 50)
			break;
		release_sock(sk);
		msleep(20);
		lock_sock(sk);
	}
	base = s ? base : READ_ONCE(sk->sk_prot);
	release_sock(sk);
	base->close(sk, timeout);
	module_put(THIS_MODULE);
	rex_stream_exit_call();
}

/* The socket is locked. */
static void rex_stream_shutdown(struct sock *sk, int how)
{
	struct rex_stream_sock *s;

	rex_stream_enter();
	rex_stream_adopt(sk);
	s = rex_stream_of(sk);
	if (s && how & SEND_SHUTDOWN)
		rex_stream_force(s);
	(s ? s->base : READ_ONCE(sk->sk_prot))->shutdown(sk, how);
	rex_stream_exit_call();
}

/* The socket is locked. It may listen next, so that its proto would be the one of others. */
static int rex_stream_disconnect(struct sock *sk, int flags)
{
	struct rex_stream_sock *s;
	int ret;

	rex_stream_enter();
	rex_stream_adopt(sk);
	s = rex_stream_of(sk);
	if (s)
		rex_stream_give_up(s, 0);
	ret = READ_ONCE(sk->sk_prot)->disconnect(sk, flags);
	rex_stream_exit_call();
	return ret;
}

void rex_stream_override(struct proto *to, const struct proto *base)
{
	*to = *base;
	to->recvmsg = rex_stream_recvmsg;
	to->sendmsg = rex_stream_sendmsg;
	to->close = rex_stream_close;
	to->shutdown = rex_stream_shutdown;
	to->disconnect = rex_stream_disconnect;
}
