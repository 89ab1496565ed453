// SPDX-License-Identifier: GPL-2.0-only
/* Helpers that belong to no hook. All may be called in NMI. */
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/smp.h>
#include <linux/timekeeping.h>

#include "internal.h"

#define REX_PRINTK_MAX 1025	/* with the NUL */

const struct rex_runtime rex_runtime = {
	.this_cpu_off = (__force unsigned long)&this_cpu_off,
};
REX_EXPORT(rex_runtime);

u64 rex_ktime_ns(void)
{
	return ktime_get_mono_fast_ns();
}
REX_EXPORT(rex_ktime_ns);

u32 rex_cpu(void)
{
	return raw_smp_processor_id();
}
REX_EXPORT(rex_cpu);

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

void rex_printk(u32 level, const char *text, u64 len)
{
	struct rex_frame *frame = rex_this_frame();
	struct rex_prog *prog = rex_frame_slot(frame)->prog;
	const char prefix[] = { KERN_SOH_ASCII, '0' + min(level, 7U), '\0' };
	char line[REX_PRINTK_MAX];

	if (text && __ratelimit(&prog->printk)) {
		rex_copy_text(line, sizeof(line), text, len);
		_printk("%s" KBUILD_MODNAME ": %s: %s\n", prefix, prog->name, line);
	}
	rex_check_stop(frame);
}
REX_EXPORT(rex_printk);
