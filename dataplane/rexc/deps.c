// SPDX-License-Identifier: GPL-2.0-only
/* Reads the compiler's dep-info: "target: file file\ with\ blank ...". */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deps.h"

static int split(char *p, char ***files, size_t *n)
{
	while (*p) {
		char **more, *to, *from;

		p += strspn(p, " \n");
		if (!*p)
			break;
		for (from = to = p; *from && *from != ' ' && *from != '\n'; )
			if (*from == '\\' && from[1])
				from++, *to++ = *from++;
			else
				*to++ = *from++;
		more = reallocarray(*files, *n + 1, sizeof(**files));
		if (!more)
			return -ENOMEM;
		*files = more;
		more[*n] = strndup(p, to - p);
		if (!more[*n])
			return -ENOMEM;
		++*n;
		p = from;
	}
	return 0;
}

int deps_read(const char *path, char ***files, size_t *n)
{
	FILE *f = fopen(path, "re");
	char *line = NULL, *list;
	size_t room = 0;
	int err = -EINVAL;

	*files = NULL;
	*n = 0;
	if (!f)
		return -errno;
	/* the first rule names all files; the others are empty rules, one a file */
	if (getline(&line, &room, f) > 0) {
		list = strstr(line, ": ");
		if (list)
			err = split(list + 2, files, n);
	}
	free(line);
	fclose(f);
	if (!err && !*n)
		err = -EINVAL;
	if (err)
		deps_free(*files, *n);
	return err;
}

void deps_free(char **files, size_t n)
{
	while (n)
		free(files[--n]);
	free(files);
}
