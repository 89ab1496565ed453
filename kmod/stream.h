/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the hook "stream" share. A stream is a set of sockets that one entry serves;
 * each socket's part of it is looked at and changed under that socket's lock.
 */
#ifndef _REX_STREAM_H
#define _REX_STREAM_H

#include <linux/timer.h>
#include <net/tcp.h>

#include "dispatch.h"
#include "internal.h"

struct rex_stream_counts {
	u64	missed;
	u64	answered;
	u64	bytes;
	u64	shorts;
	u64	no_room;
};

struct rex_stream_set {
	struct list_head	list;		/* these two: rex_stream_lock */
	struct list_head	socks;
	u32			pins;		/* user space is at it */
	u32			id;
	u32			slot;
	unsigned long		offset;		/* of the slot in rex_slots */
	u64			cookie;
	u32			record;		/* bytes of each socket's record */
	u32			n[2];		/* sockets: others, listeners */
	bool			ending;		/* no socket joins any more */
	/* stands in for connections that there was no memory for, until their first call */
	struct rex_stream_sock	*orphan;
	struct rex_stream_counts __percpu *counts;
	struct in6_addr		address;	/* these: of the first socket */
	u16			port;
	u8			protocol;
	u32			netns;
	struct rcu_head		rcu;
};

struct rex_stream_sock {
	struct sock		*sk;
	struct rex_stream_set	*set;
	struct list_head	node;		/* rex_stream_lock */
	struct proto		*base;		/* what the socket had before; so are these two */
	void			(*data_ready)(struct sock *sk);
	void			(*write_space)(struct sock *sk);
	u64			id;
	u32			generation;	/* of the program that @record is from */
	/* sequence numbers up to which the program knows what was read and written */
	u32			read_seq, write_seq;
	u32			read_end;	/* of the read that was shown last; @read_seq: it is over */
	u32			ready_rcv, ready_copied;	/* when READY passed last */
	u32			quiet;		/* REX_STREAM_QUIET_*, unless @lost */
	/* bytes that the program does not want to see */
	u32			read_skip, write_skip;
	bool			listener;
	u8			reuse;		/* of a listener: what sk_reuse was */
	bool			orphan;		/* set->orphan */
	bool			started;	/* an event came */
	bool			fresh;		/* none ran yet, and no byte is missing */
	bool			lost;
	bool			passed;		/* @ready_rcv and @ready_copied hold */
	bool			sending;	/* a call is on, perhaps without the lock; so is */
	bool			reading;	/* this one, which may end without it */
	bool			waiting;	/* a task, for bytes to read */
	bool			closing;
	bool			flushing;
	spinlock_t		udp_lock;	/* UDP: instead of the socket's */
	/* of a reply that did not fit the send buffer: stream_left.c */
	char			*left;
	u32			left_off, left_len;
	struct timer_list	timer;
	struct rcu_head		rcu;
	u64			record[];
};

/*
 * What one event needs on its CPU. The buffers are there from the first stream on; @spare is for
 * who has to give @out away.
 */
struct rex_stream_cpu {
	struct rex_stream	ctx;
	char			*in, *out, *spare;
	bool			busy;
};

DECLARE_PER_CPU(struct rex_stream_cpu, rex_stream_cpu);

extern spinlock_t rex_stream_lock;

/* What a socket has as its own, or an orphan; NULL: it has not the hook. */
static inline struct rex_stream_sock *rex_stream_any_of(const struct sock *sk)
{
	return rcu_dereference_raw(inet_csk(sk)->icsk_ulp_data);
}

static inline struct rex_stream_sock *rex_stream_of(const struct sock *sk)
{
	struct rex_stream_sock *s = rex_stream_any_of(sk);

	return likely(s && !s->orphan) ? s : NULL;
}

/* Whether the program does without such events: REX_STREAM_QUIET_*. */
static inline bool rex_stream_is_quiet(const struct rex_stream_sock *s, u32 what)
{
	return s->quiet & what && !s->lost;
}

/* Whether READY has not passed the unread bytes, which there are. */
static inline bool rex_stream_wants_ready(const struct rex_stream_sock *s, const struct tcp_sock *tp)
{
	return !rex_stream_is_quiet(s, REX_STREAM_QUIET_READY) &&
	       !(s->passed && s->ready_rcv == tp->rcv_nxt && s->ready_copied == tp->copied_seq);
}

/* Whether there are unread bytes that READY has not passed. */
static inline bool rex_stream_is_ready(const struct rex_stream_sock *s)
{
	const struct tcp_sock *tp = tcp_sk(s->sk);

	return tp->rcv_nxt != tp->copied_seq && rex_stream_wants_ready(s, tp);
}

/* Whether the program would run; else there is no need to prepare an event. */
static inline bool rex_stream_live(const struct rex_stream_sock *s)
{
	const struct rex_stream_set *set = s->set;

	return likely(READ_ONCE(rex_slot_at(set->offset)->live[REX_HOOK_STREAM]) == set->cookie);
}

void rex_stream_find_missing(struct rex_stream_sock *s);

