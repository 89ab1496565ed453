// SPDX-License-Identifier: GPL-2.0-only
/* Time and CPU, and long copies for other helpers. All may be called in NMI. */
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/percpu.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/topology.h>

#include "internal.h"

const struct rex_runtime rex_runtime = {
	.this_cpu_off = (__force unsigned long)&this_cpu_off,
	.jiffies = (unsigned long)&jiffies_64,
};
REX_EXPORT(rex_runtime);

u64 rex_ktime_ns(void)
{
	u64 ret = ktime_get_mono_fast_ns();

	rex_check_stop(rex_this_frame());
	return ret;
}
REX_EXPORT(rex_ktime_ns);

u64 rex_ktime_boot_ns(void)
{
	u64 ret = ktime_get_boot_fast_ns();

	rex_check_stop(rex_this_frame());
	return ret;
}
REX_EXPORT(rex_ktime_boot_ns);

u64 rex_ktime_tai_ns(void)
{
	u64 ret = ktime_get_tai_fast_ns();

	rex_check_stop(rex_this_frame());
	return ret;
}
REX_EXPORT(rex_ktime_tai_ns);

/*
 * Readers of the coarse clock wait for its writer, who has interrupts off. With interrupts off,
 * the writer may be whom we interrupted.
 */
u64 rex_ktime_coarse_ns(void)
{
	struct timespec64 now;
	u64 ret;

	if (irqs_disabled()) {
		ret = ktime_get_mono_fast_ns();
		ret -= ret % TICK_NSEC;
	} else {
		ktime_get_coarse_ts64(&now);
		ret = timespec64_to_ns(&now);
	}
	rex_check_stop(rex_this_frame());
	return ret;
}
REX_EXPORT(rex_ktime_coarse_ns);

REX_LEAF u64 rex_jiffies64(void)
{
	return get_jiffies_64();
}
REX_EXPORT(rex_jiffies64);

REX_LEAF u32 rex_cpu(void)
{
	return raw_smp_processor_id();
}
REX_EXPORT(rex_cpu);

REX_LEAF u32 rex_numa_node(void)
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
	rex_check_stop(rex_this_frame());
	return (z ^ (z >> 31)) >> 32;
}
REX_EXPORT(rex_random);

/* ---- lengths that a program chooses ------------------------------------------------------ */

/* Of the invocation that runs now, which may end here: its caller holds nothing. */
void rex_copy_pieces(void *to, const void *from, size_t len)
{
	size_t done, piece;

	for (done = 0; done < len; done += piece) {
		piece = min(len - done, REX_PIECE);
		memcpy(to + done, from + done, piece);
		rex_check_stop(rex_this_frame());
	}
}

void rex_zero_pieces(void *to, size_t len)
{
	size_t done, piece;

	for (done = 0; done < len; done += piece) {
		piece = min(len - done, REX_PIECE);
		memset(to + done, 0, piece);
		rex_check_stop(rex_this_frame());
	}
}
