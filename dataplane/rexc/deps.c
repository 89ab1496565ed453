// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads the compiler's dep-info: "TARGET: FILE FILE ...", an empty line, and one
 * line "FILE:" for each. The compiler escapes blanks only, with a backslash, so a
 * name with a backslash before a blank or with line breaks can look like several,
 * or several like one. To detect that, the second list must repeat the first.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "deps.h"

static int add(char ***files, size_t *n, const char *name, size_t len)
{
	char **more = reallocarray(*files, *n + 1, sizeof(**files));

	if (!more)
		return -ENOMEM;
	*files = more;
	more[*n] = strndup(name, len);
	if (!more[*n])
		return -ENOMEM;
	++*n;
	return 0;
}

/* The names between @p and @end, as they stand there. */
static int split(const char *p, const char *end, char ***files, size_t *n)
{
	while (p < end) {
		const char *to = p;
		int err;

		while (to < end && (*to != ' ' || (to > p && to[-1] == '\\')))
			to++;
		err = add(files, n, p, to - p);
		if (err)
			return err;
		p = to + 1;
	}
	return 0;
}

/* Is @p the names once more, one a line? Only comments come behind them. */
static bool same_again(const char *p, char **files, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(files[i]);

		if (strncmp(p, files[i], len) || strncmp(p + len, ":\n", 2))
			return false;
		p += len + 2;
	}
	return !*p || !strncmp(p, "\n#", 2);
}

static void unescape(char *name)
{
	char *to = name;

	for (; *name; name++)
		if (*name != '\\' || name[1] != ' ')
			*to++ = *name;
	*to = '\0';
}

int deps_parse(const char *text, const char *target, char ***files, size_t *n)
{
	size_t len = strlen(target);
	const char *end;
	int err;

	*files = NULL;
	*n = 0;
	if (strncmp(text, target, len) || strncmp(text + len, ": ", 2))
		return -EINVAL;
	text += len + 2;
	end = strstr(text, "\n\n");
	if (!end)
		return -EINVAL;
	err = split(text, end, files, n);
	if (!err && (!*n || !same_again(end + 2, *files, *n)))
		err = -EILSEQ;
	if (err) {
		deps_free(*files, *n);
		*files = NULL;
		*n = 0;
		return err;
	}
	for (size_t i = 0; i < *n; i++)
		unescape((*files)[i]);
	return 0;
}

int deps_read(const char *path, char ***files, size_t *n)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t room = 0;
	int err = -EIO;

	if (!f)
		return -errno;
	/* a NUL ends the text early, and it is found wanting */
	if (getdelim(&text, &room, '\0', f) > 0)
		err = deps_parse(text, path, files, n);
	free(text);
	fclose(f);
	return err;
}

static void put_name(FILE *f, const char *name)
{
	for (; *name; name++) {
		if (strchr(" #", *name))
			putc('\\', f);
		else if (*name == '$')
			putc('$', f);
		putc(*name, f);
	}
}

int deps_write(const char *path, const char *target, char **files, size_t n)
{
	FILE *f = fopen(path, "we");
	int err = 0;

	if (!f)
		return -errno;
	put_name(f, target);
	putc(':', f);
	for (size_t i = 0; i < n; i++) {
		putc(' ', f);
		put_name(f, files[i]);
	}
	putc('\n', f);
	/* a file that is gone is no error: who names it changed, too */
	for (size_t i = 0; i < n; i++) {
		put_name(f, files[i]);
		fputs(":\n", f);
	}
	if (ferror(f))
		err = -EIO;
	if (fclose(f) && !err)
		err = -errno;
	if (err)
		unlink(path);
	return err;
}

void deps_free(char **files, size_t n)
{
	while (n)
		free(files[--n]);
	free(files);
}
