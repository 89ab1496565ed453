// SPDX-License-Identifier: GPL-2.0-only
/* What is mounted where: the kernel's list for this process. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mounts.h"

/* "\040" and the like: the kernel writes blanks and backslashes so. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *c = text; *c; c++) {
		unsigned int value;

		if (*c == '\\' && sscanf(c + 1, "%3o", &value) == 1) {
			*to++ = (char)value;
			c += 3;
		} else {
			*to++ = *c;
		}
	}
	*to = '\0';
}

int rex_mounts(int (*fn)(const struct rex_mount *mount, void *data), void *data)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	struct rex_mount mount;
	char *line = NULL;
	size_t size = 0;
	int ret = 0;

	/* "36 35 0:31 ROOT PATH options [more...] - TYPE source ..." */
	while (f && !ret && getline(&line, &size, f) > 0) {
		const char *dash = strstr(line, " - ");

		if (!dash || sscanf(dash, " - %31s", mount.type) != 1 ||
		    sscanf(line, "%*s %*s %*s %255s %1023s", mount.root, mount.path) != 2)
			continue;
		unescape(mount.root);
		unescape(mount.path);
		ret = fn(&mount, data);
	}
	free(line);
	if (f)
		fclose(f);
	return ret;
}
