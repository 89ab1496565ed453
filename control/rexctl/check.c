// SPDX-License-Identifier: GPL-2.0-only
/* check: whether this machine, and an interface, can run programs; and what to do if not. */
#include <stdlib.h>
#include <string.h>

#include "checks.h"

struct check_args {
	const char *dev;
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

static int print_checks(const struct check_args *a, const struct rex_check *machine, size_t n_machine,
			const struct rex_check *nic, size_t n_nic)
{
	json_t *o;

	if (a->json) {
		o = json_pack("{s:o}", "machine", json_checks(machine, n_machine));
		if (o && a->dev)
			json_object_set_new(o, "interface", json_pack("{s:o,s:o}", "name", json_text(a->dev), "checks",
								      json_checks(nic, n_nic)));
		return print_json(o);
	}
	for (size_t i = 0; i < n_machine; i++)
		print_check(&machine[i], "");
	if (a->dev)
		out("%s:\n", a->dev);
	for (size_t i = 0; i < n_nic; i++)
		print_check(&nic[i], "  ");
	return flush_output();
}

static bool has_bad(const struct rex_check *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].grade == REX_BAD)
			return true;
	return false;
}

static int check(const void *args)
{
	const struct check_args *a = args;
	struct rex_check *machine = NULL, *nic = NULL;
	size_t n_machine = 0, n_nic = 0;
	int err = 0;

	/* rex.ko answers in the first network namespace. */
	if (rex_check_machine(&machine, &n_machine))
		return fail_rex();
	if (a->dev) {
		err = enter_netns();
		if (!err && rex_check_nic(a->dev, &nic, &n_nic))
			err = fail_rex();
	}
	if (!err)
		err = print_checks(a, machine, n_machine, nic, n_nic);
	if (!err && (has_bad(machine, n_machine) || has_bad(nic, n_nic)))
		err = 1;
	free(machine);
	free(nic);
	return err;
}

const struct cli_command cmd_check = {
	.name = "check", .help = "whether this machine and an interface can run programs, and what to do if not",
	.args = (const struct cli_arg[]){
		{ .name = "dev", .value = "IFACE", .help = "look at this interface, too", .parse = cli_text,
		  .to = CLI_TO(check_args, dev) },
		CLI_JSON(check_args, "one line of JSON"),
		{}
	},
	.size = sizeof(struct check_args), .run = check,
};
