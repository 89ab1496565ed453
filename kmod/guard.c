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
#include <linux/smp.h>
#include <linux/timekeeping.h>

#include "internal.h"

static bool rex_allow_nmi;
module_param_named(allow_nmi, rex_allow_nmi, bool, 0444);
MODULE_PARM_DESC(allow_nmi, "run programs for hardware perf events, which come in NMIs, where no loop is ended");

#define REX_GUARD_WAIT_NS	(100 * NSEC_PER_USEC)

/* Invocations on this CPU that began with interrupts off; they may interrupt one another. */
static DEFINE_PER_CPU(u32, rex_unguarded);

/* The one CPU that may try once more; 0: none, else its number plus one. */
static u32 rex_guard_turn;

/* Whether some other online CPU runs no such program. */
static bool rex_has_guard(void)
{
	int self = raw_smp_processor_id(), cpu;

	if (num_online_cpus() == 1)
		return true;	/* nobody ever could */
	for_each_online_cpu(cpu)
		if (cpu != self && !READ_ONCE(per_cpu(rex_unguarded, cpu)))
			return true;
	return false;
}

static bool rex_guard_claim(void)
{
	this_cpu_write(rex_unguarded, 1);
	smp_mb();	/* two CPUs that claim at once: one at least sees the other */
	return rex_has_guard();
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
		got = rex_has_guard() && rex_guard_claim();
		if (!got)
			this_cpu_write(rex_unguarded, 0);
		smp_store_release(&rex_guard_turn, 0);
	} while (!got && ktime_get_mono_fast_ns() < end);
	return got;
}

/* False: the program may not run. Interrupts are off. */
bool rex_guard_enter(u32 hook)
{
	u32 nested = this_cpu_read(rex_unguarded);

	/*
	 * No NMI interrupts another, so nobody could end the program. At other hooks nobody can
	 * tell an NMI from a breakpoint.
	 */
	if (hook == REX_HOOK_PERF_EVENT && unlikely(in_nmi()) && !rex_allow_nmi)
		return false;
	if (nested) {
		this_cpu_write(rex_unguarded, nested + 1);
		return true;
	}
	if (likely(rex_guard_claim()))
		return true;
	this_cpu_write(rex_unguarded, 0);
	return rex_guard_wait();
}

/* Whether the innermost invocation on this CPU began with interrupts off. */
bool rex_guard_is_used(void)
{
	return this_cpu_read(rex_unguarded);
}

void rex_guard_exit(void)
{
	/* The program's last act comes first: it may have been cut by the guard. */
	smp_mb();
	this_cpu_dec(rex_unguarded);
}
