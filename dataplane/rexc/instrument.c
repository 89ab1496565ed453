// SPDX-License-Identifier: GPL-2.0-only
/*
 * The run-time stack check: two instructions at the start of each function, in
 * the assembly that the compiler wrote after link-time optimization.
 *
 * Bit 15 of %rsp is set while a program is in its region (see kmod/).
 */
#include <ctype.h>
#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rexc.h"

struct copy {
	void *functions;	/* tree of names */
	unsigned int n;		/* functions so far */
	bool armed;		/* the next instruction is a function's first */
	bool open;		/* in a function */
	bool call_last;		/* the last instruction is a call */
	char *loc;		/* the .loc directive of the function's declaration, or NULL */
};

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static bool is_instruction(const char *line)
{
	return line[0] == '\t' && isalpha((unsigned char)line[1]);
}

static int declare(struct copy *c, const char *line)
{
	const char *comma = strstr(line, ",@function");
	char *name, **known;

	if (strncmp(line, "\t.type\t", 7) || !comma)
		return 0;
	name = strndup(line + 7, comma - line - 7);
	if (!name)
		return -ENOMEM;
	known = tsearch(name, &c->functions, compare);
	if (!known || *known != name)
		free(name);
	return known ? 0 : -ENOMEM;
}

static bool is_function_label(struct copy *c, const char *line)
{
	size_t len = strcspn(line, ":");
	char *name;
	bool found;

	if (isspace((unsigned char)*line) || line[len] != ':')
		return false;
	name = strndup(line, len);
	found = name && tfind(name, &c->functions, compare);
	free(name);
	return found;
}

static void one_line(struct copy *c, const char *line, FILE *to)
{
	if (c->open && !strncmp(line, ".Lfunc_end", 10)) {
		/* a call that never returns must not run into the next function, or seem to */
		if (c->call_last)
			fputs("\tud2\n", to);
		fprintf(to, ".Lrex_overflow%u:\n%s\tcallq\trex_stack_overflow\n\tud2\n", c->n,
			c->loc ? c->loc : "");
		c->open = false;
	}
	/* an overflow is reported where the function begins, not where it ends */
	if (c->armed && !c->loc && !strncmp(line, "\t.loc\t", 6))
		c->loc = strdup(line);
	if (is_instruction(line)) {
		if (c->armed) {
			bool landing = !strncmp(line, "\tendbr64", 8);

			c->armed = false;
			c->open = true;
			c->n++;
			if (landing)
				fputs(line, to);
			fprintf(to, "\ttestl\t$0x8000, %%esp\n\tjz\t.Lrex_overflow%u\n", c->n);
			if (landing)
				return;
		}
		c->call_last = !strncmp(line, "\tcall", 5);
	}
	fputs(line, to);
	if (is_function_label(c, line)) {
		c->armed = true;
		free(c->loc);
		c->loc = NULL;
	}
}

int instrument(const char *from, const char *to)
{
	struct copy c = { 0 };
	FILE *in = fopen(from, "re"), *out = fopen(to, "we");
	char *line = NULL;
	size_t room = 0;
	int err = 0;

	if (!in || !out)
		err = -errno;
	while (!err && getline(&line, &room, in) > 0) {
		err = declare(&c, line);
		if (!err)
			one_line(&c, line, out);
	}
	if (in)
		fclose(in);
	if (out && (fclose(out) && !err))
		err = -errno;
	free(line);
	free(c.loc);
	tdestroy(c.functions, free);
	return err;
}
