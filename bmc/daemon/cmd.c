// SPDX-License-Identifier: GPL-2.0-only
/* bmc: the table of its subcommands. */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "bmc.h"

static const struct command {
	const char *name;
	const char *args;		/* for the usage line */
	int (*run)(int argc, char **argv);
} subcommands[] = {
	{ "bmc start", "--port N --dev IF[,IF...] --memory SIZE [--max-age TIME] [--mode native|generic] [--foreground]",
	  bmc_start },
	{ "bmc stop", "", bmc_stop },
	{ "bmc status", "[--json]", bmc_status },
	{ "bmc stats", "[--json|--prometheus]", bmc_stats },
	{ "bmc flush", "", bmc_flush },
};

static const struct command *this_command;

int usage(const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fail("%s", text);
	fprintf(stderr, "usage: rexctl %s %s\n", this_command ? this_command->name : "bmc",
		this_command ? this_command->args : "start|stop|status|stats|flush ...");
	return 2;
}

int bmc_main(int argc, char **argv)
{
	if (argc < 2)
		return usage("start, stop, status, stats or flush is needed");
	for (size_t i = 0; i < ARRAY_SIZE(subcommands); i++) {
		if (strcmp(subcommands[i].name + strlen("bmc "), argv[1]))
			continue;
		this_command = &subcommands[i];
		optind = 0;	/* GNU: start again, with the command's own options */
		opterr = 0;
		if (geteuid())
			return fail("\"rexctl %s\" needs root", subcommands[i].name);
		return subcommands[i].run(argc - 1, argv + 1);
	}
	return usage("there is no \"bmc %s\"", argv[1]);
}

int no_arguments(int argc, char **argv)
{
	return argc > 1 ? usage("\"%s\" is too much", argv[1]) : 0;
}

int bmc_open(struct bmc_parts *parts)
{
	int err;

	memset(parts, 0, sizeof(*parts));
	err = rex_open(&parts->rex);
	if (err)
		return err == -ENOENT ? fail("the accelerator is not there; \"rexctl bmc start\" starts it") :
		       fail_rex();
	err = rex_program_get(parts->rex, BMC_PROGRAM, &parts->program);
	if (!err && meta_map(parts->program, &parts->meta))
		err = fail("%s", why());
	else if (err)
		err = err == -ENOENT ?
		      fail("the accelerator is not there; \"rexctl bmc start\" starts it") : fail_rex();
	if (err) {
		parts_release(parts);
		rex_close(parts->rex);
	}
	return err;
}
