// SPDX-License-Identifier: GPL-2.0-only
/*
 * The C side of every program module: hands the program to rex.ko. rexc defines
 * REX_STACK (bytes, 0: unbounded and checked) and REXC_VERSION.
 */
#include <linux/module.h>
#include <linux/stringify.h>
#include <linux/version.h>

#include <rex_prog.h>

extern struct rex_entry_def __rex_entries_start[], __rex_entries_end[];
extern struct rex_map_def __rex_maps_start[], __rex_maps_end[];

static int __init rex_glue_init(void)
{
	static const struct rex_program_def def = {
		.abi = REX_ABI_VERSION,
		.stack = REX_STACK,
		.entries = __rex_entries_start,
		.entries_end = __rex_entries_end,
		.maps = __rex_maps_start,
		.maps_end = __rex_maps_end,
	};

	return rex_program_register(THIS_MODULE, &def);
}

static void __exit rex_glue_exit(void)
{
	rex_program_unregister(THIS_MODULE);
}

module_init(rex_glue_init);
module_exit(rex_glue_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Rex program " KBUILD_MODNAME);
MODULE_INFO(rex_abi, __stringify(REX_ABI_VERSION));
MODULE_INFO(rex_stack, __stringify(REX_STACK));
MODULE_INFO(rexc, REXC_VERSION);
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
MODULE_IMPORT_NS("REX");
#else
MODULE_IMPORT_NS(REX);
#endif
