// SPDX-License-Identifier: GPL-2.0-only
/* Programs: load, unload, enable, disable, set, inspect. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "rexctl.h"

int cmd_load(int argc, char **argv)
{
	struct rex_program *p;
	struct rex *rex = NULL;

	if (argc != 2 || argv[1][0] == '-')
		return usage("one file is needed");
	if (rex_program_load(&rex, argv[1], &p))
		return fail_rex();
	printf("loaded %s:", p->name);
	for (uint32_t i = 0; i < p->n_entries; i++)
		printf(" %s (%s)", p->entries[i].name, rex_hook_name(p->entries[i].hook));
	printf("\n");
	rex_program_free(p);
	rex_close(rex);
	return 0;
}

int cmd_replace(int argc, char **argv)
{
	static const struct option options[] = {
		{ "fallback", required_argument, NULL, 'f' }, {}
	};
	const char *fallback = NULL;
	struct rex_program *p;
	struct rex *rex;
	int opt, err;

	while ((opt = getopt_long(argc, argv, "f:", options, NULL)) != -1) {
		if (opt != 'f')
			return usage("unknown option, or one without its value: \"%s\"",
				     argv[optind - 1]);
		fallback = optarg;
	}
	if (argc - optind != 1)
		return usage("one file is needed");
	err = connect_rex(&rex);
	if (err)
		return err;
	if (rex_program_replace(rex, argv[optind], fallback, &p)) {
		err = fail_rex();
	} else {
		printf("replaced %s: %s\n", p->name, rex_state_name(p->state));
		rex_program_free(p);
	}
	rex_close(rex);
	return err;
}

int cmd_unload(int argc, char **argv)
{
	static const struct option options[] = { { "force", no_argument, NULL, 'f' }, {} };
	bool force = false;
	struct rex *rex;
	int opt, err;

	while ((opt = getopt_long(argc, argv, "f", options, NULL)) != -1) {
		if (opt != 'f')
			return usage("unknown option \"%s\"", argv[optind - 1]);
		force = true;
	}
	if (argc - optind != 1)
		return usage("one program is needed");
	err = connect_rex(&rex);
	if (err)
		return err;
	if (rex_program_unload(rex, argv[optind], force))
		err = fail_rex();
	rex_close(rex);
	return err;
}

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

int cmd_enable(int argc, char **argv)
{
	if (argc != 2)
		return usage("one program is needed");
	return change(argv[1], &(struct rex_settings){ .enabled = 1, .timing = -1 });
}

int cmd_disable(int argc, char **argv)
{
	if (argc != 2)
		return usage("one program is needed");
	return change(argv[1], &(struct rex_settings){ .enabled = 0, .timing = -1 });
}

int cmd_set(int argc, char **argv)
{
	struct rex_settings s = { .enabled = -1, .timing = -1 };

	if (argc < 4)
		return usage("a program, a setting and its value are needed");
	for (int i = 2; i + 1 < argc; i += 2) {
		const char *value = argv[i + 1];

		if (!strcmp(argv[i], "budget")) {
			if (parse_time(value, &s.budget_us))
				return usage("\"%s\" is no time; it is a number and us, ms or s, like "
					     "20ms", value);
		} else if (!strcmp(argv[i], "timing")) {
			if (strcmp(value, "on") && strcmp(value, "off"))
				return usage("timing is \"on\" or \"off\", not \"%s\"", value);
			s.timing = !strcmp(value, "on");
		} else {
			return usage("there is no setting \"%s\"; there are budget and timing",
				     argv[i]);
		}
	}
	if (argc % 2)
		return usage("\"%s\" has no value", argv[argc - 1]);
	return change(argv[1], &s);
}

/* ---- inspect ---------------------------------------------------------------------------- */

static json_t *json_file(const struct rex_file *f)
{
	json_t *entries = json_array(), *maps = json_array();

	for (uint32_t i = 0; i < f->n_entries; i++)
		json_array_append_new(entries, json_pack("{s:s,s:s}", "name", f->entries[i].name,
				      "hook", rex_hook_name(f->entries[i].hook)));
	for (uint32_t i = 0; i < f->n_maps; i++)
		json_array_append_new(maps, json_pack("{s:s,s:s,s:I,s:I,s:I,s:I}",
				      "name", f->maps[i].name,
				      "type", rex_map_type_name(f->maps[i].type),
				      "key_size", (json_int_t)f->maps[i].key_size,
				      "value_size", (json_int_t)f->maps[i].value_size,
				      "max_entries", (json_int_t)f->maps[i].max_entries,
				      "flags", (json_int_t)f->maps[i].flags));
	return json_pack("{s:s,s:i,s:I,s:s,s:s,s:b,s:o,s:o}", "name", f->name, "abi", f->abi,
			 "stack", (json_int_t)f->stack, "rexc", f->rexc, "vermagic", f->vermagic,
			 "signed", f->is_signed, "entries", entries, "maps", maps);
}

static void print_file(const struct rex_file *f)
{
	printf("program %s\n", f->name);
	printf("  abi       %u\n", f->abi);
	if (f->stack)
		printf("  stack     %u bytes at most\n", f->stack);
	else
		printf("  stack     checked at run time\n");
	printf("  built by  rexc %s\n", *f->rexc ? f->rexc : "of an unknown version");
	printf("  kernel    %s\n", f->vermagic);
	printf("  signed    %s\n", f->is_signed ? "yes" : "no");
	for (uint32_t i = 0; i < f->n_entries; i++)
		printf("  entry     %s (%s)\n", f->entries[i].name,
		       rex_hook_name(f->entries[i].hook));
	for (uint32_t i = 0; i < f->n_maps; i++)
		printf("  map       %s: %s, key %u B, value %u B, %u entries\n", f->maps[i].name,
		       rex_map_type_name(f->maps[i].type), f->maps[i].key_size,
		       f->maps[i].value_size, f->maps[i].max_entries);
}

int cmd_inspect(int argc, char **argv)
{
	static const struct option options[] = { { "json", no_argument, NULL, 'j' }, {} };
	struct rex_file *file;
	bool json = false;
	int opt, err = 0;

	while ((opt = getopt_long(argc, argv, "j", options, NULL)) != -1) {
		if (opt != 'j')
			return usage("unknown option \"%s\"", argv[optind - 1]);
		json = true;
	}
	if (argc - optind != 1)
		return usage("one file is needed");
	file = calloc(1, sizeof(*file));
	if (!file)
		return fail("out of memory");
	if (rex_check_file(argv[optind], file))
		err = fail_rex();
	else if (json)
		err = print_json(json_file(file));
	else
		print_file(file);
	free(file);
	return err;
}
