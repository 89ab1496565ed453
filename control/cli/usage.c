// SPDX-License-Identifier: GPL-2.0-only
/* What is said of a command line that is wrong. */
#include <stdarg.h>
#include <stdlib.h>

#include "cli.h"

static const struct cli *this_cli;
static const struct cli_command *this_command;

void cli_now(const struct cli *cli, const struct cli_command *command)
{
	this_cli = cli;
	this_command = command;
}

int bad_usage(const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) >= 0) {
		fail("%s", text);
		free(text);
	}
	va_end(ap);
	cli_usage(stderr, this_cli, this_command);
	return 2;
}
