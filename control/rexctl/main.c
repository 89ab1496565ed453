// SPDX-License-Identifier: GPL-2.0-only
/* rexctl: the list of commands, each of which is described in its own file. */
#include <stdlib.h>
#include <string.h>

#include "rexctl.h"

#define COMMANDS(X) \
	X(load) \
	X(unload) \
	X(replace) \
	X(attach) \
	X(detach) \
	X(status) \
	X(run) \
	X(events) \
	X(monitor) \
	X(enable) \
	X(disable) \
	X(set) \
	X(inspect) \
	X(bmc) \
	X(map_list) \
	X(map_show) \
	X(map_dump) \
	X(map_get) \
	X(map_set) \
	X(map_pin) \
	X(map_unpin) \
	X(link_list) \
	X(clean) \
	X(apply) \
	X(save) \
	X(check) \
	X(nic_show) \
	X(nic_plan) \
	X(nic_set) \
	X(nic_save) \
	X(nic_restore)

#define DECLARE(name) extern const struct cli_command cmd_##name;
#define LIST(name) &cmd_##name,

COMMANDS(DECLARE)

static const struct cli_command *const commands[] = { COMMANDS(LIST) NULL };

static const struct cli_arg options[] = {
	{ .name = "--netns", .value = "NAME", .help = "in that network namespace", .parse = cli_text },
	{}
};

/* ---- completion --------------------------------------------------------------------------------- */

static void complete_program(const char *begin)
{
	struct rex_program **list;
	struct rex *rex;
	size_t n;

	if (rex_open(&rex))
		return;
	if (!rex_program_list(rex, &list, &n)) {
		for (size_t i = 0; i < n; i++)
			cli_candidate(begin, list[i]->name);
		rex_program_list_free(list, n);
	}
	rex_close(rex);
}

/* There are too many of them to list for less than a few letters. */
static void complete_function(const char *begin)
{
	FILE *f = strlen(begin) < 4 ? NULL :
		  fopen("/sys/kernel/tracing/available_filter_functions", "re");
	char line[512];

	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, " \n")] = '\0';
		cli_candidate(begin, line);
	}
	if (f)
		fclose(f);
}

static void complete_event(const char *begin)
{
	static const char *const events[] = {
		"cpu-clock", "task-clock", "cycles", "instructions", "cache-misses", "branch-misses",
		"page-faults", "context-switches", "cpu-migrations",
	};

	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		cli_candidate(begin, events[i]);
}

/* Words in the table, and in the targets' own syntax. */
static const struct cli_noun nouns[] = {
	{ "NAME.ko", NULL, ".ko" },
	{ "OLD.ko", NULL, ".ko" },
	{ "FILE", NULL, "" },
	{ "PATH", NULL, "" },
	{ "NAME", complete_program, NULL },
	{ "PROGRAM", complete_program, NULL },
	{ "IFACE", cli_complete_interface, NULL },
	{ "SYMBOL", complete_function, NULL },
	{ "FUNCTION", complete_function, NULL },
	{ "EVENT", complete_event, NULL },
	{}
};

/* HOOK TARGET...: what comes behind the @n words. */
static const char *rest(char **words, int n, char *text, size_t size)
{
	size_t len = 0;

	*text = '\0';
	for (int at = 0; at < __REX_AT_MAX; at++) {
		const char *args = rex_at_args(at);

		if (!n) {
			len += snprintf(text + len, size - len, "%s%s", at ? "|" : "", rex_at_name(at));
			continue;
		}
		if (strcmp(words[0], rex_at_name(at)))
			continue;
		for (int i = 1; i < n; i++) {
			args += strcspn(args, " ");
			args += strspn(args, " ");
		}
		snprintf(text, size, "%.*s", (int)strcspn(args, " "), args);
	}
	return text;
}

static void more_help(FILE *to)
{
	fputs("\nHOOK TARGET is one of:\n", to);
	for (int at = 0; at < __REX_AT_MAX; at++)
		fprintf(to, "  %-14s %s\n", rex_at_name(at), rex_at_args(at));
	fputs("PROGRAM is NAME, or NAME:ENTRY when the program has several entries for the hook.\n"
	      "Manual: man 8 rexctl\n", to);
}

int main(int argc, char **argv)
{
	static const struct cli cli = {
		.name = "rexctl", .commands = commands, .options = options, .globals = &netns,
		.nouns = nouns, .rest = rest, .more_help = more_help,
	};

	return cli_main(&cli, argc, argv);
}
