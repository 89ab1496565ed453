// SPDX-License-Identifier: GPL-2.0-only
/* check: whether this machine, an interface and a program fit; and what to do if not. */
#include <stdlib.h>
#include <string.h>

#include "checks.h"

struct check_args {
	const char *dev, *program;
	bool json;
};

static const char *const grades[] = { "ok", "note", "warning", "bad" };

json_t *json_checks(const struct rex_check *list, size_t n)
{
	json_t *checks = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *o = json_pack("{s:s,s:s,s:o}", "name", list[i].name, "grade", grades[list[i].grade],
				      "text", json_text(list[i].text));

		if (o && *list[i].fix)
			json_object_set_new(o, "fix", json_text(list[i].fix));
		json_array_append_new(checks, o);
	}
	return checks;
}

void print_check(const struct rex_check *check, const char *indent)
{
	out("%s%-8s %s: %s\n", indent, grades[check->grade], check->name, check->text);
	if (*check->fix)
		out("%s         %s\n", indent, check->fix);
}

/* One after the other, "machine", the program and the interface. */
struct found {
	const char *title;		/* of the program, the interface; NULL: the machine */
	const char *json;
	struct rex_check *list;
	size_t n;
};
enum { MACHINE, PROGRAM, INTERFACE, N_FOUND };

static int print_found(const struct check_args *a, const struct found *found)
{
	json_t *o = json_object();

	for (int i = 0; i < N_FOUND; i++) {
		const struct found *f = &found[i];

		if (a->json) {
			json_t *checks = json_checks(f->list, f->n);

			if (i == MACHINE)
				json_object_set_new(o, f->json, checks);
			else if (f->title)
				json_object_set_new(o, f->json, json_pack("{s:o,s:o}", "name", json_text(f->title),
									  "checks", checks));
			else
				json_decref(checks);
			continue;
		}
		if (f->title)
			out("%s:\n", f->title);
		for (size_t k = 0; k < f->n; k++)
			print_check(&f->list[k], i == MACHINE ? "" : "  ");
	}
	if (a->json)
		return print_json(o);
	json_decref(o);
	return flush_output();
}

static bool has_bad(const struct found *found)
{
	for (int i = 0; i < N_FOUND; i++)
		for (size_t k = 0; k < found[i].n; k++)
			if (found[i].list[k].grade == REX_BAD)
				return true;
	return false;
}

static int check(const void *args)
{
	const struct check_args *a = args;
	struct found found[] = {
		[MACHINE] = { .json = "machine" },
		[PROGRAM] = { .title = a->program, .json = "program" },
		[INTERFACE] = { .title = a->dev, .json = "interface" },
	};
	struct found *m = &found[MACHINE], *p = &found[PROGRAM], *i = &found[INTERFACE];
	int err;

	/* rex.ko answers in the first network namespace. */
	if (rex_check_machine(&m->list, &m->n))
		return fail_rex();
	err = a->dev ? enter_netns() : 0;
	if (!err && ((a->program && rex_check_program(a->program, a->dev, &p->list, &p->n)) ||
		     (a->dev && rex_check_nic(a->dev, &i->list, &i->n))))
		err = fail_rex();
	if (!err)
		err = print_found(a, found);
	if (!err && has_bad(found))
		err = 1;
	for (int k = 0; k < N_FOUND; k++)
		free(found[k].list);
	return err;
}

const struct cli_command cmd_check = {
	.name = "check", .help = "whether this machine, an interface and a program fit, and what to do if not",
	.args = (const struct cli_arg[]){
		{ .name = "dev", .value = "IFACE", .help = "look at this interface, too", .parse = cli_text,
		  .to = CLI_TO(check_args, dev) },
		{ .name = "--program", .value = "NAME.ko", .help = "whether the machine fits this program", .parse = cli_text,
		  .to = CLI_TO(check_args, program) },
		CLI_JSON(check_args, "one line of JSON"),
		{}
	},
	.size = sizeof(struct check_args), .run = check,
};
