// SPDX-License-Identifier: GPL-2.0-only
/* map list, map show: the maps of programs, without what is in them. */
#include <string.h>

#include "rexctl.h"

struct map_args {
	const char *program, *map;
	bool json;
};

static json_t *json_one(const struct rex_program *p, const struct rex_map *m)
{
	return json_pack("{s:s,s:s,s:s,s:I,s:I,s:I,s:I,s:I,s:b}", "program", p->name, "name", m->name, "type",
			 rex_map_type_name(m->type), "key_size", (json_int_t)m->key_size, "value_size",
			 (json_int_t)m->value_size, "max_entries", (json_int_t)m->max_entries, "flags",
			 (json_int_t)m->flags, "bpf_map", (json_int_t)m->bpf_id, "tainted", p->tainted);
}

static void print_one(const struct rex_program *p, const struct rex_map *m)
{
	out("%s %s: %s, key %u B, value %u B, %u entries (BPF map %u)%s\n", p->name, m->name,
	    rex_map_type_name(m->type), m->key_size, m->value_size, m->max_entries, m->bpf_id,
	    p->tainted ? ", may be half-written by a crash" : "");
}

static int print_maps(const struct map_args *a, struct rex_program *const *programs, size_t n)
{
	json_t *list = a->json ? json_array() : NULL;
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		const struct rex_program *p = programs[i];

		for (uint32_t k = 0; k < p->n_maps; k++) {
			if ((a->program && strcmp(a->program, p->name)) || (a->map && strcmp(a->map, p->maps[k]->name)))
				continue;
			found++;
			if (a->json)
				json_array_append_new(list, json_one(p, p->maps[k]));
			else
				print_one(p, p->maps[k]);
		}
	}
	if (a->json)
		return print_json(json_pack("{s:o}", "maps", list));
	if (!found)
		out("no program%s%s has a map\n", a->program ? " " : "", a->program ? a->program : "");
	return flush_output();
}

/* A program and a map that were named must exist. */
static int check_named(struct rex *rex, const struct map_args *a)
{
	const struct rex_map *map;
	struct rex_program *p;
	int err;

	if (!a->program)
		return 0;
	if (rex_program_get(rex, a->program, &p))
		return fail_rex();
	err = a->map && rex_program_map(p, a->map, &map) ? fail_rex() : 0;
	rex_program_free(p);
	return err;
}

static int map_list(const void *args)
{
	const struct map_args *a = args;
	struct rex_program **programs = NULL;
	struct rex *rex;
	size_t n = 0;
	int err;

	if (rex_open(&rex))
		return fail_rex();
	err = check_named(rex, a);
	if (!err)
		err = rex_program_list(rex, &programs, &n) ? fail_rex() : print_maps(a, programs, n);
	rex_program_list_free(programs, n);
	rex_close(rex);
	return err;
}

const struct cli_command cmd_map_list = {
	.name = "map list", .help = "the maps of every program, or of one",
	.args = (const struct cli_arg[]){
		{ .name = "PROGRAM", .help = "a program", .parse = cli_text, .to = CLI_TO(map_args, program) },
		CLI_JSON(map_args, "one line of JSON"),
		{}
	},
	.size = sizeof(struct map_args), .run = map_list,
};

const struct cli_command cmd_map_show = {
	.name = "map show", .help = "type and size of a map",
	.args = (const struct cli_arg[]){
		{ .name = "PROGRAM", .help = "a program", .parse = cli_text, .to = CLI_TO(map_args, program),
		  .flags = CLI_NEEDED },
		{ .name = "MAP", .help = "one of its maps", .parse = cli_text, .to = CLI_TO(map_args, map),
		  .flags = CLI_NEEDED },
		CLI_JSON(map_args, "one line of JSON"),
		{}
	},
	.size = sizeof(struct map_args), .run = map_list,
};
