// SPDX-License-Identifier: GPL-2.0-only
/*
 * Call chains of the traced code. The kernel's helpers build them from registers. At tracepoints
 * and trampolines those are the registers of the helper's caller, which is a program, whose frames
 * cannot be unwound. So we always pass the registers to begin with.
 */
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <linux/ptrace.h>
#include <asm/segment.h>
#include <asm/unwind.h>

#include "internal.h"

#define REX_STACK_FLAGS		(BPF_F_SKIP_FIELD_MASK | BPF_F_USER_STACK)
/* More than a chain has. The helper fills the buffer up with zeroes in one go, however long it is. */
#define REX_STACK_MAX		REX_PIECE
#define REX_STACKID_FLAGS	(REX_STACK_FLAGS | BPF_F_FAST_STACK_CMP | BPF_F_REUSE_STACKID)

/* The kfunc of this invocation, right after it is back on its own stack: see rex_call(). */
void rex_kfunc_regs(const struct rex_frame *frame, struct pt_regs *regs)
{
	const unsigned long *return_address = (void *)frame;

	*regs = (struct pt_regs){
		.ip = return_address[-1] + REX_CALL_TAIL,
		.sp = frame->saved_sp,
		.bp = frame->regs[1],
		.cs = __KERNEL_CS,
		.ss = __KERNEL_DS,
		.flags = X86_EFLAGS_FIXED,
	};
}

/* Moves @regs outwards to the first frame whose stack begins at @sp or above. */
static void rex_skip_frames(struct pt_regs *regs, unsigned long sp)
{
#ifdef CONFIG_UNWINDER_ORC
	struct unwind_state state;

	unwind_start(&state, current, regs, NULL);
	while (!unwind_done(&state) && state.sp < sp)
		if (!unwind_next_frame(&state))
			return;
	if (unwind_done(&state))
		return;
	regs->ip = state.ip;
	regs->sp = state.sp;
	regs->bp = state.bp;
#endif
}

/* Where the kernel took the tracepoint's record; 0 when that was in user mode. */
static unsigned long rex_tracepoint_sp(const struct rex_frame *frame)
{
	struct pt_regs *regs = *(struct pt_regs **)frame->ctx.raw;

	return user_mode(regs) ? 0 : regs->sp;
}

/*
 * The helper @kprobe or @perf with @regs or the hook's own registers. Their buffers and lists are
 * per CPU, and in part protected by no more than interrupts off: one at a time on each CPU.
 */
static long rex_chain(enum rex_vector kprobe, enum rex_vector perf, u64 arg2, u64 arg3, u64 arg4)
{
	static DEFINE_PER_CPU(int, busy);
	struct rex_frame *frame = rex_this_frame();
	enum rex_vector helper = kprobe;
	struct pt_regs regs;
	u64 ctx = (u64)&regs;
	long ret = -EBUSY;

	if (this_cpu_inc_return(busy) != 1)
		goto out;
	switch (rex_frame_slot(frame)->hook) {
	case REX_HOOK_PERF_EVENT:
		helper = perf;
		fallthrough;
	case REX_HOOK_KPROBE:
		ctx = frame->ctx.raw;
		break;
	case REX_HOOK_TRACEPOINT:
		rex_kfunc_regs(frame, &regs);
		rex_skip_frames(&regs, max(rex_tracepoint_sp(frame), regs.sp + 1));
		break;
	case REX_HOOK_FENTRY:
	case REX_HOOK_FEXIT:
	case REX_HOOK_RAW_TRACEPOINT:
		rex_kfunc_regs(frame, &regs);
		rex_skip_frames(&regs, regs.sp + 1);
		break;
	default:
		ret = -EOPNOTSUPP;
		goto out;
	}
	ret = rex_vector_call(helper, ctx, arg2, arg3, arg4, 0);
out:
	this_cpu_dec(busy);
	rex_check_stop(frame);
	return ret;
}

long rex_get_stackid(const struct rex_map_def *def, u64 flags)
{
	if (def->type != BPF_MAP_TYPE_STACK_TRACE || !def->map || flags & ~REX_STACKID_FLAGS) {
		rex_check_stop(rex_this_frame());
		return -EINVAL;
	}
	return rex_chain(REX_V_GET_STACKID, REX_V_GET_STACKID_PE, def->map, flags, 0);
}
REX_EXPORT(rex_get_stackid);

/*
 * The kernel has buffers for call chains only while somebody asks for them, and keeps
 * kernel.perf_event_max_stack as it is meanwhile. So we ask while a program wants chains.
 */
static struct perf_event *rex_chain_event;
static u32 rex_chain_users;			/* rex_mutex */

long rex_get_stack(void *to, u32 size, u64 flags)
{
	u32 most = size > REX_STACK_MAX ? REX_STACK_MAX + size % sizeof(u64) : size;
	long ret = rex_chain_event ? -EINVAL : -EOPNOTSUPP;

	if (rex_chain_event && !(flags & ~REX_STACK_FLAGS)) {
		ret = rex_chain(REX_V_GET_STACK, REX_V_GET_STACK_PE, (u64)to, most, flags);
		rex_zero_pieces(to + most, size - most);
	}
	rex_check_stop(rex_this_frame());
	return ret;
}
REX_EXPORT(rex_get_stack);

void rex_stacktrace_get(void)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_DUMMY,
		.sample_type = PERF_SAMPLE_CALLCHAIN,
		.disabled = 1,
	};
	struct perf_event *event;

	lockdep_assert_held(&rex_mutex);
	if (rex_chain_users++)
		return;
	event = perf_event_create_kernel_counter(&attr, raw_smp_processor_id(), NULL, NULL, NULL);
	if (IS_ERR(event))
		pr_warn("no buffers for call chains (error %ld): programs cannot read them\n",
			PTR_ERR(event));
	else
		rex_chain_event = event;
}

/* No program that imports rex_get_stack() runs any more. */
void rex_stacktrace_put(void)
{
	lockdep_assert_held(&rex_mutex);
	if (--rex_chain_users || !rex_chain_event)
		return;
	perf_event_release_kernel(rex_chain_event);
	rex_chain_event = NULL;
}
