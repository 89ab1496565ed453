// SPDX-License-Identifier: GPL-2.0-only
/* clean: what belongs to no interface any more. */
#include <stdlib.h>

#include "attached.h"

struct clean_args {
	bool dry_run, json;
};

static int print_leftovers(const struct clean_args *a, const struct rex_link *links, size_t n)
{
	json_t *list = a->json ? json_array() : NULL;
	char text[REX_TARGET_LEN];
	size_t left = 0;

	for (size_t i = 0; i < n; i++) {
		if (!links[i].leftover)
			continue;
		left++;
		if (a->json)
			json_array_append_new(list, json_link(&links[i]));
		else
			out("%s: %s (BPF program %u)\n", a->dry_run ? "would remove" : "removed",
			    rex_link_text(&links[i], text, sizeof(text)), links[i].prog_id);
	}
	if (a->json)
		return print_json(json_pack("{s:b,s:o}", "dry_run", a->dry_run, "removed", list));
	if (!left)
		out("nothing is left over\n");
	return flush_output();
}

static int clean(const void *args)
{
	const struct clean_args *a = args;
	struct rex_link *links = NULL;
	size_t n = 0;
	int err = enter_netns();

	if (err)
		return err;
	if (rex_link_list(&links, &n) || (!a->dry_run && rex_leftovers_remove(NULL) < 0))
		err = fail_rex();
	else
		err = print_leftovers(a, links, n);
	free(links);
	return err;
}

const struct cli_command cmd_clean = {
	.name = "clean", .help = "remove what interfaces that are gone left behind",
	.args = (const struct cli_arg[]){
		{ .name = "--dry-run", .help = "only print it", .parse = cli_flag,
		  .to = CLI_TO(clean_args, dry_run) },
		CLI_JSON(clean_args, "one line of JSON"),
		{}
	},
	.size = sizeof(struct clean_args), .run = clean,
};
