// SPDX-License-Identifier: GPL-2.0-only
/* Pins of maps: a map with one outlives its program, and other tools find it there. */
#include <bpf/bpf.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "internal.h"

#define LINKS "/sys/fs/bpf/rex/"	/* goes with the program */

/* Into the directory and the name in it. */
static int split(const char *path, char dir[4096], const char **name)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;

	*name = slash ? slash + 1 : path;
	if (!**name || len >= 4096)
		return rex_fail(-EINVAL, "\"%s\" is not the path of a file", path);
	if (strchr(*name, '.'))
		return rex_fail(-EINVAL, "\"%s\": names in a bpf file system have no dots", path);
	snprintf(dir, 4096, "%.*s", slash ? len ? (int)len : 1 : 1, slash ? path : ".");
	return 0;
}

/* A directory that only root can write to: others could put a map of theirs into the place of this one. */
static int open_private(const char *dir)
{
	int fd;

	if (access(dir, F_OK) && errno == ENOENT)
		return rex_fail(-ENOENT, "there is no directory \"%s\": \"mkdir -m 700 %s\"", dir, dir);
	fd = rex_bpffs_open(dir);
	if (fd >= 0 && rex_bpffs_private(fd, dir)) {
		close(fd);
		return -EPERM;
	}
	return fd;
}

int rex_map_pin(const struct rex_map *map, const char *path)
{
	char dir[4096], at[4200];
	const char *name;
	int err = split(path, dir, &name), parent, fd;

	if (err)
		return err;
	if (!strncmp(path, LINKS, strlen(LINKS)))
		return rex_fail(-EINVAL, "\"%s\": what is below %s goes when the program does; pin it elsewhere, as in "
				"/sys/fs/bpf/maps", path, LINKS);
	parent = open_private(dir);
	if (parent < 0)
		return parent;
	fd = rex_map_fd(map);
	if (fd >= 0) {
		/* By the directory that was looked at, whatever has that path by now. */
		snprintf(at, sizeof(at), "/proc/self/fd/%d/%s", parent, name);
		err = bpf_obj_pin(fd, at) ? -errno : 0;
		close(fd);
		if (err == -EEXIST)
			rex_fail(err, "there is a \"%s\" already: \"rexctl map unpin\" removes the pin of a map, or take "
				 "another name", path);
		else if (err)
			rex_fail(err, "cannot pin map \"%s\" as \"%s\": %s", map->name, path, rex_strerror(err));
	}
	close(parent);
	return fd < 0 ? fd : err;
}

/* Whether the fd of a BPF object is one of a map: only those have a type of map. */
static bool is_map(int fd)
{
	char path[64], line[256];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "re");
	while (f && !found && fgets(line, sizeof(line), f))
		found = !strncmp(line, "map_type:", strlen("map_type:"));
	if (f)
		fclose(f);
	return found;
}

static int unpin(int parent, const char *name, const char *path)
{
	char at[4200];
	int fd, map;

	snprintf(at, sizeof(at), "/proc/self/fd/%d/%s", parent, name);
	fd = bpf_obj_get(at);
	if (fd < 0)
		return rex_fail(-errno, "\"%s\" is not the pin of a map: %s", path, rex_strerror(errno));
	map = is_map(fd);
	close(fd);
	if (!map)
		return rex_fail(-EINVAL, "\"%s\" is the pin of a link or a program, and not of a map; \"rexctl detach\" "
				"takes off links", path);
	return unlinkat(parent, name, 0) ? rex_fail(-errno, "cannot remove \"%s\": %s", path, rex_strerror(errno)) : 0;
}

int rex_map_unpin(const char *path)
{
	char dir[4096];
	const char *name;
	struct statfs fs;
	int err = split(path, dir, &name), parent;

	if (err)
		return err;
	parent = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (parent < 0)
		return rex_fail(-errno, "cannot open the directory \"%s\": %s", dir, rex_strerror(errno));
	if (fstatfs(parent, &fs) || fs.f_type != BPF_FS_MAGIC)
		err = rex_fail(-EINVAL, "\"%s\" is not in a bpf file system, so it is not the pin of a map", path);
	else
		err = unpin(parent, name, path);
	close(parent);
	return err;
}
