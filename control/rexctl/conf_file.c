// SPDX-License-Identifier: GPL-2.0-only
/*
 * The text of a configuration file. It says which code is loaded into the kernel: whoever can change it, or
 * put another one in its place, has to be root.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf_file.h"
#include "rexctl.h"

#define MAX_SIZE (1 << 20)

static int check_owner(const char *path, const struct stat *st)
{
	if (st->st_uid)
		return fail("%s: belongs to user %u, not to root: \"chown root %s\"", path, st->st_uid, path);
	if (st->st_mode & 022)
		return fail("%s: can be written by others (mode %03o): \"chmod go-w %s\"", path,
			    st->st_mode & 07777, path);
	return 0;
}

/* Others could put another file, or another directory of that name, there. */
static int check_dir(const char *dir, bool is_parent)
{
	struct stat st;

	if (stat(dir, &st))
		return fail("%s: %s", dir, strerror(errno));
	/* As /tmp: nobody renames what is root's. */
	if (!is_parent && !st.st_uid && st.st_mode & S_ISVTX)
		return 0;
	return check_owner(dir, &st);
}

/* Of the file itself, where symbolic links lead, up to the root. */
static int check_dirs(const char *path)
{
	char real[PATH_MAX], *dir = real;
	bool is_parent = true;
	int err = 0;

	if (!realpath(path, real))
		return fail("%s: %s", path, strerror(errno));
	while (!err && strcmp(dir, "/")) {
		dir = dirname(dir);
		err = check_dir(dir, is_parent);
		is_parent = false;
	}
	return err;
}

static int check_file(const char *path, int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return fail("%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fail("%s: not a regular file; specify files of rex.conf(5)", path);
	if (st.st_size > MAX_SIZE)
		return fail("%s: is larger than %d bytes: not a configuration file", path, MAX_SIZE);
	return check_owner(path, &st);
}

static unsigned int line_of(const char *text, const char *at)
{
	unsigned int line = 1;

	for (; text < at; text++)
		line += *text == '\n';
	return line;
}

/* What libconfig would not see, or would follow to files that were not checked. */
static int check_text(const char *path, const char *text, size_t len)
{
	for (const char *c = text; c < text + len; c++)
		if ((unsigned char)*c < ' ' && !strchr("\t\n\r", *c ? *c : 1))
			return fail("%s:%u: byte 0x%02x: not a text file", path, line_of(text, c), *c);
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		line += strspn(line, " \t\r");
		if (*line == '@')
			return fail("%s:%u: @include is not supported; \"rexctl apply\" takes several files",
				    path, line_of(text, line));
	}
	return 0;
}

static char *read_all(const char *path, int fd)
{
	char *text = malloc(MAX_SIZE + 2);
	size_t len = 0;
	ssize_t n = 1;

	while (text && n > 0 && len <= MAX_SIZE) {
		n = read(fd, text + len, MAX_SIZE + 1 - len);
		len += n > 0 ? n : 0;
	}
	if (!text || n < 0 || len > MAX_SIZE) {
		fail("%s: %s", path, !text ? "out of memory" : n < 0 ? strerror(errno) : "is too large");
		free(text);
		return NULL;
	}
	text[len] = '\0';
	if (!check_text(path, text, len))
		return text;
	free(text);
	return NULL;
}

char *conf_file_read(const char *path)
{
	/* O_NONBLOCK: what is a pipe does not hold us up. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char *text = NULL;

	if (fd < 0) {
		fail("%s: %s", path, strerror(errno));
		return NULL;
	}
	if (!check_file(path, fd) && !check_dirs(path))
		text = read_all(path, fd);
	close(fd);
	return text;
}
