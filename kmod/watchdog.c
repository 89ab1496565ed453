// SPDX-License-Identifier: GPL-2.0-only
/*
 * A tick on every CPU, only while a program is loaded, that counts for how long each running
 * invocation has been seen. It counts ticks and not time, so that a CPU that the hypervisor
 * took away is no overrun. Ticks that find it waiting for a lock have a limit of their own: the
 * lock's owner may be on a CPU that was taken away.
 *
 * A program that its hook runs with interrupts off keeps its CPU's tick away. So each tick also
 * looks whether the tick of the next CPU moves, and gives it one by NMI when it does not; then
 * it looks at the CPU after that one too, whose guard is stuck. All the counting and cutting is
 * done on the CPU itself, so an NMI may come late, twice or for an invocation that is gone.
 *
 * Out of reach: a loop in an NMI, on the last CPU that has interrupts on (but see guard.c), or
 * on the only CPU. It ends at its next helper call all the same, because helpers look.
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/hrtimer.h>
#include <linux/ptrace.h>
#include <linux/timekeeping.h>
#include <asm/apic.h>
#include <asm/irq_regs.h>
#include <asm/nmi.h>

#include "internal.h"

#define REX_STUCK_LOOKS	2		/* without a tick, before the first NMI */
#define REX_CLAIM_NS	NSEC_PER_SEC

struct rex_watch {
	struct hrtimer	timer;
	u32		ticks;		/* of @timer */
	/* by the CPU that looks at this one */
	u32		seen;		/* @ticks when it looked last */
	u32		looks;		/* since @ticks moved */
	u32		asked;		/* an NMI is on its way */
	/* by the NMI */
	bool		counted;	/* the tick that comes late was counted already */
	u64		claim_until;
};

static DEFINE_PER_CPU(struct rex_watch, rex_watch);
static bool rex_watching;	/* changes under cpus_read_lock, read by hotplug callbacks */

static const ktime_t rex_tick_time = REX_TICK_US * NSEC_PER_USEC;

/* What an NMI returns to, without FRED: the kernel keeps it right behind the registers. */
struct rex_iret {
	unsigned long ip, cs, flags, sp, ss;
};

/*
 * The kernel's NMI entry returns by a copy of the registers, lest a nested NMI spoils them, and
 * so does not see a change of regs->ip unless one did nest. The copy is believed only when it is
 * one. What nests between our looking and writing replaces the copy's ip, and will be repeated.
 */
static void rex_nmi_go(struct pt_regs *regs, unsigned long ip)
{
	struct rex_iret *iret = (void *)(regs + 1);
	unsigned long old = regs->ip;
	bool is_copy = iret->ip == old && iret->cs == regs->cs && iret->flags == regs->flags &&
		       iret->sp == regs->sp && iret->ss == regs->ss;

	regs->ip = ip;
	if (!cpu_feature_enabled(X86_FEATURE_FRED) && is_copy)
		cmpxchg_local(&iret->ip, old, ip);
}

/*
 * Ends the innermost invocation at once when the interrupt found its own text running. In a
 * helper or a thunk, the next helper to return or the next tick does it.
 */
static void rex_cut(struct rex_frame *frame, const struct rex_prog *prog, struct pt_regs *regs,
		    bool nmi)
{
	if (!regs || user_mode(regs) || !rex_prog_has_text(prog, regs->ip) ||
	    regs->sp - rex_stack_base(frame) >= REX_STACK_SIZE)
		return;
	frame->cut_ip = regs->ip;
	frame->cut_sp = regs->sp;
	if (nmi)
		rex_nmi_go(regs, (unsigned long)rex_overrun_entry);
	else
		regs->ip = (unsigned long)rex_overrun_entry;
}

/* Whether @frame, one of @levels in use, has had its time. */
static bool rex_count(struct rex_frame *frame, bool innermost, bool waiting, u32 by,
		      const struct rex_prog *prog)
{
	if (waiting) {
		if (innermost)
			frame->waits += by;
		return innermost && frame->waits > READ_ONCE(prog->wait_ticks);
	}
	frame->ticks += by;
	return frame->ticks > READ_ONCE(prog->budget_ticks);
}

/* Runs in hard interrupts and NMIs, also in one inside the other: then a tick is lost. */
static void rex_look(struct pt_regs *regs, u32 by, bool nmi)
{
	struct rex_frame *const *frames = this_cpu_ptr(rex_frames);
	const struct rex_frame *top = this_cpu_read(rex_top);
	int level, levels = 0;

	while (levels < REX_LEVELS && frames[levels] && frames[levels] != top)
		levels++;
	for (level = 0; level < levels; level++) {
		struct rex_frame *frame = frames[level];
		bool innermost = level == levels - 1;
		bool waiting = READ_ONCE(frames[levels - 1]->waiting);
		/* The frame may be taken but not filled: its slot is then the one before. */
		const struct rex_prog *prog = READ_ONCE(rex_frame_slot(frame)->prog);

		if (!prog || !rex_count(frame, innermost, waiting, by, prog))
			continue;
		WRITE_ONCE(frame->stop, 1);
		if (innermost)
			rex_cut(frame, prog, regs, nmi);
	}
}

