// SPDX-License-Identifier: GPL-2.0-only
/* Time and CPU. All may be called in NMI. */
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/percpu.h>
#include <linux/smp.h>
#include <linux/timekeeping.h>
#include <linux/topology.h>

#include "internal.h"

const struct rex_runtime rex_runtime = {
	.this_cpu_off = (__force unsigned long)&this_cpu_off,
};
REX_EXPORT(rex_runtime);

u64 rex_ktime_ns(void)
{
	return ktime_get_mono_fast_ns();
}
REX_EXPORT(rex_ktime_ns);

u64 rex_ktime_boot_ns(void)
{
	return ktime_get_boot_fast_ns();
}
REX_EXPORT(rex_ktime_boot_ns);

u64 rex_ktime_tai_ns(void)
{
	return ktime_get_tai_fast_ns();
}
REX_EXPORT(rex_ktime_tai_ns);

/*
 * Readers of the coarse clock wait for its writer, who has interrupts off. With interrupts off,
 * the writer may be whom we interrupted.
 */
u64 rex_ktime_coarse_ns(void)
{
	struct timespec64 now;

	if (irqs_disabled()) {
		u64 fine = ktime_get_mono_fast_ns();

		return fine - fine % TICK_NSEC;
	}
	ktime_get_coarse_ts64(&now);
	return timespec64_to_ns(&now);
}
REX_EXPORT(rex_ktime_coarse_ns);

u64 rex_jiffies64(void)
{
	return get_jiffies_64();
}
REX_EXPORT(rex_jiffies64);

u32 rex_cpu(void)
{
	return raw_smp_processor_id();
}
REX_EXPORT(rex_cpu);

u32 rex_numa_node(void)
{
	return numa_node_id();
}
REX_EXPORT(rex_numa_node);

static DEFINE_PER_CPU(u64, rex_random_state);

/* splitmix64 on a counter that interrupts may share; seeded by the clock. */
u32 rex_random(void)
{
	u64 z = this_cpu_add_return(rex_random_state,
				    0x9e3779b97f4a7c15ULL + ktime_get_mono_fast_ns());

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return (z ^ (z >> 31)) >> 32;
}
REX_EXPORT(rex_random);
