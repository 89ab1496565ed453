// SPDX-License-Identifier: GPL-2.0-only
/* attach: an entry to a target. */
#include <stdlib.h>

#include "attached.h"
#include "target.h"

/* The attachments that were made, as the kernel has them now; for each of @targets one or more. */
static int each_made(const struct rex_entry *entry, struct rex_target *targets, size_t n,
		     void (*fn)(const struct rex_link *link, const struct rex_target *target, void *data),
		     void *data)
{
	for (size_t k = 0; k < n; k++) {
		struct rex_link *links;
		size_t n_links;

		if (rex_target_resolve(&targets[k]) || rex_link_list_at(&targets[k], &links, &n_links))
			return fail_rex();
		for (size_t i = 0; i < n_links; i++)
			if (rex_link_is(&links[i], entry) &&
			    rex_target_matches(&targets[k], &links[i].target))
				fn(&links[i], &targets[k], data);
		free(links);
	}
	return 0;
}

struct made {
	const struct rex_program *program;
	const struct rex_entry *entry;
	json_t *list;
};

/* Native and generic XDP are different things, and without a word the kernel chooses. */
static void tell_mode(const struct rex_link *link, const struct rex_target *target, void *data)
{
	const struct made *made = data;
	const char *why = link->note;
	char text[REX_TARGET_LEN];

	if (!*why && link->target.mode == REX_XDP_GENERIC && target->mode == REX_XDP_ANY)
		why = "the programs that were there are in generic mode";
	out("attached %s:%s: %s%s%s\n", made->program->name, made->entry->name,
	    rex_link_text(link, text, sizeof(text)), *why ? "; " : "", why);
}

static void add_json(const struct rex_link *link, const struct rex_target *target, void *data)
{
	(void)target;
	json_array_append_new(((struct made *)data)->list, json_link(link));
}

static int tell(const struct rex_program *p, const struct rex_entry *entry, struct rex_target *targets,
		size_t n, bool json)
{
	struct made made = { .program = p, .entry = entry, .list = json ? json_array() : NULL };
	int err = 0;

	if (json || targets->at == REX_AT_XDP)
		err = each_made(entry, targets, n, json ? add_json : tell_mode, &made);
	if (!json)
		return err;
	if (!err)
		return print_json(json_pack("{s:s,s:s,s:o}", "program", p->name, "entry", entry->name,
					    "attached", made.list));
	json_decref(made.list);
	return err;
}

static int attach_to(struct rex *rex, const struct target_args *a)
{
	const struct rex_entry *entry;
	struct rex_target *targets = NULL;
	struct rex_program *p;
	size_t n;
	int err = find_entry(rex, &a->program, rex_at_hook(a->target.at), &p, &entry);

	if (err)
		return err;
	if (rex_target_split(&a->target, &targets, &n) || rex_attach_all(p, entry, targets, n))
		err = fail_rex();
	else
		err = tell(p, entry, targets, n, a->json);
	free(targets);
	rex_program_free(p);
	return err;
}

static int attach(const void *args)
{
	const struct target_args *a = args;
	struct rex *rex;
	int err;

	if (rex_target_complete(&a->target))
		return bad_usage("%s", rex_errmsg());
	err = connect_rex(&rex);
	if (err)
		return err;
	err = attach_to(rex, a);
	rex_close(rex);
	return err;
}

const struct cli_command cmd_attach = {
	.name = "attach", .help = "attach an entry of a program to a target (below)",
	.args = (const struct cli_arg[]){
		CLI_JSON(target_args, "what was attached, as one line of JSON"),
		{ .name = "PROGRAM", .help = "NAME or NAME:ENTRY", .parse = parse_spec,
		  .to = CLI_TO(target_args, program), .flags = CLI_NEEDED },
		{ .name = "HOOK TARGET...", .help = "a hook and the words of a target",
		  .parse = parse_target, .flags = CLI_NEEDED | CLI_REST },
		{}
	},
	.size = sizeof(struct target_args), .run = attach,
};
