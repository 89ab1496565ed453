// SPDX-License-Identifier: GPL-2.0-only
/*
 * A tick on each CPU that runs programs checks whether an invocation is running there, and counts
 * against its budget. What interrupts the invocation, including other programs, does not count.
 * Ticks are counted, not time, so that a CPU taken away by the hypervisor causes no overrun. Ticks
 * that find the invocation waiting for a lock have their own limit, because the lock's owner may be
 * on such a CPU.
 *
 * A CPU without programs is asleep: it has no tick. Its rex_top is NULL then, so that the first
 * program takes dispatch's slow path, which starts the tick. A tick that finds the CPU quiet takes
 * the frames away again (parks it). If they are still unused at the next tick, that one is the last.
 *
 * A program that runs with interrupts off blocks its CPU's tick. So each tick also checks whether
 * the tick of the next CPU awake advances, and if not, replaces it by an NMI; then it checks the CPU
 * after that one too, whose guard is stuck. While such a program runs, another CPU is awake: guard.c
 * wakes one, and a tick that sees such a program is not the last. All counting and cutting is done
 * on the CPU itself, so an NMI may arrive late, twice or for an invocation that has ended.
 *
 * Out of reach: a loop in an NMI (see guard.c), and one with interrupts off on the last CPU that
 * could look, or on the only CPU.
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/kallsyms.h>
#include <linux/preempt.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <asm/apic.h>
#include <asm/irq_regs.h>
#include <asm/nmi.h>

#include "internal.h"

#define REX_STUCK_LOOKS	2		/* without a tick, before the first NMI */
#define REX_LATE_NS	(REX_TICK_US * NSEC_PER_USEC / 8)

#define REX_WAKE	(2 * REX_QUARTERS)	/* in @asked, beside what a tick counts for */

enum rex_frames_state {
	REX_PARKED,		/* none is in use, and rex_top is NULL */
	REX_WAKING,		/* the same, and the tick is about to be started */
	REX_READY,
};

struct rex_watch {
	struct hrtimer	timer;
	struct irq_work	wake;		/* starts @timer as soon as interrupts are on */
	u32		frames;		/* enum rex_frames_state; changed by this CPU only */
	u32		ticks;		/* of @timer */
	/* by the CPU that looks at this one */
	u32		seen;		/* @ticks when it looked last */
	u32		looks;		/* since @ticks moved */
	u32		asked;		/* an NMI is on its way: what it counts for, or REX_WAKE */
	/* by the NMI */
	struct pt_regs	*nmi_regs;
	bool		cut;		/* the program, right before */
	bool		counted;	/* the tick that comes late was counted already */
	bool		retry;		/* the next one comes soon, for an invocation to be ended */
};

static DEFINE_PER_CPU(struct rex_watch, rex_watch);
DEFINE_PER_CPU(union rex_busy, rex_busy) = { .asleep = true };

static const ktime_t rex_tick_time = REX_TICK_US * NSEC_PER_USEC;
static const ktime_t rex_retry_time = 100 * NSEC_PER_USEC;

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

/* ---- whose time it is, and its end ------------------------------------------------------- */

/*
 * Whether the interrupt found @frame's invocation running: its own text, or what that called. All
 * of it is on its stack. What interrupts it has the CPU's own stacks, but for hard interrupts of a
 * softirq, which may come while those are in use already; only an NMI sees one.
 */
static bool rex_is_running(const struct rex_frame *frame, struct pt_regs *regs, bool nmi)
{
	if (!regs || user_mode(regs) || regs->sp - rex_stack_base(frame) >= REX_STACK_SIZE)
		return false;
	/* nmi_enter() counts as a hard interrupt, too; none comes to who began with them off. */
	return !nmi || hardirq_count() <= HARDIRQ_OFFSET || rex_guard_is_used();
}

/* The compiler's way to return and to call through a pointer; each CPU bug has its own. */
static bool rex_in_thunk(unsigned long ip)
{
	char name[KSYM_SYMBOL_LEN];

	sprint_symbol_no_offset(name, ip);
	return strstr(name, "thunk") || strstr(name, "safe_ret");
}

