// SPDX-License-Identifier: GPL-2.0-only
/* The slow ends of dispatch: refusals, and run time measurement. */
#include <linux/timekeeping.h>

#include "dispatch.h"

DEFINE_PER_CPU(struct rex_totals, rex_totals);

/* The comparison with @live failed: a stranger, or a program that may not run now. */
noinline notrace s32 rex_refuse_slot(u32 hook, unsigned long slot_offset, u64 cookie)
{
	const struct rex_slot *slot = (void *)rex_slots + slot_offset;

	if (!READ_ONCE(slot->prog) || slot->hook != hook || rex_slot_cookie(slot) != cookie)
		this_cpu_inc(rex_totals.stale);
	return rex_hooks[hook].safe;
}

static __always_inline void rex_give_back(struct rex_frame *frame)
{
	barrier();
	this_cpu_write(rex_top, frame);
	if (frame->unguarded)
		rex_guard_exit();
}

static noinline notrace s32 rex_undo_held(struct rex_frame *frame, s32 verdict)
{
	verdict = rex_release_all(frame, verdict);
	rex_give_back(frame);
	return verdict;
}

/* An invocation has ended that holds something, or is unguarded. */
noinline notrace s32 rex_undo(struct rex_frame *frame, s32 verdict)
{
	if (unlikely(frame->held))
		return rex_undo_held(frame, verdict);
	rex_give_back(frame);
	return verdict;
}

/* Nested too deep, or no other CPU would look after it. */
noinline notrace s32 rex_refuse_run(u32 hook, unsigned long slot_offset)
{
	const struct rex_slot *slot = (void *)rex_slots + slot_offset;

	this_cpu_inc(rex_totals.refused);
	this_cpu_inc(slot->counts->refused);
	return rex_hooks[hook].safe;
}
