/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Running an entry on its own stack. All of this is inlined in each kfunc: what an
 * empty program costs is counted in instructions, so look at the disassembly before
 * and after you change anything here.
 */
#ifndef _REX_DISPATCH_H
#define _REX_DISPATCH_H

#include <asm/asm.h>
#include <asm/nospec-branch.h>

#include "internal.h"

s32 rex_refuse_slot(u32 hook, unsigned long slot_offset, u64 cookie);
s32 rex_refuse_run(u32 hook, unsigned long slot_offset);
s32 rex_undo(struct rex_frame *frame, s32 verdict);

/*
 * Calls @fn on the stack below *@frame. The program preserves the callee-saved registers
 * when it returns; they are stored only for rex_unwind(), which may come here from any
 * depth instead. The stack swizzle is the one that objtool knows; the unwinder cannot look
 * through all the same, for it knows no stacks but the kernel's own (backtrace.c).
 */
static __always_inline s32 rex_call(struct rex_frame **frame, rex_fn fn, struct rex_ctx *ctx)
{
	struct rex_frame *tos = *frame;
	long rax = (long)fn;

	asm_inline volatile(
		"movq	%%rbx, %c[regs]+0(%[tos])\n"
		"movq	%%rbp, %c[regs]+8(%[tos])\n"
		"movq	%%r12, %c[regs]+16(%[tos])\n"
		"movq	%%r13, %c[regs]+24(%[tos])\n"
		"movq	%%r14, %c[regs]+32(%[tos])\n"
		"movq	%%r15, %c[regs]+40(%[tos])\n"
		"movq	%%rsp, (%[tos])\n"
		"movq	%[tos], %%rsp\n"
		CALL_NOSPEC
		"movq	%%rsp, %[tos]\n"	/* these two: REX_CALL_TAIL */
		"popq	%%rsp\n"
		: [thunk_target] "+a" (rax), [tos] "+c" (tos), "+D" (ctx), ASM_CALL_CONSTRAINT
		: [regs] "i" (REX_FRAME_REGS)
		: "rdx", "rsi", "r8", "r9", "r10", "r11", "cc", "memory");

	*frame = tos;
	return (s32)rax;
}

enum rex_callers { REX_CALLERS_BH_OFF, REX_CALLERS_IRQS_ON, REX_CALLERS_ANY };

/* Of a hook that the compiler knows: rex_hooks.h. */
static __always_inline enum rex_callers rex_hook_callers(u32 hook)
{
	switch (hook) {
#define REX_HOOK_CALLERS(number, ID, name, safe, callers, ...) \
	case number: return REX_CALLERS_##callers;
	REX_HOOKS(REX_HOOK_CALLERS)
#undef REX_HOOK_CALLERS
	}
	return REX_CALLERS_ANY;
}

/*
 * Whether the hook's callers always have bottom halves disabled, which keeps the task on its
 * CPU as well as preempt_disable() does, but for real-time kernels.
 */
static __always_inline bool rex_hook_has_bh_off(u32 hook)
{
	return !IS_ENABLED(CONFIG_PREEMPT_RT) && rex_hook_callers(hook) == REX_CALLERS_BH_OFF;
}

/* Whether the hook's callers may have interrupts off: see guard.c. */
static __always_inline bool rex_hook_may_have_irqs_off(u32 hook)
{
	return rex_hook_callers(hook) == REX_CALLERS_ANY;
}

/* Where the slot is in the table. @slot_id is cut to its size instead of compared: the cookie tells. */
static __always_inline unsigned long rex_slot_offset(u32 slot_id)
{
	return (slot_id % REX_MAX_SLOTS) * sizeof(struct rex_slot);
}

static __always_inline struct rex_slot *rex_slot_at(unsigned long offset)
{
	return (void *)rex_slots + offset;
}

/* @raw: the hook's own context. Gives the hook's safe verdict when the program does not run. */
static __always_inline s32 rex_dispatch_at(u32 hook, void *raw, unsigned long offset, u64 cookie,
					   struct rex_ctx *(*setup)(struct rex_frame *, void *))
{
	struct rex_slot *slot = rex_slot_at(offset);
	struct rex_frame *frame;
	bool unguarded;
	s32 ret;

	/*
	 * Whatever is called on the way, where nothing is wrong, keeps all registers, and behind the
	 * program only the verdict is left: so no register has to be saved here.
	 */

	if (!rex_hook_has_bh_off(hook))
		preempt_disable_notrace();

	/* One load, which READ_ONCE would keep out of the comparison. */
	if (unlikely(slot->live[hook] != cookie)) {
		ret = rex_refuse_slot(hook, offset, cookie);
		goto out;
	}
	frame = this_cpu_read(rex_top);
	unguarded = rex_hook_may_have_irqs_off(hook) && irqs_disabled();
	if (unlikely(!frame)) {
		asm_inline volatile("call rex_wake_kept"
				    : "=a" (frame), ASM_CALL_CONSTRAINT : : "cc", "memory");
		if (!frame)
			goto refused;
	}
	if (unguarded) {
		u32 guard = hook;

		asm_inline volatile("call rex_guard_kept"
				    : "+a" (guard), ASM_CALL_CONSTRAINT
				    : : "rdx", "r9", "r10", "r11", "cc", "memory");
		if (!guard)
			goto refused;
	}
	/*
	 * Take the frame first, then fill it: whoever interrupts us in between uses the same
	 * frame and puts it back, or already the next one.
	 */
	this_cpu_write(rex_top, frame->next);
	barrier();
	WRITE_ONCE(frame->slot_offset, offset);
	WRITE_ONCE(frame->watch, unguarded);	/* the lowest byte */
	this_cpu_inc(slot->counts->runs);
	ret = rex_call(&frame, slot->fn, setup(frame, raw));
	if (unlikely(frame->to_undo)) {
		ret = rex_undo(frame, ret);
	} else {
		barrier();
		this_cpu_write(rex_top, frame);
	}
	goto out;
refused:
	ret = rex_refuse_run(hook, offset);
out:
	if (!rex_hook_has_bh_off(hook))
		preempt_enable_notrace();
	return ret;
}

static __always_inline s32 rex_dispatch(u32 hook, void *raw, u32 slot_id, u64 cookie,
					struct rex_ctx *(*setup)(struct rex_frame *, void *))
{
	return rex_dispatch_at(hook, raw, rex_slot_offset(slot_id), cookie, setup);
}

#endif /* _REX_DISPATCH_H */
