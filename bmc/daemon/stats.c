// SPDX-License-Identifier: GPL-2.0-only
/* stats: the program's counters as text, JSON, or in the format that Prometheus reads. */
#include <cli/cli.h>
#include <inttypes.h>
#include <rex/librex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../shared.h"
#include "counters.h"
#include "meta.h"
#include "now.h"
#include "open.h"
#include "parts.h"
#include "why.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const struct counter {
	const char *group, *label, *help;
} counters[] = {
#define COUNTER(name, group, label, help) { #group, label, help },
	BMC_STATS(COUNTER)
#undef COUNTER
};

/* What the members of a group have in common. */
static const char *group_help(const struct counter *c)
{
	static const char *const groups[][2] = {
		{ "passes", "requests passed to memcached by reason" },
		{ "fills_refused", "values not put into the cache by reason" },
		{ "invalidations", "changes of values seen by command" },
		{ "epochs", "times that all that was cached became invalid by reason" },
		{ "connections", "connections of memcached by how they are followed" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		if (!strcmp(groups[i][0], c->group))
			return groups[i][1];
	return c->help;
}

static bool is_new_group(size_t i)
{
	return !i || strcmp(counters[i].group, counters[i - 1].group);
}

/* ---- three ways to print ------------------------------------------------------------------------------------ */

static int print_text(const uint64_t *values)
{
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++)
		printf("%s%s%s %" PRIu64 "\n", counters[i].group, *counters[i].label ? "_" : "",
		       counters[i].label, values[i]);
	return fflush(stdout) ? fail("cannot write to standard output") : 0;
}

static int print_stats_json(const uint64_t *values)
{
	json_t *o = json_object(), *group = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
		const struct counter *c = &counters[i];

		if (!*c->label) {
			json_object_set_new(o, c->group, json_integer(values[i]));
			continue;
		}
		if (is_new_group(i)) {
			group = json_object();
			json_object_set_new(o, c->group, group);
		}
		json_object_set_new(group, c->label, json_integer(values[i]));
	}
	return print_json(o);
}

/* In HELP a backslash and a line feed are escaped, in the value of a label quotes, too. */
static void print_escaped(const char *text, bool label)
{
	for (; *text; text++) {
		if (*text == '\n')
			fputs("\\n", stdout);
		else if (*text == '\\' || (label && *text == '"'))
			printf("\\%c", *text);
		else
			putchar(*text);
	}
}

static void print_head(const char *name, const char *help, const char *type)
{
	printf("# HELP rex_bmc_%s ", name);
	print_escaped(help, false);
	printf("\n# TYPE rex_bmc_%s %s\n", name, type);
}

static void print_gauge(const char *name, const char *help, uint64_t value)
{
	print_head(name, help, "gauge");
	printf("rex_bmc_%s %" PRIu64 "\n", name, value);
}

static void print_devs(const struct bmc_now *now)
{
	print_head("device_attached", "whether the program answers at the interface", "gauge");
	for (size_t i = 0; i < now->n_devs; i++) {
		printf("rex_bmc_device_attached{device=\"");
		print_escaped(now->devs[i].wanted, true);
		printf("\"} %d\n", now->devs[i].ours);
	}
}

static int print_prometheus(const struct bmc_now *now)
{
	const struct bmc_parts *parts = &now->parts;
	const uint64_t *values = now->values;
	char name[64];

	for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
		const struct counter *c = &counters[i];

		snprintf(name, sizeof(name), "%s_total", c->group);
		if (is_new_group(i))
			print_head(name, group_help(c), "counter");
		printf("rex_bmc_%s", name);
		if (*c->label) {
			printf("{kind=\"");
			print_escaped(c->label, true);
			printf("\"}");
		}
		printf(" %" PRIu64 "\n", values[i]);
	}
	print_head("server_deaths_total", "times that memcached ended", "counter");
	printf("rex_bmc_server_deaths_total %u\n", meta_get(parts->meta->server_deaths));
	print_gauge("running", "whether GETs are answered", !*now->reason);
	print_gauge("daemon", "whether the daemon is there", now->daemon != 0);
	print_gauge("cache_bytes", "memory for values", now->memory);
	if (now->n_devs)
		print_devs(now);
	return fflush(stdout) ? fail("cannot write to standard output") : 0;
}

struct stats_args {
	bool json, prometheus;
};

static int stats(const void *args)
{
	const struct stats_args *a = args;
	struct bmc_now *now;
	int err;

	now = calloc(1, sizeof(*now));
	err = now ? bmc_open(&now->parts) : fail("out of memory");
	if (err) {
		free(now);
		return err;
	}
	/* Who only counts need not go to another network namespace. */
	if (a->prometheus ? now_collect(now) : counters_read(now->parts.program, now->values))
		err = fail("%s", why());
	else
		err = a->json ? print_stats_json(now->values) : a->prometheus ? print_prometheus(now) :
		      print_text(now->values);
	parts_release(&now->parts);
	rex_close(now->parts.rex);
	free(now);
	return err;
}

const struct cli_command cmd_stats = {
	.name = "stats", .help = "what it counted",
	.args = (const struct cli_arg[]){
		CLI_JSON(stats_args, "one line of JSON"),
		{ .name = "--prometheus", .help = "in the format that Prometheus reads", .parse = cli_flag,
		  .to = CLI_TO(stats_args, prometheus), .flags = CLI_OR },
		{}
	},
	.size = sizeof(struct stats_args), .run = stats,
};
