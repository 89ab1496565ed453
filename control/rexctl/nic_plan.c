// SPDX-License-Identifier: GPL-2.0-only
/* nic plan: which settings of a network interface fit some CPUs, why, and making it so. */
#include <stdlib.h>
#include <string.h>

#include "rexctl.h"

struct plan_args {
	const char *iface, *cores;
	int purpose;			/* 1: bmc */
	bool apply, json;
};

static const char *const states[] = { "ok", "change", "changed", "lacks", "refused", "note" };

/* ---- as the command that does it ----------------------------------------------------------------- */

static void append(char **text, const char *more)
{
	char *grown = NULL;

	if (*text && asprintf(&grown, "%s%s", *text, more) < 0)
		grown = NULL;
	free(*text);
	*text = grown;
}

/* "rexctl nic set eth0 channels 4 rss table=equal:4", to be freed; NULL: nothing is to be changed. */
static char *command(const struct plan_args *a, const struct rex_nic_plan *plan)
{
	const char *group = "";
	char *text = plan->n_settings ? strdup("rexctl nic set ") : NULL;

	append(&text, a->iface);
	for (size_t i = 0; i < plan->n_settings; i++) {
		const struct rex_nic_setting *s = &plan->settings[i];
		bool same = !strcmp(group, s->group);

		append(&text, same ? "," : " ");
		append(&text, same ? "" : s->group);
		append(&text, same ? "" : " ");
		append(&text, s->key);
		append(&text, *s->key ? "=" : "");
		append(&text, s->value);
		group = s->group;
	}
	return text;
}

/* A thread for each CPU, on those CPUs: where a request came in, its thread finds it in the cache. */
static void memcached(const struct rex_nic_plan *plan, char *text, size_t size)
{
	snprintf(text, size, "taskset -c %s memcached -u memcache -t %u -U 11211", plan->cores, plan->n_cores);
}

/* ---- output -------------------------------------------------------------------------------------- */

static json_t *json_rows(const struct rex_nic_plan *plan, const char *group)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < plan->n_rows; i++)
		if (!strcmp(plan->rows[i].group, group))
			json_array_append_new(rows, json_pack("{s:o,s:o,s:o}", "key", json_text(plan->rows[i].key),
							      "now", json_text(plan->rows[i].now), "wanted",
							      json_text(plan->rows[i].wanted)));
	return rows;
}

static int print_plan_json(const struct plan_args *a, const struct rex_nic_plan *plan)
{
	json_t *steps = json_array(), *o;
	char *set = command(a, plan), line[512];

	for (size_t i = 0; i < plan->n_steps; i++)
		json_array_append_new(steps, json_pack("{s:s,s:s,s:o,s:o}", "group", plan->steps[i].group, "state",
						       states[plan->steps[i].state], "why",
						       json_text(plan->steps[i].why), "differences",
						       json_rows(plan, plan->steps[i].group)));
	o = json_pack("{s:o,s:s,s:I,s:b,s:o,s:o}", "name", json_text(a->iface), "cpus", plan->cores, "queues",
		      (json_int_t)plan->queues, "applied", a->apply, "steps", steps, "command",
		      set ? json_text(set) : json_null());
	if (o && a->purpose) {
		memcached(plan, line, sizeof(line));
		json_object_set_new(o, "memcached", json_text(line));
	}
	free(set);
	return print_json(o);
}

static void print_plan(const struct plan_args *a, const struct rex_nic_plan *plan)
{
	char *set = command(a, plan), line[512];

	out("%s: %u queue%s for CPUs %s\n", a->iface, plan->queues, plan->queues == 1 ? "" : "s", plan->cores);
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct rex_plan_step *s = &plan->steps[i];

		out("  %-8s %s: %s\n", states[s->state], s->group, s->why);
		for (size_t k = 0; k < plan->n_rows; k++)
			if (!strcmp(plan->rows[k].group, s->group) && s->state <= REX_PLAN_CHANGED)
				out("             %s: %s, %s %s\n", plan->rows[k].key, plan->rows[k].now,
				    s->state == REX_PLAN_CHANGED ? "now" : "should be", plan->rows[k].wanted);
	}
	if (a->apply && set)
		out("undo with: rexctl nic restore %s\n", a->iface);
	else if (set)
		out("apply with --apply, or: %s\n", set);
	if (a->purpose) {
		memcached(plan, line, sizeof(line));
		out("memcached: %s\n", line);
	}
	free(set);
}

static int nic_plan(const void *args)
{
	const struct plan_args *a = args;
	struct rex_nic_plan *plan;
	int err = enter_netns();

	if (err)
		return err;
	if (rex_nic_plan(a->iface, a->cores, a->purpose, &plan))
		return fail_rex();
	if (a->apply && rex_nic_plan_apply(a->iface, plan)) {
		err = fail_rex();
	} else if (a->json) {
		err = print_plan_json(a, plan);
	} else {
		print_plan(a, plan);
		err = flush_output();
	}
	rex_nic_plan_free(plan);
	return err;
}

const struct cli_command cmd_nic_plan = {
	.name = "nic plan", .help = "settings of a network interface that fit some CPUs, and why",
	.args = (const struct cli_arg[]){
		{ .name = "IFACE", .help = "an interface", .parse = cli_text,
		  .to = CLI_TO(plan_args, iface), .flags = CLI_NEEDED },
		{ .name = "--cores", .value = "CPUS", .help = "those that are to serve, like 0-3,5; without: those near "
		  "the interface", .parse = cli_text, .to = CLI_TO(plan_args, cores) },
		{ .name = "--for", .value = "bmc", .help = "also what the memcached accelerator needs",
		  .parse = cli_choice, .to = CLI_TO(plan_args, purpose) },
		{ .name = "--apply", .help = "change what differs; nic restore puts it back", .parse = cli_flag,
		  .to = CLI_TO(plan_args, apply) },
		CLI_JSON(plan_args, "one line of JSON"),
		{}
	},
	.size = sizeof(struct plan_args), .run = nic_plan,
};
