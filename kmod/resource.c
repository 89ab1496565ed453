// SPDX-License-Identifier: GPL-2.0-only
/* What an invocation holds and rex.ko releases when it ends: spin locks, for now. */
#include <linux/processor.h>
#include <linux/smp.h>

#include "internal.h"

/* A held lock's word: its CPU plus one. Any invocation on that CPU would wait forever. */
static u32 rex_lock_word(void)
{
	return raw_smp_processor_id() + 1;
}

static long rex_lock(u32 *lock, bool wait)
{
	struct rex_frame *frame = rex_this_frame();
	u32 me = rex_lock_word(), old;
	unsigned int index;
	long ret = 0;

	index = find_first_zero_bit(&frame->held, REX_MAX_RESOURCES);
	if (index == REX_MAX_RESOURCES) {
		ret = -ENOSPC;
		goto out;
	}
	for (;;) {
		old = 0;
		if (try_cmpxchg_acquire(lock, &old, me))
			break;
		/* Only at the first try: another CPU's lock never becomes ours. */
		if (old == me) {
			ret = -EDEADLK;
			goto out;
		}
		if (!wait) {
			ret = -EBUSY;
			goto out;
		}
		WRITE_ONCE(frame->waiting, true);
		rex_check_stop(frame);
		cpu_relax();
	}
	WRITE_ONCE(frame->waiting, false);
	frame->locks[index] = lock;
	__set_bit(index, &frame->held);
out:
	rex_check_stop(frame);
	return ret;
}

long rex_spin_lock(u32 *lock)
{
	return rex_lock(lock, true);
}
REX_EXPORT(rex_spin_lock);

long rex_spin_trylock(u32 *lock)
{
	return rex_lock(lock, false);
}
REX_EXPORT(rex_spin_trylock);

long rex_spin_unlock(u32 *lock)
{
	struct rex_frame *frame = rex_this_frame();
	unsigned int index;
	long ret = -EPERM;

	for_each_set_bit(index, &frame->held, REX_MAX_RESOURCES) {
		if (frame->locks[index] != lock)
			continue;
		__clear_bit(index, &frame->held);
		smp_store_release(lock, 0);
		ret = 0;
		break;
	}
	rex_check_stop(frame);
	return ret;
}
REX_EXPORT(rex_spin_unlock);

/* Everything that @frame still holds, however it ended. */
noinline notrace void rex_release(struct rex_frame *frame)
{
	unsigned int index;

	for_each_set_bit(index, &frame->held, REX_MAX_RESOURCES)
		smp_store_release(frame->locks[index], 0);
	frame->held = 0;
}

/* The same for an invocation that returned by itself; gives its frame back, too. */
noinline notrace s32 rex_release_last(struct rex_frame *frame, s32 verdict)
{
	rex_release(frame);
	this_cpu_write(rex_top, frame);
	return verdict;
}
