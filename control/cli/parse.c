// SPDX-License-Identifier: GPL-2.0-only
/* From words to a command and the struct of its arguments. */
#include <ctype.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include <rex_version.h>

#include "cli.h"

#define MAX_ARGS 16
#define FIRST_OPTION 256		/* above all characters */

static const struct cli_command *this_command;	/* NULL: none yet */

struct parser {
	const struct cli_arg *args;
	char *to;
	bool seen[MAX_ARGS];
	bool help, version;
};

static bool is_option(const struct cli_arg *arg)
{
	return *arg->name == '-';
}

static bool is_keyword(const struct cli_arg *arg)
{
	return islower((unsigned char)*arg->name);
}

static int set(struct parser *p, size_t i, char **words, int n)
{
	p->seen[i] = true;
	return p->args[i].parse(&p->args[i], words, n, p->to + p->args[i].to);
}

/* ---- options ---------------------------------------------------------------------------------- */

/* Returns whether words that look like options are left alone behind the first that does not. */
static bool list_options(const struct parser *p, struct option *list)
{
	bool rest = false;
	size_t n = 0;

	for (size_t i = 0; p->args && p->args[i].name; i++) {
		rest |= p->args[i].flags & CLI_REST;
		if (is_option(&p->args[i]))
			list[n++] = (struct option){ p->args[i].name + 2, p->args[i].value ?
				required_argument : no_argument, NULL, FIRST_OPTION + i };
	}
	list[n++] = (struct option){ "help", no_argument, NULL, 'h' };
	if (!this_command)
		list[n++] = (struct option){ "version", no_argument, NULL, 'V' };
	list[n] = (struct option){};
	return rest || !this_command;
}

static int bad_option(const struct parser *p, int opt, char *word)
{
	if (opt == ':')
		return bad_usage("%s needs a value: %s", word, p->args[optopt - FIRST_OPTION].value);
	if (optopt >= FIRST_OPTION || strchr(word, '='))
		return bad_usage("\"%s\" is not an option, or takes no value", word);
	if (optopt)
		return bad_usage("there is no option \"-%c\"", optopt);
	return bad_usage("there is no option \"%s\"", word);
}

/* Leaves optind at the first word that is none. */
static int parse_options(struct parser *p, int argc, char **argv)
{
	struct option list[MAX_ARGS + 3];
	bool in_front = list_options(p, list);
	int opt, err = 0;

	optind = 0;			/* GNU: start again */
	opterr = 0;
	while (!err && (opt = getopt_long(argc, argv, in_front ? "+:h" : ":h", list, NULL)) != -1) {
		if (opt == 'h')
			p->help = true;
		else if (opt == 'V')
			p->version = true;
		else if (opt >= FIRST_OPTION)
			err = set(p, opt - FIRST_OPTION, &optarg, 1);
		else
			err = bad_option(p, opt, argv[optind - 1]);
	}
	return err;
}

/* ---- words ---------------------------------------------------------------------------------- */

static int unexpected(const struct parser *p, const char *word)
{
	char names[256] = "";

	for (size_t i = 0; p->args && p->args[i].name; i++) {
		size_t len = strlen(names);

		if (is_keyword(&p->args[i]))
			snprintf(names + len, sizeof(names) - len, "%s%s", len ? ", " : "", p->args[i].name);
	}
	if (*names)
		return bad_usage("there is no setting \"%s\"; there are: %s", word, names);
	return bad_usage("unexpected argument \"%s\"", word);
}

static int parse_keyword(struct parser *p, char **words, int n)
{
	for (size_t i = 0; p->args && p->args[i].name; i++) {
		if (!is_keyword(&p->args[i]) || strcmp(p->args[i].name, words[0]))
			continue;
		if (n < 2)
			return bad_usage("%s needs a value: %s", words[0], p->args[i].value);
		return set(p, i, words + 1, 1);
	}
	return unexpected(p, words[0]);
}

static int parse_words(struct parser *p, char **words, int n)
{
	int err = 0;

	for (size_t i = 0; !err && n > 0 && p->args && p->args[i].name; i++) {
		int take = p->args[i].flags & CLI_REST ? n : 1;

		if (is_option(&p->args[i]) || is_keyword(&p->args[i]))
			continue;
		err = set(p, i, words, take);
		words += take;
		n -= take;
	}
	for (; !err && n > 0; words += 2, n -= 2)
		err = parse_keyword(p, words, n);
	return err;
}

