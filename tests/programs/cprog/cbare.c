// SPDX-License-Identifier: GPL-2.0-only
/* The smallest program: one entry, no map. It is enabled as soon as it is loaded. */
#include <linux/bpf.h>
#include <linux/module.h>
#include <rex_prog.h>

static __s32 cbare_drop(struct rex_ctx *ctx)
{
	return XDP_DROP;
}

__u32 rex_program_generation;

static struct rex_entry_def entries[] = {
	{ .name = "drop", .hook = REX_HOOK_XDP, .fn = (unsigned long)cbare_drop },
};

static struct rex_map_def maps[1];

static const struct rex_program_def def = {
	.abi = REX_ABI_VERSION,
	.generation = &rex_program_generation,
	.stack = 64,
	.entries = entries, .entries_end = entries + ARRAY_SIZE(entries),
	.maps = maps, .maps_end = maps,
};

static int cycles;
module_param(cycles, int, 0);
MODULE_PARM_DESC(cycles, "register and unregister so often first");

static int __init cbare_init(void)
{
	int i, ret;

	for (i = 0; i < cycles; i++) {
		ret = rex_program_register(THIS_MODULE, &def);
		if (ret)
			return ret;
		rex_program_unregister(THIS_MODULE);
	}
	return rex_program_register(THIS_MODULE, &def);
}

static void __exit cbare_exit(void)
{
	rex_program_unregister(THIS_MODULE);
}

module_init(cbare_init);
module_exit(cbare_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("smallest Rex test program");
MODULE_INFO(import_ns, "REX");
