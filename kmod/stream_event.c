// SPDX-License-Identifier: GPL-2.0-only
/*
 * One event of a socket: what the program gets, and whether it ran. The socket is locked, and
 * bottom halves are off between rex_stream_begin() and the end: the buffers are this CPU's.
 */
#include <linux/vmalloc.h>

#include "stream_run.h"

DEFINE_PER_CPU(struct rex_stream_cpu, rex_stream_cpu);

/* ---- buffers -------------------------------------------------------------------------------- */

static int rex_stream_buffer(char **buffer, size_t size, int cpu)
{
	void *new;

	if (READ_ONCE(*buffer))
		return 0;
	new = vmalloc_node(size, cpu_to_node(cpu));
	if (!new)
		return -ENOMEM;
	/* What was given away is filled in while events run. */
	if (cmpxchg(buffer, NULL, new))
		vfree(new);
	return 0;
}

/* For all CPUs that may come. */
int rex_stream_buffers(void)
{
	int cpu, ret = 0;

	for_each_possible_cpu(cpu) {
		struct rex_stream_cpu *c = per_cpu_ptr(&rex_stream_cpu, cpu);

		ret = ret ?: rex_stream_buffer(&c->out, REX_STREAM_ROOM, cpu);
		ret = ret ?: rex_stream_buffer(&c->spare, REX_STREAM_ROOM, cpu);
		/* Last: who finds it has all. */
		ret = ret ?: rex_stream_buffer(&c->in, REX_STREAM_BYTES, cpu);
	}
	return ret;
}

static void rex_stream_refill(struct work_struct *work)
{
	/* No memory: this CPU answers nothing until somebody wants a spare again. */
	rex_stream_buffers();
}

static DECLARE_WORK(rex_stream_refill_work, rex_stream_refill);

void rex_stream_spare_wanted(void)
{
	schedule_work(&rex_stream_refill_work);
}

void rex_stream_buffers_exit(void)
{
	int cpu;

	cancel_work_sync(&rex_stream_refill_work);
	for_each_possible_cpu(cpu) {
		struct rex_stream_cpu *c = per_cpu_ptr(&rex_stream_cpu, cpu);

		vfree(c->in);
		vfree(c->out);
		vfree(c->spare);
	}
}

/* ---- what is missing ------------------------------------------------------------------------- */

/* Whether nothing was read or written yet. */
static bool rex_stream_untouched(const struct tcp_sock *tp)
{
	return tp->bytes_received == tp->rcv_nxt - tp->copied_seq && !tp->bytes_sent &&
	       tp->write_seq == tp->snd_una;
}

/*
 * Finds bytes that were read or written past the hook, by splice(2) and the like. What the program
 * was shown last may have been read, or be about to.
 */
void rex_stream_find_missing(struct rex_stream_sock *s)
{
	const struct tcp_sock *tp = tcp_sk(s->sk);
	u32 read = READ_ONCE(tp->copied_seq);

	if (unlikely(!s->started)) {
		s->started = true;
		s->fresh = rex_stream_untouched(tp);
		s->lost = !s->fresh;
		s->read_seq = read;
		s->read_end = read;
		s->write_seq = tp->write_seq;
		return;
	}
	if (read != s->read_seq) {
		s->lost |= read != s->read_end;
		s->read_seq = read;
	}
	if (!READ_ONCE(s->reading))
		s->read_end = read;
	if (unlikely(tp->write_seq != s->write_seq)) {
		/* Behind its end there are no more bytes. */
		if (!(s->sk->sk_shutdown & SEND_SHUTDOWN))
			s->lost = true;
		s->write_seq = tp->write_seq;
	}
}

/* ---- the last one ------------------------------------------------------------------------------- */

/*
 * The socket goes, or the hook leaves it (REX_STREAM_DETACHED): the program hears of that before a
 * byte can pass unseen.
 */
void rex_stream_closed(struct rex_stream_sock *s, u32 flags)
{
	struct rex_stream *ctx;

	if (s->listener)
		flags |= REX_STREAM_LISTENER;
	/* No event came: there is nothing to end. */
	if (!flags && (!s->started || s->fresh))
		return;
	local_bh_disable();
	ctx = rex_stream_live(s) ? rex_stream_begin(s, REX_STREAM_CLOSED) : NULL;
	if (ctx) {
		ctx->flags |= flags;
		if (s->sk->sk_protocol == IPPROTO_UDP)
			ctx->flags |= REX_STREAM_UDP;
		rex_stream_run(s, ctx);
	}
	local_bh_enable();
}
