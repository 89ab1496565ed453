// SPDX-License-Identifier: GPL-2.0-only
/* A program that takes long, within its large budget, when it interrupts one of cnest.c. */
#include <linux/bpf.h>
#include <linux/module.h>
#include <rex_prog.h>

extern atomic_t cnest_left;

static __s32 e_hog(struct rex_ctx *ctx)
{
	__u64 end = rex_ktime_ns() + 800 * 1000000ULL;

	if (!atomic_read(&cnest_left))
		return 0;
	while (rex_ktime_ns() < end)
		;
	atomic_set(&cnest_left, 0);
	return 0;
}

__u32 rex_program_generation;

static struct rex_entry_def entries[] = {
	{ .name = "hog", .hook = REX_HOOK_PERF_EVENT, .fn = (unsigned long)e_hog },
};

static struct rex_map_def maps[1];

static const struct rex_program_def def = {
	.abi = REX_ABI_VERSION,
	.generation = &rex_program_generation,
	.entries = entries, .entries_end = entries + ARRAY_SIZE(entries),
	.maps = maps, .maps_end = maps,
};

static int __init chog_init(void)
{
	return rex_program_register(THIS_MODULE, &def);
}

static void __exit chog_exit(void)
{
	rex_program_unregister(THIS_MODULE);
}

module_init(chog_init);
module_exit(chog_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Rex test program: takes long");
MODULE_INFO(import_ns, "REX");
