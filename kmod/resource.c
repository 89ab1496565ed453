// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an invocation holds, which rex.ko releases however it ends. An element is a pointer with
 * its kind in the two lowest bits. Locks are kind 0, because every instruction of taking and
 * releasing one matters: check the disassembly when you change the two fast paths.
 *
 * Elements 1 to @held are in use. Element 0 is always 0, which no pointer equals, so that the
 * last element can be read without testing whether it exists.
 *
 * Nothing here needs to be safe against the watchdog: it never cuts rex.ko's own text.
 */
#include <linux/processor.h>
#include <linux/smp.h>

#include "internal.h"

static_assert(REX_HELD_SOCK <= REX_HELD_MASK);
static_assert(REX_HELD_LOCK == 0);
static_assert(REX_MAX_RESOURCES <= U8_MAX);

/* ---- the list ------------------------------------------------------------------- */

/* Of the invocation that runs now; false when its list is full. See rex_resource_full(). */
bool rex_resource_add(enum rex_held kind, void *ptr)
{
	struct rex_frame *frame = rex_this_frame();

	if (WARN_ON_ONCE((unsigned long)ptr & REX_HELD_MASK) || rex_resource_full(frame))
		return false;
	frame->resources[++frame->held] = (unsigned long)ptr | kind;
	return true;
}

static bool rex_resource_drop(struct rex_frame *frame, unsigned long element)
{
	u32 i;

	for (i = frame->held; i; i--) {
		if (frame->resources[i] != element)
			continue;
		for (; i < frame->held; i++)
			frame->resources[i] = frame->resources[i + 1];
		frame->held--;
		return true;
	}
	return false;
}

/* False when the invocation that runs now does not hold it. The caller releases it then. */
bool rex_resource_remove(enum rex_held kind, void *ptr)
{
	return rex_resource_drop(rex_this_frame(), (unsigned long)ptr | kind);
}

static void rex_resource_release(unsigned long element)
{
	void *ptr = (void *)(element & ~REX_HELD_MASK);

	switch ((enum rex_held)(element & REX_HELD_MASK)) {
	case REX_HELD_LOCK:
		smp_store_release((u32 *)ptr, 0);
		break;
	case REX_HELD_RECORD:
		rex_ringbuf_put(ptr, 0);
		break;
	case REX_HELD_SOCK:
		rex_sk_put(ptr);
		break;
	}
}

/* Everything that @frame still holds, however it ended: the last one first. */
noinline void rex_release(struct rex_frame *frame)
{
	while (frame->held)
		rex_resource_release(frame->resources[frame->held--]);
}

/* The same for an invocation that returned by itself. */
noinline s32 rex_release_all(struct rex_frame *frame, s32 verdict)
{
	rex_release(frame);
	return verdict;
}

/* ---- spin locks ------------------------------------------------------------------- */

/* A held lock's word: its CPU plus one. Any invocation on that CPU would wait forever. */
static __always_inline u32 rex_lock_word(void)
{
	return raw_smp_processor_id() + 1;
}

static __always_inline void rex_lock_got(struct rex_frame *frame, u32 n, u32 *lock)
{
	frame->resources[n + 1] = (unsigned long)lock;
	frame->held++;
}

static long rex_lock_done(struct rex_frame *frame, long ret)
{
	rex_check_stop(frame);
	return ret;
}

/*
 * Not to be had at once: somebody holds it, too much is held, or the invocation is to end. The
 * frame is found again, which keeps it out of the way of the fast path.
 */
static noinline long rex_lock_slow(u32 *lock)
{
	struct rex_frame *frame = rex_this_frame();
	u32 me = rex_lock_word(), old = READ_ONCE(*lock);

	if (rex_resource_full(frame))
		return rex_lock_done(frame, -ENOSPC);
	/* Only at the first try: another CPU's lock never becomes ours. */
	if (old == me)
		return rex_lock_done(frame, -EDEADLK);
	WRITE_ONCE(frame->waiting, true);
	for (;;) {
		rex_check_stop(frame);
		if (!old && try_cmpxchg_acquire(lock, &old, me))
			break;
		cpu_relax();
		old = READ_ONCE(*lock);
	}
	WRITE_ONCE(frame->waiting, false);
	rex_lock_got(frame, frame->held, lock);
	return rex_lock_done(frame, 0);
}

notrace long rex_spin_lock(u32 *lock)
{
	struct rex_frame *frame = rex_this_frame();
	u32 n = READ_ONCE(frame->held_stop), old = 0;

	/* Also when it is to stop: that is the byte above. */
	if (unlikely(n >= REX_MAX_RESOURCES))
		return rex_lock_slow(lock);
	if (unlikely(!try_cmpxchg_acquire(lock, &old, rex_lock_word())))
		return rex_lock_slow(lock);
	rex_lock_got(frame, n, lock);
	return 0;
}
REX_EXPORT(rex_spin_lock);

notrace long rex_spin_trylock(u32 *lock)
{
	struct rex_frame *frame = rex_this_frame();
	u32 me = rex_lock_word(), old = 0;

	if (unlikely(rex_resource_full(frame)))
		return rex_lock_done(frame, -ENOSPC);
	if (!try_cmpxchg_acquire(lock, &old, me))
		return rex_lock_done(frame, old == me ? -EDEADLK : -EBUSY);
	rex_lock_got(frame, frame->held, lock);
	return rex_lock_done(frame, 0);
}
REX_EXPORT(rex_spin_trylock);

/* Not the lock that was taken last. */
static noinline long rex_unlock_other(u32 *lock)
{
	struct rex_frame *frame = rex_this_frame();

	if (!rex_resource_drop(frame, (unsigned long)lock))
		return rex_lock_done(frame, -EPERM);
	smp_store_release(lock, 0);
	return rex_lock_done(frame, 0);
}

/* Who unlocks has locked, and that looked for a stop: no need to look again. */
notrace long rex_spin_unlock(u32 *lock)
{
	struct rex_frame *frame = rex_this_frame();

	if (unlikely(frame->resources[frame->held] != (unsigned long)lock))
		return rex_unlock_other(lock);
	frame->held--;
	smp_store_release(lock, 0);
	return 0;
}
REX_EXPORT(rex_spin_unlock);
