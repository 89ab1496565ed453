// SPDX-License-Identifier: GPL-2.0-only
/* attach: an entry to a target. */
#include <stdlib.h>

#include "target.h"

/* Native and generic XDP are different things, and without a word the kernel chooses. */
static int tell_mode(const struct rex_program *p, const struct rex_entry *entry,
		     struct rex_target *target)
{
	char text[REX_TARGET_LEN];
	struct rex_link *links;
	size_t n;

	if (rex_target_resolve(target) || rex_link_list_at(target, &links, &n))
		return fail_rex();
	for (size_t i = 0; i < n; i++)
		if (rex_link_is(&links[i], entry) && rex_target_matches(target, &links[i].target))
			out("attached %s:%s: %s%s%s\n", p->name, entry->name,
			       rex_link_text(&links[i], text, sizeof(text)), *links[i].note ? "; " : "",
			       links[i].note);
	free(links);
	return 0;
}

static int attach(const void *args)
{
	const struct target_args *a = args;
	struct rex_target target = a->target;
	const struct rex_entry *entry;
	struct rex_program *p;
	struct rex *rex;
	int err;

	if (rex_target_complete(&target))
		return bad_usage("%s", rex_errmsg());
	err = connect_rex(&rex);
	if (err)
		return err;
	err = find_entry(rex, &a->program, rex_at_hook(target.at), &p, &entry);
	if (!err) {
		if (rex_attach(p, entry, &target))
			err = fail_rex();
		else if (target.at == REX_AT_XDP)
			err = tell_mode(p, entry, &target);
		rex_program_free(p);
	}
	rex_close(rex);
	return err;
}

const struct cli_command cmd_attach = {
	.name = "attach", .help = "attach an entry of a program to a target (below)",
	.args = (const struct cli_arg[]){
		{ .name = "PROGRAM", .help = "NAME or NAME:ENTRY", .parse = parse_spec,
		  .to = CLI_TO(target_args, program), .flags = CLI_NEEDED },
		{ .name = "HOOK TARGET...", .help = "a hook and the words of a target",
		  .parse = parse_target, .flags = CLI_NEEDED | CLI_REST },
		{}
	},
	.size = sizeof(struct target_args), .run = attach,
};
