// SPDX-License-Identifier: GPL-2.0-only
/*
 * Network namespaces: which there are, and how to work in one of them. The kernel has no list of
 * them. They are where something keeps them: mounts ("ip netns"), processes, open files.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "internal.h"
#include "mounts.h"

#define OURS "/proc/thread-self/ns/net"
#define NAMED "/run/netns/"

uint64_t rex_netns_ino(const char *process)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "%s/ns/net", process);
	return stat(path, &st) ? 0 : st.st_ino;
}

struct list {
	uint64_t ours;
	uint32_t major, minor;		/* of the file system of namespaces */
	size_t n;
	struct one {
		uint64_t ino;
		char name[REX_NETNS_LEN];
	} *all;
};

static int add(struct list *list, uint64_t ino, const char *name)
{
	struct one *grown;

	if (ino == list->ours || strlen(name) >= REX_NETNS_LEN)
		return 0;
	for (size_t i = 0; i < list->n; i++)
		if (list->all[i].ino == ino)
			return 0;
	grown = realloc(list->all, (list->n + 1) * sizeof(*grown));
	if (!grown)
		return rex_fail(-ENOMEM, "out of memory");
	list->all = grown;
	grown[list->n].ino = ino;
	strcpy(grown[list->n++].name, name);
	return 0;
}

/* "net:[4026531840]", as links in /proc and roots of mounts say it. */
static bool is_net(const char *text, uint64_t *ino)
{
	unsigned long long value;

	if (sscanf(text, "net:[%llu]", &value) != 1)
		return false;
	*ino = value;
	return true;
}

static int add_mount(const struct rex_mount *mount, void *data)
{
	size_t len = strlen(NAMED);
	uint64_t ino;

	if (strcmp(mount->type, "nsfs") || !is_net(mount->root, &ino))
		return 0;
	if (!strncmp(mount->path, NAMED, len) && !strchr(mount->path + len, '/'))
		return add(data, ino, mount->path + len);
	return add(data, ino, mount->path);
}

/* A link of /proc to a namespace. The one of a file that was opened by a mount has that path. */
static int add_link(struct list *list, const char *path)
{
	char text[64];
	ssize_t len = readlink(path, text, sizeof(text) - 1);
	struct statx st;
	uint64_t ino;

	if (len <= 0)
		return 0;		/* gone, or not ours to see */
	text[len] = '\0';
	if (is_net(text, &ino))
		return add(list, ino, path);
	/* What is no network namespace cannot be entered as such. No waiting for a file server. */
	if (*text != '/' || statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_INO, &st) ||
	    st.stx_dev_major != list->major || st.stx_dev_minor != list->minor)
		return 0;
	return add(list, st.stx_ino, path);
}

/* The links in the directory @dir, or @dir/NAME/@rest for each NAME that is a number. */
static int add_links(struct list *list, const char *dir, const char *rest)
{
	char path[512];
	struct dirent *de;
	DIR *d = opendir(dir);
	int err = 0;

	while (d && !err && (de = readdir(d))) {
		if (!isdigit((unsigned char)*de->d_name))
			continue;
		snprintf(path, sizeof(path), "%s/%s%s", dir, de->d_name, rest);
		err = add_link(list, path);
	}
	if (d)
		closedir(d);
	return err;
}

/* What threads and open files keep, process by process. */
static int add_deep(struct list *list)
{
	DIR *d = opendir("/proc");
	char path[300];
	struct dirent *de;
	int err = 0;

	while (d && !err && (de = readdir(d))) {
		if (!isdigit((unsigned char)*de->d_name))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/fd", de->d_name);
		err = add_links(list, path, "");
		snprintf(path, sizeof(path), "/proc/%s/task", de->d_name);
		if (!err)
			err = add_links(list, path, "/ns/net");
	}
	if (d)
		closedir(d);
	return err;
}

static int list_all(struct list *list, bool deep)
{
	struct stat st;
	int err;

	memset(list, 0, sizeof(*list));
	if (stat(OURS, &st))
		return 0;		/* no /proc: none but ours can be found */
	list->ours = st.st_ino;
	list->major = major(st.st_dev);
	list->minor = minor(st.st_dev);
	err = rex_mounts(add_mount, list);
	if (!err)
		err = add_links(list, "/proc", "/ns/net");
	if (!err && deep)
		err = add_deep(list);
	return err;
}

static void open_path(const char *name, char *path, size_t size)
{
	snprintf(path, size, "%s%s", strchr(name, '/') ? "" : NAMED, name);
}

/* Go there; the way back into @back. -ENOENT: it has gone meanwhile. No error text. */
static int enter(const char *name, uint64_t ino, int *back)
{
	char path[REX_NETNS_LEN + 16];
	struct stat st;
	int fd, err = 0;

	*back = open(OURS, O_RDONLY | O_CLOEXEC);
	if (*back < 0)
		return -errno;
	open_path(name, path, sizeof(path));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		err = -errno;
	else if (fstat(fd, &st) || st.st_ino != ino)
		err = -ENOENT;		/* another process or mount has that name now */
	else if (setns(*back, CLONE_NEWNET) || setns(fd, CLONE_NEWNET))
		err = -errno;		/* ours first: is there a way back? */
	if (fd >= 0)
		close(fd);
	if (err) {
		close(*back);
		*back = -1;
	}
	return err;
}

int rex_netns_enter(const struct rex_link *link, int *back)
{
	struct list list;
	int err;

	*back = -1;
	if (!link->netns_ino)
		return 0;
	err = enter(link->netns, link->netns_ino, back);
	if (err == -ENOENT) {
		/* Who kept it has ended; is it still kept by another one? */
		err = list_all(&list, true);
		for (size_t i = 0; !err && i < list.n; i++)
			if (list.all[i].ino == link->netns_ino) {
				err = enter(list.all[i].name, link->netns_ino, back);
				free(list.all);
				return err;
			}
		free(list.all);
		return err ? err : -ENOENT;
	}
	return err;
}

void rex_netns_leave(int back)
{
	if (back < 0)
		return;
	/* It was tried before: what goes on in the wrong namespace would do harm there. */
	if (setns(back, CLONE_NEWNET))
		abort();
	close(back);
}

int rex_netns_each(bool deep, rex_netns_fn *fn, void *data)
{
	struct list list;
	int err = list_all(&list, deep), back;

	if (!err)
		err = fn("", 0, data);
	for (size_t i = 0; !err && i < list.n; i++) {
		/* It has gone, or is not ours to enter. */
		if (enter(list.all[i].name, list.all[i].ino, &back))
			continue;
		err = fn(list.all[i].name, list.all[i].ino, data);
		rex_netns_leave(back);
	}
	free(list.all);
	return err;
}
