// SPDX-License-Identifier: GPL-2.0-only
/*
 * Traces of the kernel (oops, BUG, WARNING, sysrq-l, stalls) end where they meet a program's
 * stack, because the unwinder supports only the kernel's own stacks. The rest is printed here when
 * the kernel begins a trace on a CPU that runs a program: the frames on the program's stack, then
 * the caller's, which the unwinder finds again. No notifier covers all traces; what they have in
 * common is their first line.
 */
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <linux/uaccess.h>
#include <asm/irq_regs.h>
#include <asm/unwind.h>

#include "internal.h"

#define REX_BACKTRACE_MAX	24	/* frames on each stack */
#define REX_CALL_SIZE		5

static struct tracepoint *rex_console;	/* sees each text that is printed */

/* Where the innermost invocation was when this context began. */
static unsigned long rex_interrupted_sp(void)
{
	const struct pt_regs *regs = in_nmi() ? rex_nmi_regs() : in_hardirq() ? get_irq_regs() : NULL;

	return regs ? regs->sp : current_stack_pointer;
}

/* Whether it points behind a call. It may be a stale word all the same. */
static bool rex_is_behind_call(unsigned long addr)
{
	u8 call;

	return addr >= __START_KERNEL_map &&
	       !get_kernel_nofault(call, (u8 *)(addr - REX_CALL_SIZE)) && call == 0xe8;
}

static void rex_show_stack(const struct rex_frame *frame, const struct rex_prog *prog,
			   unsigned long sp)
{
	const unsigned long *word = (void *)round_up(sp, sizeof(*word)), *end = (void *)frame;
	u32 line, n = 0;

	for (; word < end && n < REX_BACKTRACE_MAX; word++) {
		const char *file;

		if (!rex_is_behind_call(*word))
			continue;
		n++;
		file = rex_prog_has_text(prog, *word) ? rex_fault_line(prog, *word, &line) : NULL;
		if (file)
			rex_log(KBUILD_MODNAME ":  ? %pB at %s:%u\n", (void *)*word, file, line);
		else
			rex_log(KBUILD_MODNAME ":  ? %pB\n", (void *)*word);
	}
}

static void rex_show_callers(const struct rex_frame *frame)
{
	struct unwind_state state;
	struct pt_regs regs;
	u32 n;

	rex_kfunc_regs(frame, &regs);
	unwind_start(&state, current, &regs, NULL);
	for (n = 0; n < REX_BACKTRACE_MAX && !unwind_done(&state); n++) {
		unsigned long addr = unwind_get_return_address(&state);

		if (!addr)
			break;
		rex_log(KBUILD_MODNAME ":  %pB\n", (void *)addr);
		unwind_next_frame(&state);
	}
}

static void rex_show_invocation(const struct rex_frame *frame, unsigned long sp)
{
	const struct rex_slot *slot = rex_frame_slot(frame);
	const struct rex_prog *prog = READ_ONCE(slot->prog);

	/* The frame may be taken but not filled yet. */
	if (!prog)
		return;
	rex_log(KBUILD_MODNAME ": this is in program %s:%s\n", prog->name, slot->name);
	if (sp - rex_stack_base(frame) >= REX_STACK_SIZE)
		return;
	rex_show_stack(frame, prog, sp);
	rex_log(KBUILD_MODNAME ": which was called by\n");
	rex_show_callers(frame);
}

/* In any context: a program that runs on this CPU keeps it, and so all that is printed. */
static void rex_backtrace(void *data, const char *text, size_t len)
{
	static const char begin[] = "Call Trace:";
	struct rex_frame *const *frames = this_cpu_ptr(rex_frames);
	unsigned long sp;
	int level;

	if (len < sizeof(begin) - 1 || memcmp(text, begin, sizeof(begin) - 1))
		return;
	sp = rex_interrupted_sp();
	for (level = rex_levels_used() - 1; level >= 0; level--) {
		rex_show_invocation(frames[level], sp);
		sp = frames[level]->saved_sp;
	}
}

static void rex_backtrace_find(struct tracepoint *tp, void *data)
{
	if (!strcmp(tp->name, "console"))
		rex_console = tp;
}

void rex_backtrace_init(void)
{
	for_each_kernel_tracepoint(rex_backtrace_find, NULL);
	if (rex_console && tracepoint_probe_register(rex_console, rex_backtrace, NULL))
		rex_console = NULL;
	if (!rex_console)
		pr_warn("the kernel's stack traces will end at programs\n");
}

void rex_backtrace_exit(void)
{
	if (!rex_console)
		return;
	tracepoint_probe_unregister(rex_console, rex_backtrace, NULL);
	tracepoint_synchronize_unregister();
}
