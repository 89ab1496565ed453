// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands that are programs of their own: "rexctl bmc WORD..." is "rex-bmc WORD...", as git runs
 * its own. The program is looked for beside rexctl, which is right in a build tree and in what was
 * installed, and in the absolute directories of PATH: never in the current one.
 */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rexctl.h"

/* Whether DIR/rex-NAME is there, into @path. */
static bool is_in(const char *dir, size_t len, const char *name, char *path)
{
	int n = snprintf(path, PATH_MAX, "%.*s/rex-%s", (int)len, dir, name);

	return n < PATH_MAX && *dir == '/' && !access(path, X_OK);
}

static bool find_program(const char *name, char *path)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	const char *dir;
	size_t len;

	if (n > 0) {
		exe[n] = '\0';
		dir = dirname(exe);
		if (is_in(dir, strlen(dir), name, path))
			return true;
	}
	for (dir = getenv("PATH"); dir && *dir; dir += len + (dir[len] == ':')) {
		len = strcspn(dir, ":");
		if (len && is_in(dir, len, name, path))
			return true;
	}
	return false;
}

int run_program(const char *name, int argc, char **argv)
{
	char path[PATH_MAX], **words;
	size_t n = 0;

	if (!find_program(name, path))
		return fail("\"rexctl %s\" runs the program rex-%s, which is neither beside rexctl nor in "
			    "a directory of PATH: \"make install\" installs both", name, name);
	words = calloc(argc + 3, sizeof(*words));
	if (!words)
		return fail("out of memory");
	words[n++] = path;
	if (*argv[0] == '-') {		/* --complete */
		words[n++] = argv[0];
	} else if (netns) {
		words[n++] = "--netns";
		words[n++] = (char *)netns;
	}
	memcpy(&words[n], &argv[1], (argc - 1) * sizeof(*words));
	execv(path, words);
	return fail("cannot run \"%s\": %s", path, strerror(errno));
}
