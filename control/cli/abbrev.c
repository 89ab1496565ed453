// SPDX-License-Identifier: GPL-2.0-only
/* Abbreviations: a word that only one command begins with stands for it. */
#include <string.h>

#include "cli.h"

#define WORD 64

struct candidates {
	char word[WORD];		/* the only one, or the last */
	unsigned int n;			/* 1: it is the one */
	char names[256];
};

static void consider(struct candidates *c, const char *word, const char *name, size_t len)
{
	size_t used = strlen(c->names);

	/* The words of a group stand together in the table. */
	if (strncmp(name, word, strlen(word)) || (strlen(c->word) == len && !strncmp(c->word, name, len)))
		return;
	snprintf(c->word, sizeof(c->word), "%.*s", (int)len, name);
	snprintf(c->names + used, sizeof(c->names) - used, "%s%s", used ? ", " : "", c->word);
	c->n++;
}

/* @group: the word in front of it, NULL for none. */
static void collect(const struct cli *cli, const char *group, const char *word, struct candidates *c)
{
	each_command(cli, command) {
		size_t len = strcspn(command->name, " ");
		const char *second = command->name + len + 1;

		if (!group)
			consider(c, word, command->name, len);
		else if (command->name[len] && strlen(group) == len && !strncmp(group, command->name, len))
			consider(c, word, second, strlen(second));
	}
	if (!group)
		consider(c, word, "help", strlen("help"));
}

/* A whole word is that command, though another one may begin with it. */
static bool is_whole(const struct cli *cli, const char *group, const char *word)
{
	struct candidates c = {};

	collect(cli, group, word, &c);
	for (const char *at = c.names; *at; at += strspn(at, ", ")) {
		size_t len = strcspn(at, ",");

		if (strlen(word) == len && !strncmp(word, at, len))
			return true;
		at += len;
	}
	return false;
}

int cli_expand(const struct cli *cli, char **words, int n, bool tell)
{
	for (int i = 0; i < n && i < 2; i++) {
		const char *group = i ? words[0] : NULL;
		struct candidates c = {};

		if (!*words[i] || is_whole(cli, group, words[i]))
			continue;
		collect(cli, group, words[i], &c);
		if (c.n > 1)
			return tell ? bad_usage("\"%s%s%s\" is ambiguous: %s", i ? words[0] : "", i ? " " : "", words[i],
						c.names) : 2;
		if (!c.n)
			return 0;
		words[i] = strdup(c.word);	/* stays as long as the command line */
		if (!words[i])
			return fail("out of memory");
	}
	return 0;
}