/* Whether what was given goes together. */
static int check_set(const struct parser *p)
{
	size_t n = 0, alone = MAX_ARGS;

	for (size_t i = 0; p->args && p->args[i].name; i++) {
		n += p->seen[i];
		if (p->seen[i] && p->args[i].flags & CLI_ALONE)
			alone = i;
		if (p->args[i].flags & CLI_OR && p->seen[i] && p->seen[i - 1])
			return bad_usage("either %s or %s", p->args[i - 1].name, p->args[i].name);
	}
	if (alone < MAX_ARGS)
		return n > 1 ? bad_usage("%s stands alone", p->args[alone].name) : 0;
	for (size_t i = 0; p->args && p->args[i].name; i++)
		if (p->args[i].flags & CLI_NEEDED && !p->seen[i])
			return bad_usage("%s is needed: %s", p->args[i].name, p->args[i].help);
	return 0;
}

/* ---- commands ------------------------------------------------------------------------------- */

static int no_command(const struct cli *cli, char **words, int n)
{
	size_t len = strlen(words[0]);
	char names[256] = "";

	each_command(cli, c) {
		size_t k = strlen(names);

		if (!strncmp(c->name, words[0], len) && c->name[len] == ' ')
			snprintf(names + k, sizeof(names) - k, "%s%s", k ? ", " : "", c->name + len + 1);
	}
	if (!*names)
		return bad_usage("there is no command \"%s\"; \"%s help\" lists them", words[0], cli->name);
	if (n < 2)
		return bad_usage("\"%s\" needs one of: %s", words[0], names);
	return bad_usage("there is no \"%s %s\"; there are: %s", words[0], words[1], names);
}

static int run_command(const struct cli *cli, int argc, char **argv)
{
	struct parser p = {};
	int err, used;

	this_command = cli_find(cli, argv, argc, &used);
	cli_now(cli, this_command);
	if (!this_command)
		return no_command(cli, argv, argc);
	if (this_command->pass)
		return this_command->pass(argc, argv);
	p.args = this_command->args;
	p.to = calloc(1, this_command->size + 1);
	if (!p.to)
		return fail("out of memory");
	argc -= used - 1;
	argv += used - 1;
	err = parse_options(&p, argc, argv);
	if (!err && p.help) {
		cli_help_command(cli, this_command);
	} else {
		if (!err)
			err = parse_words(&p, argv + optind, argc - optind);
		if (!err)
			err = check_set(&p);
		if (!err)
			err = this_command->run(p.to);
	}
	free(p.to);
	return err;
}

static int help(const struct cli *cli, int argc, char **argv)
{
	bool found = false;

	if (!argc) {
		cli_help(stdout, cli);
		return flush_output();
	}
	each_command(cli, c) {
		size_t len = strlen(argv[0]);
		bool all = !c->name[len] || (c->name[len] == ' ' &&
			   (argc == 1 || !strcmp(c->name + len + 1, argv[1])));

		if (strncmp(c->name, argv[0], len) || !all)
			continue;
		if (found)
			putchar('\n');
		cli_help_command(cli, c);
		found = true;
	}
	return found ? flush_output() : no_command(cli, argv, argc);
}

int cli_main(const struct cli *cli, int argc, char **argv)
{
	struct parser p = { .args = cli->options, .to = cli->globals };
	int err;

	cli_now(cli, NULL);
	cli_name = cli->error_name ? cli->error_name : cli->name;
	if (argc > 1 && !strcmp(argv[1], "--complete"))
		return cli_complete(cli, argc - 2, argv + 2);
	if (argc > 1 && !strcmp(argv[1], "--mdoc"))
		return cli_mdoc(cli);
	err = parse_options(&p, argc, argv);
	if (err)
		return err;
	if (p.version) {
		out("%s %s\n", cli->name, REX_VERSION);
		return flush_output();
	}
	if (p.help)
		return help(cli, 0, NULL);
	if (optind == argc) {
		cli_help(stderr, cli);
		return 2;
	}
	argc -= optind;
	argv += optind;
	err = cli_expand(cli, argv, argc, true);
	if (!err && !strcmp(argv[0], "help"))
		err = cli_expand(cli, argv + 1, argc - 1, true);
	if (err)
		return err;
	return strcmp(argv[0], "help") ? run_command(cli, argc, argv) : help(cli, argc - 1, argv + 1);
}
