// SPDX-License-Identifier: GPL-2.0-only
/* Programs: load, replace, unload, enable, disable, set. */
#include "rexctl.h"

struct program_args {
	const char *name;		/* or file */
	const char *fallback;
	bool force;
	uint32_t budget_us;
	int timing;			/* 1: on, 2: off */
};

static const struct cli_arg one_program[] = {
	{ .name = "NAME", .help = "a program", .parse = cli_text, .to = CLI_TO(program_args, name),
	  .flags = CLI_NEEDED },
	{}
};

/* ---- load ------------------------------------------------------------------------------------- */

static int load(const void *args)
{
	const struct program_args *a = args;
	struct rex_program *p;
	struct rex *rex = NULL;

	if (rex_program_load(&rex, a->name, &p))
		return fail_rex();
	out("loaded %s:", p->name);
	for (uint32_t i = 0; i < p->n_entries; i++)
		out(" %s (%s)", p->entries[i]->name, rex_hook_name(p->entries[i]->hook));
	out("\n");
	rex_program_free(p);
	rex_close(rex);
	return flush_output();
}

const struct cli_command cmd_load = {
	.name = "load", .help = "load a program (and rex.ko when needed)",
	.args = (const struct cli_arg[]){
		{ .name = "NAME.ko", .help = "the file of a program", .parse = cli_text,
		  .to = CLI_TO(program_args, name), .flags = CLI_NEEDED },
		{}
	},
	.size = sizeof(struct program_args), .run = load,
};

/* ---- replace ---------------------------------------------------------------------------------- */

static int replace(const void *args)
{
	const struct program_args *a = args;
	struct rex_program *p;
	struct rex *rex;
	int err = connect_rex(&rex);

	if (err)
		return err;
	if (rex_program_replace(rex, a->name, a->fallback, &p)) {
		err = fail_rex();
	} else {
		out("replaced %s: %s\n", p->name, rex_state_name(p->state));
		rex_program_free(p);
	}
	rex_close(rex);
	return err;
}

const struct cli_command cmd_replace = {
	.name = "replace",
	.help = "replace a loaded program by this one; what is attached stays attached",
	.args = (const struct cli_arg[]){
		{ .name = "NAME.ko", .help = "the file of the new program", .parse = cli_text,
		  .to = CLI_TO(program_args, name), .flags = CLI_NEEDED },
		{ .name = "--fallback", .value = "OLD.ko", .help = "load this when the new one does not load",
		  .parse = cli_text, .to = CLI_TO(program_args, fallback) },
		{}
	},
	.size = sizeof(struct program_args), .run = replace,
};

/* ---- unload ----------------------------------------------------------------------------------- */

static int unload(const void *args)
{
	const struct program_args *a = args;
	struct rex *rex;
	int err = connect_rex(&rex);

	if (err)
		return err;
	if (rex_program_unload(rex, a->name, a->force))
		err = fail_rex();
	rex_close(rex);
	return err;
}

const struct cli_command cmd_unload = {
	.name = "unload", .help = "unload a program; --force detaches it first",
	.args = (const struct cli_arg[]){
		{ .name = "NAME", .help = "a program", .parse = cli_text,
		  .to = CLI_TO(program_args, name), .flags = CLI_NEEDED },
		{ .name = "--force", .help = "detach it first", .parse = cli_flag,
		  .to = CLI_TO(program_args, force) },
		{}
	},
	.size = sizeof(struct program_args), .run = unload,
};

/* ---- settings --------------------------------------------------------------------------------- */

static int change(const char *name, const struct rex_settings *settings)
{
	struct rex *rex;
	int err = connect_rex(&rex);

	if (err)
		return err;
	if (rex_program_set(rex, name, settings))
		err = fail_rex();
	rex_close(rex);
	return err;
}

static int enable(const void *args)
{
	const struct program_args *a = args;
	REX_OPTS(rex_settings, s, .enabled = REX_ON);

	return change(a->name, &s);
}

const struct cli_command cmd_enable = {
	.name = "enable", .help = "let a program run; clears a crash",
	.args = one_program, .size = sizeof(struct program_args), .run = enable,
};

static int disable(const void *args)
{
	const struct program_args *a = args;
	REX_OPTS(rex_settings, s, .enabled = REX_OFF);

	return change(a->name, &s);
}

const struct cli_command cmd_disable = {
	.name = "disable", .help = "let its hooks give the safe verdict",
	.args = one_program, .size = sizeof(struct program_args), .run = disable,
};

static int set(const void *args)
{
	const struct program_args *a = args;
	REX_OPTS(rex_settings, s, .budget_us = a->budget_us);

	if (!a->timing && !a->budget_us)
		return bad_usage("a setting and its value are needed");
	if (a->timing)
		s.timing = a->timing == 1 ? REX_ON : REX_OFF;
	return change(a->name, &s);
}

const struct cli_command cmd_set = {
	.name = "set", .help = "change settings",
	.args = (const struct cli_arg[]){
		{ .name = "NAME", .help = "a program", .parse = cli_text,
		  .to = CLI_TO(program_args, name), .flags = CLI_NEEDED },
		{ .name = "budget", .value = "TIME", .help = "the longest run: 20ms, 500us",
		  .parse = cli_time, .to = CLI_TO(program_args, budget_us) },
		{ .name = "timing", .value = "on|off", .help = "measure the time that entries take",
		  .parse = cli_choice, .to = CLI_TO(program_args, timing) },
		{}
	},
	.size = sizeof(struct program_args), .run = set,
};