/* Whether the thunk at @regs->ip is the program's: what it returns to lies next on the stack. */
static bool rex_thunk_is_of(const struct rex_prog *prog, const struct rex_frame *frame,
			    const struct pt_regs *regs)
{
	const unsigned long *word = (void *)regs->sp, *end = (void *)frame;

	if (!IS_ALIGNED(regs->sp, sizeof(*word)) || !rex_in_thunk(regs->ip))
		return false;
	/* Thunks that call themselves, for the return predictor's sake, leave such words before. */
	while (word < end && !rex_prog_has_text(prog, *word) && rex_in_thunk(*word))
		word++;
	return word < end && rex_prog_has_text(prog, *word);
}

static bool rex_in_leaf(unsigned long ip)
{
	return ip >= (unsigned long)rex_leaves_start && ip < (unsigned long)rex_leaves_end;
}

/*
 * Ends the innermost invocation at once where nothing of the kernel's is half done. Any other
 * helper ends it before it returns.
 */
static bool rex_cut(struct rex_frame *frame, const struct rex_prog *prog, struct pt_regs *regs,
		    bool nmi)
{
	if (!rex_prog_has_text(prog, regs->ip) && !rex_in_leaf(regs->ip) &&
	    !rex_thunk_is_of(prog, frame, regs))
		return false;
	frame->cut_ip = regs->ip;
	frame->cut_sp = regs->sp;
	if (nmi)
		rex_nmi_go(regs, (unsigned long)rex_overrun_entry);
	else
		regs->ip = (unsigned long)rex_overrun_entry;
	return true;
}

/* Whether @frame's invocation has had its time. @by: in quarters of a tick. */
static bool rex_count(struct rex_frame *frame, u32 by, const struct rex_prog *prog)
{
	if (READ_ONCE(frame->waiting)) {
		frame->waits += by;
		return frame->waits > REX_QUARTERS * READ_ONCE(prog->wait_ticks);
	}
	frame->ran += by;
	return frame->ran > REX_QUARTERS * READ_ONCE(prog->budget_ticks);
}

/* How many frames of this CPU are in use. */
int rex_levels_used(void)
{
	struct rex_frame *const *frames = this_cpu_ptr(rex_frames);
	const struct rex_frame *top = this_cpu_read(rex_top);
	int levels = 0;

	if (!top && this_cpu_read(rex_watch.frames) != REX_READY)
		return 0;
	while (levels < REX_LEVELS && frames[levels] && frames[levels] != top)
		levels++;
	return levels;
}

/*
 * Only the innermost invocation can be running. Runs in hard interrupts and NMIs, also in one
 * inside the other: then a tick is lost. Whether it is to be ended, but was not here.
 */
static bool rex_look(struct pt_regs *regs, u32 by, bool nmi)
{
	int levels = rex_levels_used();
	const struct rex_prog *prog;
	struct rex_frame *frame;

	if (!levels)
		return false;
	frame = this_cpu_read(rex_frames[levels - 1]);
	/* The frame may be taken but not filled: its slot is then the one before. */
	prog = READ_ONCE(rex_frame_slot(frame)->prog);
	if (!prog || READ_ONCE(frame->stop) == REX_STOP_ENDING ||
	    !rex_is_running(frame, regs, nmi) || !rex_count(frame, by, prog))
		return false;
	WRITE_ONCE(frame->stop, REX_STOP_ASKED);
	if (!rex_cut(frame, prog, regs, nmi))
		return true;
	WRITE_ONCE(frame->stop, REX_STOP_ENDING);
	return false;
}

/* ---- the CPU's own tick, and the next CPU's -------------------------------------------- */

/*
 * By who changed @asked from 0, in any context. It may have interrupted another sender, between
 * the two registers that an APIC without x2APIC needs: so the first one is put back.
 */
static void rex_send_nmi(int cpu)
{
	u32 target = x2apic_mode ? 0 : native_apic_mem_read(APIC_ICR2);

	/* send_IPI_mask() has a buffer, which must not be interrupted by itself. */
	apic->send_IPI(cpu, NMI_VECTOR);
	if (x2apic_mode)
		return;
	while (native_apic_mem_read(APIC_ICR) & APIC_ICR_BUSY)
		cpu_relax();
	native_apic_mem_write(APIC_ICR2, target);
}

