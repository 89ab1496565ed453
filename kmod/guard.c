// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program that runs with interrupts off is watched by another CPU's tick (watchdog.c). So not
 * all CPUs may run such programs at once: an endless loop in a busy function would occupy all of
 * them within one budget, and no CPU could end it. The last CPU waits briefly for another one to
 * leave its program, which normally takes a microsecond, and then skips the program.
 */
#include <linux/cpumask.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/processor.h>
#include <linux/sched/isolation.h>
#include <linux/smp.h>
#include <linux/timekeeping.h>

#include "internal.h"

static bool rex_allow_nmi;
module_param_named(allow_nmi, rex_allow_nmi, bool, 0444);
MODULE_PARM_DESC(allow_nmi, "run programs for hardware perf events, which come in NMIs, where no loop is ended");

#define REX_GUARD_WAIT_NS	(100 * NSEC_PER_USEC)

/* In rex_busy.unguarded: the CPU looks for a guard, and has none yet. */
#define REX_CLAIMS		BIT(31)

/* The one CPU that may try once more; 0: none, else its number plus one. */
static u32 rex_guard_turn;

/* Whether some other online CPU has a tick and runs no such program. */
static bool rex_has_guard(void)
{
	int self = raw_smp_processor_id(), cpu;

	if (num_online_cpus() == 1)
		return true;	/* nobody ever could */
	for_each_online_cpu(cpu)
		if (cpu != self && !READ_ONCE(per_cpu(rex_busy, cpu).any))
			return true;
	return false;
}

/* A CPU that the user has set aside for other work. */
static bool rex_is_isolated(int cpu)
{
	return !housekeeping_test_cpu(cpu, HK_TYPE_TIMER) ||
	       !housekeeping_test_cpu(cpu, HK_TYPE_DOMAIN);
}

/* The CPU that is to be woken as a guard, and no isolated one if there is another. -1: none. */
static noinline int rex_guard_asleep(void)
{
	int self = raw_smp_processor_id(), found = -1, cpu;

	for_each_online_cpu(cpu) {
		if (cpu == self || READ_ONCE(per_cpu(rex_busy, cpu).unguarded))
			continue;
		if (!rex_is_isolated(cpu))
			return cpu;
		if (found < 0)
			found = cpu;
	}
	return found;
}

/*
 * Programs that run meanwhile, in breakpoints of the functions called here or in NMIs, are
 * refused: what would end them may be what they have interrupted.
 */
static bool rex_guard_claim(void)
{
	bool got;

	this_cpu_write(rex_busy.unguarded, REX_CLAIMS);
	smp_mb();	/* two CPUs that claim at once: one at least sees the other; and rex_sleep() */
	got = rex_has_guard();
	if (unlikely(!got)) {
		int cpu = rex_guard_asleep();

		got = cpu >= 0 && rex_watchdog_wake(cpu);
	}
	this_cpu_write(rex_busy.unguarded, got);
	return got;
}

static noinline bool rex_guard_wait(void)
{
	u64 end = ktime_get_mono_fast_ns() + REX_GUARD_WAIT_NS;
	u32 me = raw_smp_processor_id() + 1;
	bool got = false;

	do {
		u32 old = 0;

		cpu_relax();
		if (!try_cmpxchg(&rex_guard_turn, &old, me))
			continue;
		got = (rex_has_guard() || rex_guard_asleep() >= 0) && rex_guard_claim();
		smp_store_release(&rex_guard_turn, 0);
	} while (!got && ktime_get_mono_fast_ns() < end);
	return got;
}

/* False: the program may not run. Interrupts are off. */
bool rex_guard_enter(u32 hook)
{
	u32 nested = this_cpu_read(rex_busy.unguarded);

	/*
	 * No NMI interrupts another, so nobody could end the program. At other hooks nobody can
	 * tell an NMI from a breakpoint.
	 */
	if (hook == REX_HOOK_PERF_EVENT && unlikely(in_nmi()) && !rex_allow_nmi)
		return false;
	if (unlikely(nested & REX_CLAIMS))
		return false;
	if (nested) {
		this_cpu_write(rex_busy.unguarded, nested + 1);
		return true;
	}
	return likely(rex_guard_claim()) || rex_guard_wait();
}

/* Whether the innermost invocation on this CPU began with interrupts off. */
bool rex_guard_is_used(void)
{
	return this_cpu_read(rex_busy.unguarded);
}

/* Whether this CPU's tick must go on, because another one runs such a program. */
bool rex_guard_is_needed(void)
{
	int self = raw_smp_processor_id(), cpu;

	for_each_online_cpu(cpu)
		if (cpu != self && READ_ONCE(per_cpu(rex_busy, cpu).unguarded))
			return true;
	return false;
}