/* Before an event: finds what was read or written past the hook. */
static inline void rex_stream_sync(struct rex_stream_sock *s)
{
	const struct tcp_sock *tp = tcp_sk(s->sk);
	u32 read = READ_ONCE(tp->copied_seq);

	if (unlikely(!s->started || read != s->read_end || tp->write_seq != s->write_seq))
		rex_stream_find_missing(s);
	else
		s->read_seq = read;
}

/*
 * The context of an event, but for what is particular to it. NULL: this CPU sends a reply, which
 * led here, and its buffers are in use.
 */
static inline struct rex_stream *rex_stream_begin(struct rex_stream_sock *s, u32 event)
{
	struct rex_stream_cpu *c = this_cpu_ptr(&rex_stream_cpu);
	struct rex_stream *ctx = &c->ctx;

	if (unlikely(c->busy))
		return NULL;
	ctx->data = (unsigned long)c->in;
	ctx->reply = (unsigned long)c->out;
	ctx->record = (unsigned long)s->record;
	ctx->socket = s->id;
	ctx->sock = (unsigned long)s->sk;
	ctx->len = 0;
	ctx->room = 0;
	ctx->event = event;
	ctx->flags = s->sk->sk_family == AF_INET6 ? REX_STREAM_IPV6 : 0;
	ctx->asked = 0;
	ctx->tid = 0;
	ctx->consume = 0;
	ctx->reply_len = 0;
	ctx->skip = 0;
	ctx->quiet = 0;
	return ctx;
}

#define rex_stream_count(s, what, n) this_cpu_add((s)->set->counts->what, n)

/* ---- tests make things fail: every so many times (stream_test.c) ------------------------- */

enum rex_stream_fault {
	REX_STREAM_FAULT_SHORT,
	REX_STREAM_FAULT_MEMORY,
	REX_STREAM_FAULT_ROOM,
	REX_STREAM_FAULTS,
};

extern uint rex_stream_every[REX_STREAM_FAULTS];
bool rex_stream_fails_now(enum rex_stream_fault what);

static inline bool rex_stream_fails(enum rex_stream_fault what)
{
	return unlikely(READ_ONCE(rex_stream_every[what])) && rex_stream_fails_now(what);
}

/* ---- the streams (stream.c) ---------------------------------------------------------------- */

struct rex_stream_set *rex_stream_pin(u32 id);
void rex_stream_pin_again(struct rex_stream_set *set);
void rex_stream_unpin(struct rex_stream_set *set);
struct rex_stream_set *rex_stream_next(u32 after);
struct rex_stream_set *rex_stream_new(u32 slot, u64 cookie, struct netlink_ext_ack *extack);
bool rex_stream_join(struct rex_stream_sock *s);
void rex_stream_leave(struct rex_stream_sock *s);
void rex_stream_bar(struct rex_stream_set *set);
struct sock *rex_stream_first(struct rex_stream_set *set, bool listener);

/* ---- a socket gets the hook and loses it (stream_sock.c) ------------------------------------ */

int rex_stream_add(struct sock *sk, struct rex_stream_set *set, struct netlink_ext_ack *extack);
int rex_stream_end(struct rex_stream_set *set);
void rex_stream_give_up(struct rex_stream_sock *s, u32 flags);
void rex_stream_adopt(struct sock *sk);
void rex_stream_plain_data_ready(struct sock *sk);
void rex_stream_plain_write_space(struct sock *sk);
int rex_stream_ulp_init(void);
void rex_stream_ulp_exit(void);

/* ---- one event (stream_event.c) --------------------------------------------------------------- */

int rex_stream_buffers(void);
void rex_stream_buffers_exit(void);
void rex_stream_spare_wanted(void);
void rex_stream_closed(struct rex_stream_sock *s, u32 flags);

/* ---- answers (stream_ready.c) -------------------------------------------------------------------- */

u32 rex_stream_peek(struct sock *sk, u32 skip, char *to, u32 n);
void rex_stream_ready(struct rex_stream_sock *s);
void rex_stream_data_ready(struct sock *sk);

/* ---- the server's calls (stream_io.c) ------------------------------------------------------------- */

DECLARE_PER_CPU(long, rex_stream_calls);

static __always_inline void rex_stream_enter(void)
{
	this_cpu_inc(rex_stream_calls);
}

static __always_inline void rex_stream_exit_call(void)
{
	this_cpu_dec(rex_stream_calls);
}

void rex_stream_calls_wait(void);
void rex_stream_override(struct proto *to, const struct proto *base);

/* ---- replies that wait (stream_left.c) -------------------------------------------------------------- */

int rex_stream_send_reply(struct rex_stream_sock *s, char *bytes, u32 n);
void rex_stream_keep(struct rex_stream_sock *s, struct rex_stream_cpu *cpu, u32 off, u32 n);
bool rex_stream_flush(struct rex_stream_sock *s);
bool rex_stream_force(struct rex_stream_sock *s);
void rex_stream_drop_left(struct rex_stream_sock *s);
void rex_stream_write_space(struct sock *sk);
void rex_stream_timer(struct timer_list *timer);

/* ---- UDP (stream_udp.c) --------------------------------------------------------------------------------- */

int rex_stream_udp_add(struct rex_stream_sock *s, struct netlink_ext_ack *extack);
void rex_stream_udp_end(struct sock *sk);

#endif /* _REX_STREAM_H */