/* Whether @cpu's tick does not move; then it gets one by NMI, if a program runs there. */
static bool rex_is_stuck(int cpu, u32 weight)
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
	if (READ_ONCE(watch->frames) == REX_READY &&
	    READ_ONCE(per_cpu(rex_top, cpu)) != per_cpu(rex_frames, cpu)[0]) {
		/* One at a time: none is lost, but two may become one. */
		if (!cmpxchg(&watch->asked, 0, weight))
			rex_send_nmi(cpu);
	}
	return true;
}

static void rex_look_at_others(u32 weight)
{
	int self = smp_processor_id(), cpu = self;

	/* None goes offline meanwhile: that needs this CPU out of the interrupt. */
	do {
		cpu = cpumask_next(cpu, cpu_online_mask);
		if (cpu >= nr_cpu_ids)
			cpu = cpumask_first(cpu_online_mask);
	} while (cpu != self &&
		 (READ_ONCE(per_cpu(rex_busy, cpu).asleep) || rex_is_stuck(cpu, weight)));
}

/* ---- sleep ------------------------------------------------------------------------------- */

/*
 * Whether the tick has interrupted nobody who is in dispatch: that takes a frame in two steps,
 * with preemption or bottom halves off.
 */
static bool rex_is_quiet(struct pt_regs *regs)
{
	int idle = is_idle_task(current) ? PREEMPT_DISABLE_OFFSET : 0;

	if (!IS_ENABLED(CONFIG_PREEMPT_COUNT))
		return regs && user_mode(regs);
	return preempt_count() == HARDIRQ_OFFSET + idle;
}

/*
 * Whether a tick on a quiet CPU is the last. NMIs and breakpoints come even here and may run
 * programs, each from its first to its last instruction: so the order of the writes matters.
 */
static bool rex_sleep(struct rex_watch *watch)
{
	if (watch->frames == REX_READY) {
		WRITE_ONCE(watch->frames, REX_PARKED);
		barrier();
		this_cpu_write(rex_top, NULL);
		return false;
	}
	this_cpu_write(rex_busy.asleep, true);
	smp_mb();	/* rex_guard_claim() has the other half: it wakes us, or we see it */
	if (!rex_guard_is_needed() && READ_ONCE(watch->frames) == REX_PARKED)
		return true;
	this_cpu_write(rex_busy.asleep, false);
	return false;
}

/* The tick will come. What was asked for by NMI may find it started already. */
static void rex_tick_start(struct irq_work *wake)
{
	struct rex_watch *watch = container_of(wake, struct rex_watch, wake);

	/* A CPU on its way off takes no timers: rex_watchdog_cpu_up(). */
	if (!cpu_online(smp_processor_id()))
		return;
	this_cpu_write(rex_busy.asleep, false);
	if (!hrtimer_is_queued(&watch->timer))
		hrtimer_start(&watch->timer, rex_tick_time, HRTIMER_MODE_REL_PINNED_HARD);
}

/*
 * Dispatch found no frame, in any context. Gives the first one when the CPU was parked; else all
 * are in use. A program inside irq_work_queue() itself is refused: it would run without a tick.
 */
asmlinkage noinline notrace struct rex_frame *rex_wake(void)
{
	struct rex_watch *watch = this_cpu_ptr(&rex_watch);
	unsigned long irq;

	raw_local_irq_save(irq);
	if (READ_ONCE(watch->frames) == REX_PARKED) {
		WRITE_ONCE(watch->frames, REX_WAKING);
		barrier();
		if (this_cpu_read(rex_busy.asleep)) {
			this_cpu_write(rex_busy.asleep, false);
			if (cpu_online(smp_processor_id()))
				irq_work_queue(&watch->wake);
		}
		this_cpu_write(rex_top, this_cpu_read(rex_frames[0]));
		barrier();
		WRITE_ONCE(watch->frames, REX_READY);
	}
	raw_local_irq_restore(irq);
	return this_cpu_read(rex_top);
}

/* For guard.c, with interrupts off: @cpu is asleep and is to get a tick. False: not now. */
bool rex_watchdog_wake(int cpu)
{
	if (cmpxchg(&per_cpu(rex_watch, cpu).asked, 0, REX_WAKE))
		return false;
	WRITE_ONCE(per_cpu(rex_busy, cpu).asleep, false);
	rex_send_nmi(cpu);
	return true;
}

/* ---- the tick itself --------------------------------------------------------------------- */

/*
 * What a tick counts for, in quarters. When it was due, interrupts were off or the CPU was away:
 * so what a late one finds is not what ran then. It counts a little all the same, for an endless
 * program ends even where all ticks are late.
 */
