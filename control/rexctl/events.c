// SPDX-License-Identifier: GPL-2.0-only
/* events: what a program writes to a ring buffer or perf event array, record by record. */
#include <ctype.h>
#include <getopt.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "rexctl.h"

struct events {
	const char *map;
	uint32_t count, n;		/* records wanted (0: no limit), and printed */
	uint64_t lost;
	bool json, raw;
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

static int print_record_json(const struct events *ev, const uint8_t *data, size_t size, int cpu)
{
	static char hex[2 * 65536 + 1];
	json_t *o;

	if (size > sizeof(hex) / 2)
		return fail("a record of %zu bytes is too long for JSON; see --raw", size);
	for (size_t i = 0; i < size; i++)
		sprintf(hex + 2 * i, "%02x", data[i]);
	hex[2 * size] = '\0';
	o = json_pack("{s:s,s:I,s:s}", "map", ev->map, "size", (json_int_t)size, "data", hex);
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
	if (ev->json) {
		ev->err = print_record_json(ev, data, size, cpu);
	} else if (ev->raw) {
		if (fwrite(data, 1, size, stdout) != size)
			ev->err = fail("cannot write to standard output");
	} else {
		printf("record %u: %zu bytes", ev->n, size);
		if (cpu >= 0)
			printf(", CPU %d", cpu);
		printf("\n");
		print_hex(data, size);
	}
	if (!ev->err && fflush(stdout))
		ev->err = fail("cannot write to standard output");
	return ev->err || ev->n == ev->count;
}

static int remaining_ms(const struct timespec *end)
{
	struct timespec now;
	int64_t ms;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (end->tv_sec - now.tv_sec) * 1000ll + (end->tv_nsec - now.tv_nsec) / 1000000;
	return ms < 0 ? 0 : ms > INT32_MAX ? INT32_MAX : (int)ms;
}

static int watch(struct rex_records *records, struct events *ev, uint32_t timeout)
{
	struct timespec end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += timeout;
	do {
		int left = timeout ? remaining_ms(&end) : -1;

		if (rex_records_poll(records, left) < 0)
			return fail_rex();
		if (!left)
			break;
	} while (!ev->err && (!ev->count || ev->n < ev->count));
	if (ev->lost)
		fail("%" PRIu64 " records were lost: the reader was too slow", ev->lost);
	if (!ev->err && ev->n < ev->count)
		return fail("%u of %u records within %u s", ev->n, ev->count, timeout);
	return ev->err;
}

static int open_map(const char *program, struct events *ev, struct rex_records **records)
{
	const struct rex_map *map = NULL;
	struct rex_program *p;
	char names[1024] = "";
	struct rex *rex;
	int err = connect_rex(&rex);

	if (err)
		return err;
	if (rex_program_get(rex, program, &p)) {
		err = fail_rex();
		goto out;
	}
	for (uint32_t i = 0; i < p->n_maps; i++) {
		size_t len = strlen(names);

		if (!strcmp(p->maps[i].name, ev->map))
			map = &p->maps[i];
		snprintf(names + len, sizeof(names) - len, "%s%s (%s)", len ? ", " : "",
			 p->maps[i].name, rex_map_type_name(p->maps[i].type));
	}
	if (!map)
		err = fail("program \"%s\" has no map \"%s\"; it has: %s", program, ev->map,
			   *names ? names : "none");
	else if (rex_records_open(map, on_record, ev, records))
		err = fail_rex();
	rex_program_free(p);
out:
	rex_close(rex);
	return err;
}

int cmd_events(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "raw", no_argument, NULL, 'r' },
		{ "count", required_argument, NULL, 'c' },
		{ "timeout", required_argument, NULL, 't' },
		{}
	};
	struct rex_records *records = NULL;
	struct events ev = {};
	uint32_t timeout = 0;
	int opt, err;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'j':
			ev.json = true;
			break;
		case 'r':
			ev.raw = true;
			break;
		case 'c':
			if (parse_number(optarg, INT32_MAX, &ev.count) || !ev.count)
				return usage("\"%s\" is no number of records from 1 on", optarg);
			break;
		case 't':
			if (parse_number(optarg, 1000000, &timeout) || !timeout)
				return usage("\"%s\" is no number of seconds from 1 on", optarg);
			break;
		default:
			return usage("option \"%s\" is unknown or has no value", argv[optind - 1]);
		}
	}
	if (argc - optind != 2)
		return usage("a program and one of its maps are needed");
	if (ev.json && ev.raw)
		return usage("either --json or --raw");
	ev.map = argv[optind + 1];
	err = open_map(argv[optind], &ev, &records);
	if (!err)
		err = watch(records, &ev, timeout);
	rex_records_close(records);
	return err;
}
