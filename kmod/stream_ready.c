// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unread bytes that the program may answer: in softirq, when they come, or in the server's call,
 * before it gets them. The socket is locked, and no call of the server's is half-way.
 */
#include <linux/unaligned.h>

#include "stream_run.h"

#define REX_STREAM_TURNS 4	/* so many buffers are answered in one go */

/* From so many bytes on, the instruction that copies words is the fastest on every CPU. */
#define REX_STREAM_STRING	512

static __always_inline void rex_stream_copy(char *to, const char *from, u32 n)
{
	unsigned long words = n / sizeof(u64);

	/* Short ones are better copied by the kernel's function than by this instruction. */
	if (n < REX_STREAM_STRING) {
		OPTIMIZER_HIDE_VAR(n);
		memcpy(to, from, n);
		return;
	}
	/* The last bytes, and then all others again. */
	put_unaligned(get_unaligned((const u64 *)(from + n - sizeof(u64))),
		      (u64 *)(to + n - sizeof(u64)));
	asm volatile("rep movsq" : "+D" (to), "+S" (from), "+c" (words) : : "memory");
}

/* Where the bytes are if they are in one piece at the beginning of the queue, as most requests are. */
static __always_inline const char *rex_stream_in_one_piece(const struct sock *sk, u32 n)
{
	struct sk_buff *skb = skb_peek(&sk->sk_receive_queue);
	const skb_frag_t *frag;
	u32 off;

	if (unlikely(!skb || TCP_SKB_CB(skb)->tcp_flags & TCPHDR_SYN))
		return NULL;
	off = tcp_sk(sk)->copied_seq - TCP_SKB_CB(skb)->seq;
	if (off >= skb->len || n > skb->len - off)
		return NULL;
	if (off < skb_headlen(skb))
		return n > skb_headlen(skb) - off ? NULL : skb->data + off;
	off -= skb_headlen(skb);
	frag = &skb_shinfo(skb)->frags[0];
	if (!skb_shinfo(skb)->nr_frags || !skb_frags_readable(skb) ||
	    off >= skb_frag_size(frag) || n > skb_frag_size(frag) - off)
		return NULL;
	return (const char *)page_address(skb_frag_page(frag)) + skb_frag_off(frag) + off;
}

/* The same of any bytes. What cannot be read is left out, and all behind it. */
static noinline u32 rex_stream_gather(struct sock *sk, u32 skip, char *to, u32 n)
{
	struct sk_buff *skb;
	u32 off, len, done = 0;

	skb = tcp_recv_skb(sk, tcp_sk(sk)->copied_seq, &off);
	while (skb && done < n) {
		len = skb->len - off;
		if (skip >= len) {
			skip -= len;
		} else {
			len = min(len - skip, n - done);
			if (skb_copy_bits(skb, off + skip, to + done, len))
				break;
			done += len;
			skip = 0;
		}
		off = 0;
		skb = skb_queue_is_last(&sk->sk_receive_queue, skb) ? NULL :
		      skb_queue_next(&sk->sk_receive_queue, skb);
	}
	return done;
}

/* Up to @n of the unread bytes behind @skip. */
u32 rex_stream_peek(struct sock *sk, u32 skip, char *to, u32 n)
{
	const char *from = skip ? NULL : rex_stream_in_one_piece(sk, n);

	if (unlikely(!from))
		return rex_stream_gather(sk, skip, to, n);
	rex_stream_copy(to, from, n);
	return n;
}

/* Whether a reply would be in its place: behind whole writes, and before the server's next read. */
static bool rex_stream_may_answer(const struct rex_stream_sock *s)
{
	const struct sock *sk = s->sk;
	const struct tcp_sock *tp = tcp_sk(sk);

	return sk->sk_state == TCP_ESTABLISHED && sk->sk_socket && !sk->sk_err &&
	       !sk->sk_shutdown && !tp->urg_data && !tp->repair &&
	       !(tp->nonagle & TCP_NAGLE_CORK) &&
	       !READ_ONCE(s->reading) && !s->sending && !s->closing && !s->read_skip && !s->write_skip;
}

