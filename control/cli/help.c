// SPDX-License-Identifier: GPL-2.0-only
/* What is in the table, and as text: usage, help, and the syntax in the manual. */
#include <ctype.h>
#include <string.h>

#include "cli.h"

const struct cli_command *cli_find(const struct cli *cli, char **words, int n, int *used)
{
	each_command(cli, c) {
		size_t len = strcspn(c->name, " ");
		int two = c->name[len] == ' ';

		if (n <= two || strlen(words[0]) != len || strncmp(c->name, words[0], len) ||
		    (two && strcmp(c->name + len + 1, words[1])))
			continue;
		*used = 1 + two;
		return c;
	}
	return NULL;
}

/* How a syntax is written: on a terminal, or in mdoc. */
struct style {
	const char *open, *close, *or;
	bool mdoc;
};
static const struct style plain = { "[", "]", "|", false }, mdoc = { "Oo ", " Oc", " | ", true };

static void put_value(FILE *to, const struct style *style, const char *value)
{
	bool literal = islower((unsigned char)*value);

	if (!style->mdoc) {
		fputs(value, to);
		return;
	}
	fputs(literal ? "Cm " : "Ar ", to);
	for (; *value; value++)
		fprintf(to, literal && *value == '|' ? " %c " : "%c", *value);
}

static void put_arg(FILE *to, const struct style *style, const struct cli_arg *arg)
{
	if (!style->mdoc)
		fputs(arg->name, to);
	else if (*arg->name == '-')
		fprintf(to, "Fl %s", arg->name + 1);
	else
		put_value(to, style, arg->name);
	if (arg->value) {
		fputc(' ', to);
		put_value(to, style, arg->value);
	}
}

static void put_syntax(FILE *to, const struct style *style, const struct cli_arg *arg)
{
	while (arg && arg->name) {
		bool alone = arg->flags & CLI_ALONE, needed = alone || arg->flags & CLI_NEEDED;

		fputs(alone ? " | " : " ", to);
		fputs(needed ? "" : style->open, to);
		put_arg(to, style, arg++);
		for (; arg->name && arg->flags & CLI_OR; arg++) {
			fputs(style->or, to);
			put_arg(to, style, arg);
		}
		fputs(needed ? "" : style->close, to);
	}
}

static void put_usage(FILE *to, const struct cli *cli, const struct cli_command *c)
{
	fprintf(to, "usage: %s %s", cli->name, c->name);
	put_syntax(to, &plain, c->args);
	fputc('\n', to);
}

void cli_usage(FILE *to, const struct cli *cli, const struct cli_command *command)
{
	if (command) {
		put_usage(to, cli, command);
		return;
	}
	fprintf(to, "usage: %s", cli->name);
	put_syntax(to, &plain, cli->options);
	fputs(" COMMAND ...\n", to);
}

static void put_args(FILE *to, const struct cli_arg *arg)
{
	for (; arg && arg->name; arg++) {
		int width = strlen(arg->name) + (arg->value ? strlen(arg->value) + 1 : 0);

		fputs("  ", to);
		put_arg(to, &plain, arg);
		fprintf(to, "%*s  %s\n", width < 20 ? 20 - width : 0, "", arg->help);
	}
}

void cli_help(FILE *to, const struct cli *cli)
{
	cli_usage(to, cli, NULL);
	fputc('\n', to);
	each_command(cli, c) {
		fprintf(to, "  %s", c->name);
		put_syntax(to, &plain, c->args);
		fprintf(to, "\n           %s\n", c->help);
	}
	fputs("\nOptions in front of the command:\n", to);
	put_args(to, cli->options);
	fprintf(to, "  --help                this text; \"%s COMMAND --help\": that of a command\n"
		"  --version             the version\n", cli->name);
	if (cli->more_help)
		cli->more_help(to);
}

void cli_help_command(const struct cli *cli, const struct cli_command *c)
{
	put_usage(stdout, cli, c);
	printf("%s\n", c->help);
	if (c->args && c->args->name)
		putchar('\n');
	put_args(stdout, c->args);
}

int cli_mdoc(const struct cli *cli)
{
	each_command(cli, c) {
		printf("s/^\\.It Ic %s$/&", c->name);
		put_syntax(stdout, &mdoc, c->args);
		fputs("/\n", stdout);
	}
	return flush_output();
}
