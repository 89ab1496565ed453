// SPDX-License-Identifier: GPL-2.0-only
/*
 * A tick on every CPU, only while a program is loaded, that counts for how long each running
 * invocation has been seen. It counts ticks and not time, so that a CPU that the hypervisor
 * took away is no overrun. Ticks that find it waiting for a lock have a limit of their own: the
 * lock's owner may be on a CPU that was taken away. A hook that runs with hard interrupts off is out of its reach
 * until they are on again.
 */
#include <linux/cpu.h>
#include <linux/hrtimer.h>
#include <linux/ptrace.h>
#include <asm/irq_regs.h>

#include "internal.h"

static DEFINE_PER_CPU(struct hrtimer, rex_timer);
static bool rex_watching;	/* changes under cpus_read_lock, read by hotplug callbacks */

static const ktime_t rex_tick_time = REX_TICK_US * NSEC_PER_USEC;

/*
 * Ends the innermost invocation at once when the interrupt found its own text running. In a
 * helper or a thunk, the next helper to return or the next tick does it.
 */
static void rex_cut(struct rex_frame *frame, const struct rex_prog *prog)
{
	struct pt_regs *regs = get_irq_regs();

	if (!regs || user_mode(regs) || !rex_prog_has_text(prog, regs->ip) ||
	    regs->sp - rex_stack_base(frame) >= REX_STACK_SIZE)
		return;
	frame->cut_ip = regs->ip;
	frame->cut_sp = regs->sp;
	regs->ip = (unsigned long)rex_overrun_entry;
}

static enum hrtimer_restart rex_tick(struct hrtimer *timer)
{
	struct rex_frame *const *frames = this_cpu_ptr(rex_frames);
	const struct rex_frame *top = this_cpu_read(rex_top);
	int level, levels = 0;

	while (levels < REX_LEVELS && frames[levels] && frames[levels] != top)
		levels++;
	for (level = 0; level < levels; level++) {
		struct rex_frame *frame = frames[level];
		bool innermost = level == levels - 1;
		/* The frame may be taken but not filled: its slot is then the one before. */
		const struct rex_prog *prog = READ_ONCE(rex_frame_slot(frame)->prog);

		if (!prog)
			continue;
		if (READ_ONCE(frames[levels - 1]->waiting)) {
			if (!innermost || ++frame->waits <= READ_ONCE(prog->wait_ticks))
				continue;
		} else if (++frame->ticks <= READ_ONCE(prog->budget_ticks)) {
			continue;
		}
		WRITE_ONCE(frame->stop, 1);
		if (innermost)
			rex_cut(frame, prog);
	}
	hrtimer_forward_now(timer, rex_tick_time);
	return HRTIMER_RESTART;
}

static void rex_timer_start(void *unused)
{
	hrtimer_start(this_cpu_ptr(&rex_timer), rex_tick_time, HRTIMER_MODE_REL_PINNED_HARD);
}

void rex_watchdog_init(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		rex_hrtimer_setup(&per_cpu(rex_timer, cpu), rex_tick);
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
		hrtimer_cancel(&per_cpu(rex_timer, cpu));
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
	hrtimer_cancel(this_cpu_ptr(&rex_timer));
}
