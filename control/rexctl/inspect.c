// SPDX-License-Identifier: GPL-2.0-only
/* inspect: what is in a program's file. */
#include <stdlib.h>

#include "rexctl.h"

struct inspect_args {
	const char *file;
	bool json;
};

static json_t *json_file(const struct rex_file *f)
{
	json_t *entries = json_array(), *maps = json_array();

	for (uint32_t i = 0; i < f->n_entries; i++) {
		json_t *entry = json_pack("{s:s,s:s}", "name", f->entries[i]->name, "hook",
					  rex_hook_name(f->entries[i]->hook));

		json_filter(entry, f->entries[i]);
		json_array_append_new(entries, entry);
	}
	for (uint32_t i = 0; i < f->n_maps; i++)
		json_array_append_new(maps, json_pack("{s:s,s:s,s:I,s:I,s:I,s:I}",
				      "name", f->maps[i]->name,
				      "type", rex_map_type_name(f->maps[i]->type),
				      "key_size", (json_int_t)f->maps[i]->key_size,
				      "value_size", (json_int_t)f->maps[i]->value_size,
				      "max_entries", (json_int_t)f->maps[i]->max_entries,
				      "flags", (json_int_t)f->maps[i]->flags));
	return json_pack("{s:s,s:i,s:I,s:s,s:s,s:b,s:o,s:o}", "name", f->name, "abi", f->abi,
			 "stack", (json_int_t)f->stack, "rexc", f->rexc, "vermagic", f->vermagic,
			 "signed", f->is_signed, "entries", entries, "maps", maps);
}

static void print_file(const struct rex_file *f)
{
	char text[128];

	out("program %s\n", f->name);
	out("  abi       %u\n", f->abi);
	if (f->stack)
		out("  stack     %u bytes at most\n", f->stack);
	else
		out("  stack     checked at run time\n");
	out("  built by  rexc %s\n", *f->rexc ? f->rexc : "of an unknown version");
	out("  kernel    %s\n", f->vermagic);
	out("  signed    %s\n", f->is_signed ? "yes" : "no");
	for (uint32_t i = 0; i < f->n_entries; i++)
		out("  entry     %s (%s%s)\n", f->entries[i]->name,
		    rex_hook_name(f->entries[i]->hook), entry_text(f->entries[i], text, sizeof(text)));
	for (uint32_t i = 0; i < f->n_maps; i++)
		out("  map       %s: %s, key %u B, value %u B, %u entries\n", f->maps[i]->name,
		       rex_map_type_name(f->maps[i]->type), f->maps[i]->key_size,
		       f->maps[i]->value_size, f->maps[i]->max_entries);
}

static int inspect(const void *args)
{
	const struct inspect_args *a = args;
	struct rex_file *file;
	int err = 0;

	if (rex_check_file(a->file, &file))
		return fail_rex();
	if (a->json)
		err = print_json(json_file(file));
	else
		print_file(file);
	rex_file_free(file);
	return err ? err : flush_output();
}

const struct cli_command cmd_inspect = {
	.name = "inspect", .help = "check a program file, and what is in it",
	.args = (const struct cli_arg[]){
		{ .name = "NAME.ko", .help = "the file of a program", .parse = cli_text,
		  .to = CLI_TO(inspect_args, file), .flags = CLI_NEEDED },
		CLI_JSON(inspect_args, "one line of JSON"),
		{}
	},
	.size = sizeof(struct inspect_args), .run = inspect,
};
