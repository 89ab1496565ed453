// SPDX-License-Identifier: GPL-2.0-only
/*
 * The C side of every program module: hands the program to rex.ko. rexc defines
 * REX_STACK (bytes, 0: unbounded and checked) and REXC_VERSION, and writes the
 * line table.
 */
#include <linux/module.h>
#include <linux/stringify.h>

#include <rex_prog.h>

#include "rexc_lines.h"

extern const char __rex_text_start[];
extern struct rex_entry_def __rex_entries_start[], __rex_entries_end[];
extern struct rex_map_def __rex_maps_start[], __rex_maps_end[];

__u32 rex_program_generation;

static int __init rex_glue_init(void)
{
	static const struct rex_program_def def = {
		.abi = REX_ABI_VERSION,
		.stack = REX_STACK,
		.entries = __rex_entries_start,
		.entries_end = __rex_entries_end,
		.maps = __rex_maps_start,
		.maps_end = __rex_maps_end,
		.lines = rex_lines,
		.lines_end = rex_lines + ARRAY_SIZE(rex_lines),
		.files = rex_files,
		.files_end = rex_files + ARRAY_SIZE(rex_files),
		.text = __rex_text_start,
		.generation = &rex_program_generation,
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
/* MODULE_IMPORT_NS() of any version: it took a name before 6.13, and takes a string since. */
MODULE_INFO(import_ns, "REX");
