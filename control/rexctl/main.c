// SPDX-License-Identifier: GPL-2.0-only
/* rexctl: the table of commands, and what all of them need. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rexctl.h"

static const struct command commands[] = {
	{ "load", "NAME.ko", "load a program (and rex.ko when needed)", cmd_load },
	{ "unload", "NAME [--force]", "unload a program; --force detaches it first", cmd_unload },
	{ "replace", "NAME.ko [--fallback OLD.ko]",
	  "exchange a loaded program for this one; what is attached stays attached", cmd_replace },
	{ "attach", "PROGRAM HOOK PLACE...", "attach an entry of a program to a place (below)",
	  cmd_attach },
	{ "detach", "PROGRAM [HOOK PLACE...] | --stale",
	  "detach it everywhere, or from one place", cmd_detach },
	{ "status", "[--json]", "what is loaded and where it is attached", cmd_status },
	{ "run", "PROGRAM --data-in FILE [--data-out FILE] [--repeat N] [--json]",
	  "run an entry once on a packet, without attaching it", cmd_run },
	{ "events", "NAME MAP [--count N] [--timeout SECONDS] [--json|--raw]",
	  "print the records of a ring buffer or perf event array", cmd_events },
	{ "monitor", "[--json] [--count N] [--timeout SECONDS]",
	  "print events: loaded, unloaded, state, faults", cmd_monitor },
	{ "enable", "NAME", "let a program run; clears a crash", cmd_enable },
	{ "disable", "NAME", "let its hooks give the safe verdict", cmd_disable },
	{ "set", "NAME budget TIME | NAME timing on|off", "change a setting (TIME: 20ms, 500us)",
	  cmd_set },
	{ "inspect", "NAME.ko [--json]", "check a program file, and what is in it", cmd_inspect },
	{ "bmc", "start --port N --dev IF[,IF...] --memory SIZE ... | stop | status | stats | flush",
	  "the memcached accelerator", cmd_bmc },
	{ "nic", "show IFACE [--json] | set IFACE channels N", "queues of a network interface",
	  cmd_nic },
};

const struct command *this_command;
static const char *netns;

int fail(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("rexctl: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return 1;
}

int fail_rex(void)
{
	return fail("%s", rex_errmsg());
}

int usage(const char *fmt, ...)
{
	va_list ap;

	fputs("rexctl: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\nusage: rexctl %s %s\n", this_command->name, this_command->args);
	return 2;
}

bool netns_given(void)
{
	return netns;
}

int enter_netns(void)
{
	char path[256];
	int fd, err = 0;

	if (!netns)
		return 0;
	if (strchr(netns, '/'))
		snprintf(path, sizeof(path), "%s", netns);
	else
		snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail("cannot open network namespace \"%s\" (%s): %s; \"ip netns\" lists them",
			    netns, path, strerror(errno));
	if (setns(fd, CLONE_NEWNET))
		err = fail("cannot enter network namespace \"%s\": %s", netns, strerror(errno));
	close(fd);
	return err;
}

int connect_rex(struct rex **rex)
{
	int err;

	/* First, because rex.ko answers in the first namespace; the mounts stay ours. */
	if (rex_open(rex))
		return fail_rex();
	err = enter_netns();
	if (err)
		rex_close(*rex);
	return err;
}

int print_json(json_t *value)
{
	int err = value ? json_dumpf(value, stdout, JSON_COMPACT) : -1;

	if (!err)
		err = printf("\n") < 0 || fflush(stdout);
	json_decref(value);
	return err ? fail("cannot write JSON to standard output") : 0;
}

int split_spec(const char *spec, char *name, const char **entry)
{
	size_t len = strcspn(spec, ":");
	bool has_entry = spec[len];

	if (!len || len >= REX_NAME_LEN || (has_entry && !spec[len + 1]))
		return fail("\"%s\" is no program: give NAME or NAME:ENTRY (\"rexctl status\" lists "
			    "them)", spec);
	memcpy(name, spec, len);
	name[len] = '\0';
	*entry = has_entry ? spec + len + 1 : NULL;
	return 0;
}

int find_entry(struct rex *rex, const char *spec, int hook, struct rex_program **program,
	       const struct rex_entry **entry)
{
	char name[REX_NAME_LEN];
	const char *entry_name;
	int err = split_spec(spec, name, &entry_name);

	if (err)
		return err;
	if (rex_program_get(rex, name, program))
		return fail_rex();
	if (rex_program_entry(*program, entry_name, hook, entry)) {
		rex_program_free(*program);
		return fail_rex();
	}
	return 0;
}

int parse_number(const char *text, uint32_t max, uint32_t *value)
{
	char *end;
	unsigned long v;

	errno = 0;
	v = strtoul(text, &end, 10);
	if (errno || !isdigit((unsigned char)*text) || *end || v > max)
		return -EINVAL;
	*value = v;
	return 0;
}

int parse_time(const char *text, uint32_t *us)
{
	static const struct {
		const char *unit;
		uint32_t us;
	} units[] = { { "us", 1 }, { "ms", 1000 }, { "s", 1000000 } };
	char number[16];
	size_t len = strspn(text, "0123456789");
	uint32_t value;

	if (!len || len >= sizeof(number))
		return -1;
	memcpy(number, text, len);
	number[len] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(text + len, units[i].unit))
			continue;
		if (parse_number(number, UINT32_MAX / units[i].us, &value) || !value)
			return -1;
		*us = value * units[i].us;
		return 0;
	}
	return -1;
}

static void help(FILE *to)
{
	fputs("usage: rexctl [--netns NAME] COMMAND ...\n\n", to);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(to, "  %-8s %s\n           %s\n", commands[i].name, commands[i].args,
			commands[i].help);
	fputs("\nHOOK PLACE is one of:\n", to);
	for (int at = 0; at < __REX_AT_MAX; at++)
		fprintf(to, "  %-14s %s\n", rex_at_name(at), rex_at_args(at));
	fputs("PROGRAM is NAME, or NAME:ENTRY when the program has several entries for the hook.\n"
	      "--netns NAME: in that network namespace. Manual: man 8 rexctl\n", to);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "netns", required_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "+n:h", options, NULL)) != -1) {
		switch (opt) {
		case 'n':
			netns = optarg;
			break;
		case 'h':
			help(stdout);
			return 0;
		default:
			help(stderr);
			return 2;
		}
	}
	argc -= optind;
	argv += optind;
	if (!argc) {
		help(stderr);
		return 2;
	}
	if (!strcmp(*argv, "help")) {
		help(stdout);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(*argv, commands[i].name))
			continue;
		this_command = &commands[i];
		optind = 0;		/* GNU: start again, with the command's own options */
		opterr = 0;		/* usage() says it, with the command's usage line */
		return commands[i].run(argc, argv);
	}
	return fail("there is no command \"%s\"; \"rexctl help\" lists them", *argv);
}