/* ---- the CPU's own tick, and the next CPU's -------------------------------------------- */

/* Whether @cpu's tick does not move; then it gets one by NMI, if a program runs there. */
static bool rex_is_stuck(int cpu)
{
	struct rex_watch *watch = per_cpu_ptr(&rex_watch, cpu);
	u32 ticks = READ_ONCE(watch->ticks);

	if (ticks != watch->seen) {
		watch->seen = ticks;
		watch->looks = 0;
		return false;
	}
	if (++watch->looks < REX_STUCK_LOOKS)
		return false;
	if (READ_ONCE(per_cpu(rex_top, cpu)) != per_cpu(rex_frames, cpu)[0]) {
		WRITE_ONCE(watch->asked, 1);
		__apic_send_IPI_mask(cpumask_of(cpu), NMI_VECTOR);
	}
	return true;
}

static void rex_look_at_others(void)
{
	int self = smp_processor_id(), cpu = self;

	/* None goes offline meanwhile: that needs this CPU out of the interrupt. */
	do {
		cpu = cpumask_next(cpu, cpu_online_mask);
		if (cpu >= nr_cpu_ids)
			cpu = cpumask_first(cpu_online_mask);
	} while (cpu != self && rex_is_stuck(cpu));
}

static enum hrtimer_restart rex_tick(struct hrtimer *timer)
{
	struct rex_watch *watch = this_cpu_ptr(&rex_watch);

	WRITE_ONCE(watch->ticks, watch->ticks + 1);
	rex_look(get_irq_regs(), !watch->counted, false);
	watch->counted = false;
	rex_look_at_others();
	hrtimer_forward_now(timer, rex_tick_time);
	return HRTIMER_RESTART;
}

/*
 * NMIs merge, and one of somebody else's may come first and do our work. So ours is known by
 * the time only: nobody would answer for it if we did not.
 */
static int rex_nmi(unsigned int cmd, struct pt_regs *regs)
{
	struct rex_watch *watch = this_cpu_ptr(&rex_watch);

	if (likely(!READ_ONCE(watch->asked))) {
		if (likely(!watch->claim_until))
			return NMI_DONE;
		if (ktime_get_mono_fast_ns() < watch->claim_until)
			return NMI_HANDLED;
		watch->claim_until = 0;
		return NMI_DONE;
	}
	WRITE_ONCE(watch->asked, 0);
	watch->claim_until = ktime_get_mono_fast_ns() + REX_CLAIM_NS;
	watch->counted = true;
	rex_look(regs, 1, true);
	return NMI_HANDLED;
}

/* ---- begin and end ---------------------------------------------------------------------- */

static void rex_timer_start(void *unused)
{
	hrtimer_start(this_cpu_ptr(&rex_watch.timer), rex_tick_time,
		      HRTIMER_MODE_REL_PINNED_HARD);
}

int rex_watchdog_init(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		rex_hrtimer_setup(&per_cpu(rex_watch.timer, cpu), rex_tick);
	return register_nmi_handler(NMI_LOCAL, rex_nmi, 0, KBUILD_MODNAME);
}

static void rex_nothing(void *unused)
{
}

/* No program is left, so no NMI is sent any more. One that is on its way comes before this IPI. */
void rex_watchdog_exit(void)
{
	on_each_cpu(rex_nothing, NULL, 1);
	unregister_nmi_handler(NMI_LOCAL, KBUILD_MODNAME);
}

void rex_watchdog_start(void)
{
	cpus_read_lock();
	rex_watching = true;
	on_each_cpu(rex_timer_start, NULL, 1);
	cpus_read_unlock();
}

void rex_watchdog_stop(void)
{
	int cpu;

	cpus_read_lock();
	rex_watching = false;
	for_each_online_cpu(cpu)
		hrtimer_cancel(&per_cpu(rex_watch.timer, cpu));
	cpus_read_unlock();
}

/* Called on the CPU itself, which cannot go away meanwhile. */
void rex_watchdog_cpu_up(void)
{
	if (rex_watching)
		rex_timer_start(NULL);
}

void rex_watchdog_cpu_down(void)
{
	hrtimer_cancel(this_cpu_ptr(&rex_watch.timer));
}
