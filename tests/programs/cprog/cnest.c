// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs that little happens in, interrupted by what takes long: a timer of this module, in a
 * hard or a soft interrupt, or the program in chog.c. Each waits until it was interrupted REPEAT
 * times; only then there is time that is not its own. The timer is the CPU's that loads the module.
 */
#include <linux/bpf.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/module.h>
#include <linux/version.h>
#include <rex_prog.h>

#define REPEAT	8

atomic_t cnest_left;	/* so often it is still to be interrupted */
EXPORT_SYMBOL_GPL(cnest_left);

static bool hard, soft;
static struct hrtimer hard_timer, soft_timer;

/* Ten times as long as what is between two of them. */
static enum hrtimer_restart tick(struct hrtimer *timer)
{
	if (READ_ONCE(*(timer == &hard_timer ? &hard : &soft)) && atomic_read(&cnest_left) > 0) {
		mdelay(100);
		atomic_dec_if_positive(&cnest_left);
	}
	hrtimer_forward_now(timer, 10 * NSEC_PER_MSEC);
	return HRTIMER_RESTART;
}

static __always_inline __s32 wait(bool *by, int repeat)
{
	atomic_set(&cnest_left, repeat);
	if (by)
		WRITE_ONCE(*by, true);
	while (atomic_read(&cnest_left) > 0)
		barrier();
	if (by)
		WRITE_ONCE(*by, false);
	return XDP_DROP;
}

static __s32 e_below_hard(struct rex_ctx *ctx)
{
	return wait(&hard, REPEAT);
}

static __s32 e_below_soft(struct rex_ctx *ctx)
{
	return wait(&soft, REPEAT);
}

static __s32 e_below_hog(struct rex_ctx *ctx)
{
	return wait(NULL, 1);
}

/* Ends by itself only long after its budget. */
static __s32 e_endless(struct rex_ctx *ctx)
{
	return wait(&hard, 3 * REPEAT);
}

static __s32 e_xdp_below_hard(struct rex_ctx *ctx)
{
	return wait(&hard, REPEAT);
}

#define ENTRY(n, h) { .name = #n, .hook = REX_HOOK_##h, .fn = (unsigned long)e_##n }

__u32 rex_program_generation;

static struct rex_entry_def entries[] = {
	ENTRY(below_hard, KPROBE), ENTRY(below_soft, KPROBE), ENTRY(below_hog, XDP),
	ENTRY(endless, KPROBE), ENTRY(xdp_below_hard, XDP),
};

static struct rex_map_def maps[1];

static const struct rex_program_def def = {
	.abi = REX_ABI_VERSION,
	.generation = &rex_program_generation,
	.entries = entries, .entries_end = entries + ARRAY_SIZE(entries),
	.maps = maps, .maps_end = maps,
};

static void timer_start(struct hrtimer *timer, enum hrtimer_mode mode)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(timer, tick, CLOCK_MONOTONIC, mode);
#else
	hrtimer_init(timer, CLOCK_MONOTONIC, mode);
	timer->function = tick;
#endif
	hrtimer_start(timer, NSEC_PER_MSEC, mode);
}

static int __init cnest_init(void)
{
	int ret = rex_program_register(THIS_MODULE, &def);

	if (ret)
		return ret;
	timer_start(&hard_timer, HRTIMER_MODE_REL_PINNED_HARD);
	timer_start(&soft_timer, HRTIMER_MODE_REL_PINNED_SOFT);
	return 0;
}

static void __exit cnest_exit(void)
{
	hrtimer_cancel(&hard_timer);
	hrtimer_cancel(&soft_timer);
	rex_program_unregister(THIS_MODULE);
}

module_init(cnest_init);
module_exit(cnest_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Rex test program: interrupted");
MODULE_INFO(import_ns, "REX");
