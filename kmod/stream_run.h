/* SPDX-License-Identifier: GPL-2.0-only */
/* One event of a socket: the call of the program. Inlined, for its cost is paid at each read. */
#ifndef _REX_STREAM_RUN_H
#define _REX_STREAM_RUN_H

#include "stream.h"
#include "trace.h"

/*
 * What was to be skipped is shown after all, if events were lost or the program was exchanged: who
 * runs next does not know of it.
 */
static inline void rex_stream_forget_skips(struct rex_stream_sock *s)
{
	const struct rex_prog *prog;
	bool known;

	local_bh_disable();
	prog = READ_ONCE(rex_slot_at(s->set->offset)->prog);
	known = !s->lost && prog && READ_ONCE(prog->generation) == s->generation;
	local_bh_enable();
	if (known)
		return;
	s->read_skip = 0;
	s->write_skip = 0;
}

/*
 * Gives the program's verdict; 0: it did not run to its end. It cannot be exchanged or enabled
 * between the look at its generation and its end, for both wait for this CPU.
 */
static __always_inline s32 rex_stream_run(struct rex_stream_sock *s, struct rex_stream *ctx)
{
	const struct rex_stream_set *set = s->set;
	const struct rex_prog *prog = READ_ONCE(rex_slot_at(set->offset)->prog);
	u32 generation = prog ? READ_ONCE(prog->generation) : 0;
	s32 verdict;

	if (unlikely(s->fresh && !s->lost)) {
		ctx->flags |= REX_STREAM_NEW;
	} else if (unlikely(s->lost || s->generation != generation)) {
		ctx->flags |= REX_STREAM_LOST;
		/* What it did not want to see is forgotten, too. */
		memset(s->record, 0, set->record);
		s->read_skip = 0;
		s->write_skip = 0;
		s->quiet = 0;
	}
	ctx->limit = ctx->len;
	verdict = rex_dispatch_at(REX_HOOK_STREAM, ctx, set->offset, set->cookie, rex_raw_setup);
	s->fresh = false;
	/* What follows may be answered now, though it did not change. */
	s->passed = false;
	s->generation = generation;
	s->lost = verdict != REX_STREAM_PASS &&
		  !(verdict == REX_STREAM_ANSWER && ctx->event == REX_STREAM_READY);
	return s->lost ? 0 : verdict;
}

#endif /* _REX_STREAM_RUN_H */
