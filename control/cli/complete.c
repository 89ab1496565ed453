// SPDX-License-Identifier: GPL-2.0-only
/* Completion: what the last word of a command line may become. */
#include <ctype.h>
#include <net/if.h>
#include <string.h>

#include "cli.h"

void cli_candidate(const char *begin, const char *word)
{
	if (!strncmp(word, begin, strlen(begin)))
		out("%s\n", word);
}

void cli_complete_interface(const char *begin)
{
	struct if_nameindex *list = if_nameindex();

	for (struct if_nameindex *i = list; i && i->if_index; i++)
		cli_candidate(begin, i->if_name);
	if_freenameindex(list);
}

/* "on|off", "[freq=N|period=N]": the words in it; and for IFACE what the table of nouns has. */
static void complete_value(const struct cli *cli, const char *value, const char *begin)
{
	while (*value) {
		char word[64];
		size_t len = strcspn(value += strspn(value, "[|]"), "[|]");
		size_t equals = strcspn(value, "=");

		snprintf(word, sizeof(word), "%.*s", (int)(equals < len ? equals + 1 : len), value);
		if (islower((unsigned char)*word))
			cli_candidate(begin, word);
		for (const struct cli_noun *n = cli->nouns; *word && n && n->noun; n++) {
			if (strncmp(word, n->noun, strlen(n->noun)))
				continue;
			if (n->files)
				out("@files %s\n", n->files);
			else
				n->complete(begin);
			break;
		}
		value += len;
	}
}

static bool is_noun(const struct cli *cli, const char *name)
{
	for (const struct cli_noun *n = cli->nouns; n && n->noun; n++)
		if (!strncmp(name, n->noun, strlen(n->noun)))
			return true;
	return false;
}

static void complete_command(const struct cli *cli, const char *first, const char *begin)
{
	const char *last = "";
	char word[64];

	each_command(cli, c) {
		size_t len = strcspn(c->name, " ");

		snprintf(word, sizeof(word), "%.*s", (int)len, c->name);
		if (!first && strncmp(last, c->name, len + 1))
			cli_candidate(begin, word);
		else if (first && c->name[len] && !strcmp(first, word))
			cli_candidate(begin, c->name + len + 1);
		last = c->name;
	}
}

static const struct cli_arg *find_arg(const struct cli_arg *args, const char *name)
{
	for (; args && args->name; args++)
		if (!strcmp(args->name, name) && args->value)
			return args;
	return NULL;
}

/* The word that is the next behind @n words, @n changed to how many of a CLI_REST are there. */
static const struct cli_arg *next_word(const struct cli_arg *args, int *n)
{
	for (; args && args->name; args++) {
		if (!isupper((unsigned char)*args->name))
			continue;
		if (args->flags & CLI_REST || !*n)
			return args;
		--*n;
	}
	return NULL;
}

static void complete_names(const struct cli_arg *args, const char *begin, bool options)
{
	for (; args && args->name; args++)
		if (options ? *args->name == '-' : islower((unsigned char)*args->name))
			cli_candidate(begin, args->name);
}

/* @words: behind the command; the last of them is to be completed. */
static void complete_arg(const struct cli *cli, const struct cli_arg *args, char **words, int n)
{
	const char *begin = words[n - 1];
	const struct cli_arg *arg = n > 1 ? find_arg(args, words[n - 2]) : NULL;
	int n_words = 0;
	char text[256];

	if (arg) {
		complete_value(cli, arg->value, begin);
		return;
	}
	for (int i = 0; i < n - 1; i++) {
		if (*words[i] == '-')
			i += find_arg(args, words[i]) != NULL;
		else
			n_words++;
	}
	arg = *begin == '-' ? NULL : next_word(args, &n_words);
	if (arg && arg->flags & CLI_REST && cli->rest && !is_noun(cli, arg->name)) {
		words += n - 1 - n_words;
		complete_value(cli, cli->rest(words, n_words, text, sizeof(text)), begin);
	} else if (arg) {
		complete_value(cli, arg->name, begin);
	} else {
		complete_names(args, begin, false);
	}
	if (!arg)
		complete_names(args, begin, true);
}

int cli_complete(const struct cli *cli, int argc, char **argv)
{
	const struct cli_command *found;
	int used;

	while (argc > 1 && *argv[0] == '-') {	/* in front of the command */
		int n = 1 + (find_arg(cli->options, argv[0]) != NULL);

		if (n >= argc) {
			complete_value(cli, find_arg(cli->options, argv[0])->value, argv[argc - 1]);
			return flush_output();
		}
		argc -= n;
		argv += n;
	}
	if (argc < 1)
		return 0;
	if (cli_expand(cli, argv, argc - 1, false))	/* the last word is not whole yet */
		return 0;
	found = cli_find(cli, argv, argc - 1, &used);
	if (found && found->pass) {
		argv[0] = "--complete";
		return found->pass(argc, argv);
	}
	if (found) {
		complete_arg(cli, found->args, argv + used, argc - used);
	} else if (argc == 1) {
		complete_command(cli, NULL, argv[0]);
		cli_candidate(argv[0], "help");
		complete_names(cli->options, argv[0], true);
		cli_candidate(argv[0], "--help");
		cli_candidate(argv[0], "--version");
	} else if (!strcmp(argv[0], "help")) {
		complete_command(cli, argc == 2 ? NULL : argv[1], argv[argc - 1]);
	} else if (argc == 2) {
		complete_command(cli, argv[0], argv[1]);
	}
	return flush_output();
}