static u32 rex_tick_weight(const struct rex_watch *watch)
{
	return ktime_get() - hrtimer_get_expires(&watch->timer) > REX_LATE_NS ? 1 : REX_QUARTERS;
}

static enum hrtimer_restart rex_tick(struct hrtimer *timer)
{
	struct rex_watch *watch = this_cpu_ptr(&rex_watch);
	u32 weight;

	/* The timers of a CPU that went off come to another one. */
	if (timer != &watch->timer)
		return HRTIMER_NORESTART;
	weight = rex_tick_weight(watch);
	WRITE_ONCE(watch->ticks, watch->ticks + 1);
	watch->retry = rex_look(get_irq_regs(), watch->counted || watch->retry ? 0 : weight, false);
	watch->counted = false;
	rex_look_at_others(weight);
	if (rex_is_quiet(get_irq_regs()) && rex_sleep(watch))
		return HRTIMER_NORESTART;
	hrtimer_forward_now(timer, watch->retry ? rex_retry_time : rex_tick_time);
	return HRTIMER_RESTART;
}

/* What the NMI that runs now has interrupted. */
struct pt_regs *rex_nmi_regs(void)
{
	return this_cpu_read(rex_watch.nmi_regs);
}

/*
 * One that is asked for is claimed once, and the work is done in whatever NMI comes first. When
 * that is somebody else's, both have handled it, and the kernel expects ours right behind: it
 * compares ip, which does not fit once the program was cut.
 */
static int rex_nmi(unsigned int cmd, struct pt_regs *regs)
{
	struct rex_watch *watch = this_cpu_ptr(&rex_watch);
	u32 weight = READ_ONCE(watch->asked);

	watch->nmi_regs = regs;
	if (likely(!weight)) {
		bool behind = watch->cut && regs->ip == (unsigned long)rex_overrun_entry;

		watch->cut = false;
		return behind ? NMI_HANDLED : NMI_DONE;
	}
	WRITE_ONCE(watch->asked, 0);
	if (weight == REX_WAKE) {
		watch->cut = false;
		irq_work_queue(&watch->wake);
		return NMI_HANDLED;
	}
	watch->counted = true;
	rex_look(regs, weight, true);
	watch->cut = regs->ip == (unsigned long)rex_overrun_entry;
	return NMI_HANDLED;
}

/* ---- begin and end ---------------------------------------------------------------------- */

int rex_watchdog_init(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		rex_hrtimer_setup(&per_cpu(rex_watch.timer, cpu), rex_tick);
		init_irq_work(&per_cpu(rex_watch.wake, cpu), rex_tick_start);
	}
	/* First, because another one may print a trace: backtrace.c. */
	return register_nmi_handler(NMI_LOCAL, rex_nmi, NMI_FLAG_FIRST, KBUILD_MODNAME);
}

static void rex_nothing(void *unused)
{
}

/* No program is left, so no NMI is sent any more. One that is on its way comes before this IPI. */
void rex_watchdog_stop(void)
{
	int cpu;

	cpus_read_lock();
	on_each_cpu(rex_nothing, NULL, 1);
	for_each_online_cpu(cpu) {
		irq_work_sync(&per_cpu(rex_watch.wake, cpu));
		rex_watchdog_cpu_dead(cpu);
	}
	cpus_read_unlock();
}

void rex_watchdog_exit(void)
{
	unregister_nmi_handler(NMI_LOCAL, KBUILD_MODNAME);
}

/* On the CPU itself. Programs may have run there since before it could have a tick. */
void rex_watchdog_cpu_up(void)
{
	unsigned long irq;

	local_irq_save(irq);
	if (!this_cpu_read(rex_busy.asleep))
		rex_tick_start(this_cpu_ptr(&rex_watch.wake));
	local_irq_restore(irq);
}

/* @cpu is off, or has run its last program. */
void rex_watchdog_cpu_dead(int cpu)
{
	hrtimer_cancel(&per_cpu(rex_watch.timer, cpu));
	per_cpu(rex_top, cpu) = NULL;
	per_cpu(rex_watch.frames, cpu) = REX_PARKED;
	per_cpu(rex_watch.asked, cpu) = 0;
	per_cpu(rex_busy.asleep, cpu) = true;
}