/* How long a reply may be: an empty send buffer takes any. */
static u32 rex_stream_room(const struct rex_stream_sock *s)
{
	const struct sock *sk = s->sk;
	int room = READ_ONCE(sk->sk_sndbuf) - sk->sk_wmem_queued;

	if (s->left || rex_stream_fails(REX_STREAM_FAULT_ROOM))
		return 0;
	if (!sk->sk_wmem_queued)
		return REX_STREAM_ROOM;
	return clamp(room, 0, REX_STREAM_ROOM);
}

/* What the program asks for, done whole or not at all: what is not sent now is kept. */
static bool rex_stream_answer(struct rex_stream_sock *s, struct rex_stream_cpu *c)
{
	struct rex_stream *ctx = &c->ctx;
	u32 consume = ctx->consume, n = ctx->reply_len, cut = n;
	int sent = 0;

	if (!consume || consume > ctx->len || n > ctx->room) {
		s->lost = true;
		return false;
	}
	if (n) {
		if (rex_stream_fails(REX_STREAM_FAULT_SHORT))
			cut = n / 2;
		c->busy = true;
		sent = cut ? rex_stream_send_reply(s, c->out, cut) : 0;
		c->busy = false;
		if (sent < n)
			rex_stream_keep(s, c, sent, n - sent);
		rex_stream_count(s, answered, 1);
		rex_stream_count(s, bytes, n);
	}
	/* After the reply, which carries the acknowledgement. */
	tcp_read_done(s->sk, consume);
	s->read_seq = tcp_sk(s->sk)->copied_seq;
	s->read_end = s->read_seq;
	return true;
}

/* One buffer of unread bytes. Whether they were answered. */
static bool rex_stream_turn(struct rex_stream_sock *s, u32 unread)
{
	struct rex_stream_cpu *c = this_cpu_ptr(&rex_stream_cpu);
	const struct tcp_sock *tp = tcp_sk(s->sk);
	struct rex_stream *ctx;
	s32 verdict;
	u32 room;

	rex_stream_sync(s);
	room = rex_stream_room(s);
	if (!room || unlikely(!c->spare)) {
		rex_stream_count(s, no_room, 1);
		return false;
	}
	ctx = rex_stream_begin(s, REX_STREAM_READY);
	if (unlikely(!ctx))
		return false;
	ctx->len = rex_stream_peek(s->sk, 0, c->in, min(unread, REX_STREAM_BYTES));
	if (unlikely(!ctx->len))
		return false;
	ctx->room = room;
	verdict = rex_stream_run(s, ctx);
	if (verdict == REX_STREAM_ANSWER)
		return rex_stream_answer(s, c);
	s->passed = verdict == REX_STREAM_PASS;
	s->ready_rcv = tp->rcv_nxt;
	s->ready_copied = tp->copied_seq;
	return false;
}

/* Bottom halves are off. */
void rex_stream_ready(struct rex_stream_sock *s)
{
	const struct tcp_sock *tp = tcp_sk(s->sk);
	int turn;

	for (turn = 0; turn < REX_STREAM_TURNS; turn++)
		if (!rex_stream_is_ready(s) || !rex_stream_may_answer(s) ||
		    !rex_stream_live(s) || !rex_stream_turn(s, tp->rcv_nxt - tp->copied_seq))
			break;
}

/*
 * sk_data_ready. When the socket is in use by a task, this is the end of its call, and the server
 * may be in the middle of a write: it is woken, and the bytes are looked at before it reads them.
 */
void rex_stream_data_ready(struct sock *sk)
{
	struct rex_stream_sock *s = rex_stream_of(sk);
	const struct tcp_sock *tp = tcp_sk(sk);

	if (unlikely(!s)) {
		rex_stream_plain_data_ready(sk);
		return;
	}
	if (!sock_owned_by_user_nocheck(sk)) {
		if (tp->rcv_nxt != tp->copied_seq) {
			if (!rex_stream_wants_ready(s, tp))
				goto wake;
			rex_stream_ready(s);
		}
		/* Nothing to wake the server for: poll(2) looks at the same numbers. */
		if (tp->rcv_nxt == tp->copied_seq && !sk->sk_shutdown && !sk->sk_err &&
		    sk->sk_state == TCP_ESTABLISHED)
			return;
	}
wake:
	s->data_ready(sk);
}
