// SPDX-License-Identifier: GPL-2.0-only
/* events: what a program writes to a ring buffer or perf event array, record by record. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "rexctl.h"

struct events_args {
	const char *program, *map;
	uint32_t count, timeout;	/* 0: without end */
	bool json, raw;
};

struct events {
	const struct events_args *args;
	uint32_t n;			/* records printed */
	uint64_t lost;
	int err;
};

static void print_hex(const uint8_t *data, size_t size)
{
	for (size_t at = 0; at < size; at += 16) {
		printf("  %04zx ", at);
		for (size_t i = at; i < at + 16; i++)
			i < size ? printf(" %02x", data[i]) : printf("   ");
		printf("  ");
		for (size_t i = at; i < at + 16 && i < size; i++)
			putchar(isprint(data[i]) ? data[i] : '.');
		putchar('\n');
	}
}

static int print_record_json(const char *map, const uint8_t *data, size_t size, int cpu)
{
	static char hex[2 * 65536 + 1];
	json_t *o;

	if (size > sizeof(hex) / 2)
		return fail("a record of %zu bytes is too long for JSON; see --raw", size);
	for (size_t i = 0; i < size; i++)
		sprintf(hex + 2 * i, "%02x", data[i]);
	hex[2 * size] = '\0';
	o = json_pack("{s:s,s:I,s:s}", "map", map, "size", (json_int_t)size, "data", hex);
	if (o && cpu >= 0)
		json_object_set_new(o, "cpu", json_integer(cpu));
	return print_json(o);
}

static int on_record(const void *data, size_t size, int cpu, void *arg)
{
	struct events *ev = arg;

	if (!data) {
		ev->lost += size;
		return 0;
	}
	ev->n++;
	if (ev->args->json) {
		ev->err = print_record_json(ev->args->map, data, size, cpu);
	} else if (ev->args->raw) {
		fwrite(data, 1, size, stdout);
	} else {
		out("record %u: %zu bytes", ev->n, size);
		if (cpu >= 0)
			out(", CPU %d", cpu);
		out("\n");
		print_hex(data, size);
	}
	if (!ev->err)
		ev->err = flush_output();
	return ev->err || ev->n == ev->args->count;
}

static int watch(struct rex_records *records, struct events *ev)
{
	uint32_t timeout = ev->args->timeout;
	struct timespec end;

	deadline_set(&end, timeout);
	do {
		int left = timeout ? deadline_left(&end) : -1;

		if (rex_records_poll(records, left) < 0)
			return fail_rex();
		if (!left)
			break;
	} while (!ev->err && (!ev->args->count || ev->n < ev->args->count));
	if (ev->lost)
		fail("%" PRIu64 " records were lost: the reader was too slow", ev->lost);
	if (!ev->err && ev->n < ev->args->count)
		return fail("%u of %u records within %u s", ev->n, ev->args->count, timeout);
	return ev->err;
}

static int open_map(struct events *ev, struct rex_records **records)
{
	const struct rex_map *map = NULL;
	struct rex_program *p;
	char names[1024] = "";
	struct rex *rex;
	int err = connect_rex(&rex);

	if (err)
		return err;
	if (rex_program_get(rex, ev->args->program, &p)) {
		err = fail_rex();
		goto out;
	}
	for (uint32_t i = 0; i < p->n_maps; i++) {
		size_t len = strlen(names);

		if (!strcmp(p->maps[i]->name, ev->args->map))
			map = p->maps[i];
		snprintf(names + len, sizeof(names) - len, "%s%s (%s)", len ? ", " : "",
			 p->maps[i]->name, rex_map_type_name(p->maps[i]->type));
	}
	if (!map)
		err = fail("program \"%s\" has no map \"%s\"; it has: %s", ev->args->program, ev->args->map,
			   *names ? names : "none");
	else if (rex_records_open(map, on_record, ev, records))
		err = fail_rex();
	rex_program_free(p);
out:
	rex_close(rex);
	return err;
}

static int events(const void *args)
{
	struct rex_records *records = NULL;
	struct events ev = { .args = args };
	int err = open_map(&ev, &records);

	if (!err)
		err = watch(records, &ev);
	rex_records_close(records);
	return err;
}

const struct cli_command cmd_events = {
	.name = "events", .help = "print the records of a ring buffer or perf event array",
	.args = (const struct cli_arg[]){
		{ .name = "NAME", .help = "a program", .parse = cli_text,
		  .to = CLI_TO(events_args, program), .flags = CLI_NEEDED },
		{ .name = "MAP", .help = "one of its maps", .parse = cli_text,
		  .to = CLI_TO(events_args, map), .flags = CLI_NEEDED },
		{ .name = "--count", .value = "N", .help = "end after so many records",
		  .parse = cli_number, .to = CLI_TO(events_args, count), .min = 1, .max = INT32_MAX },
		{ .name = "--timeout", .value = "SECONDS", .help = "end after this time",
		  .parse = cli_number, .to = CLI_TO(events_args, timeout), .min = 1, .max = 1000000 },
		CLI_JSON(events_args, "one line of JSON each"),
		{ .name = "--raw", .help = "the bytes as they are", .parse = cli_flag,
		  .to = CLI_TO(events_args, raw), .flags = CLI_OR },
		{}
	},
	.size = sizeof(struct events_args), .run = events,
};
