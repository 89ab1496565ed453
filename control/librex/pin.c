// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pins of BPF links: /sys/fs/bpf/rex/PROGRAM/ENTRY,HOOK,TARGET... A link lives as long
 * as something holds it, so that of rexctl is pinned. The name is made of the words of
 * the target: a second attachment to the same place collides, and what the kernel does
 * not tell about a link (pid, cpu, frequency) can be read there.
 */
#include <bpf/bpf.h>
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpf_abi.h"
#include "internal.h"

#define BPFFS "/sys/fs/bpf"
#define PINS BPFFS "/rex"
#define LONGEST_NAME 240		/* of bpffs: 255 */
#define BLANK '\x1f'

/* ---- names --------------------------------------------------------------------------------- */

/* bpffs has no dots in names; the rest is so that a shell needs no quotes. */
static void encode(const char *text, char *name, size_t size)
{
	uint64_t hash = 0xcbf29ce484222325;	/* FNV-1a, to tell apart what is cut */
	size_t len = 0;

	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		hash = (hash ^ *c) * 0x100000001b3;
		if (len + 4 > size)
			continue;
		if (*c == BLANK)
			name[len++] = ',';
		else if (isalnum(*c) || strchr("_-+:=@$", *c))
			name[len++] = *c;
		else
			len += sprintf(name + len, "%%%02x", *c);
	}
	name[len] = '\0';
	if (len > LONGEST_NAME)
		sprintf(name + LONGEST_NAME - 20, "~%016llx", (unsigned long long)hash);
}

/* The target in a pin's name; -EINVAL for a name that is cut or not ours. */
static int decode(const char *name, rex_parse_fn *parse, struct rex_target *target)
{
	char text[LONGEST_NAME + 1], *save = NULL, *word;
	const char *words[8];
	size_t len = 0, n = 0;

	for (; *name; name++) {
		unsigned int c = (unsigned char)*name;

		if (len + 1 >= sizeof(text) || c == '~')
			return -EINVAL;
		if (c == '%' && sscanf(name + 1, "%2x", &c) == 1)
			name += 2;
		else if (c == ',')
			c = BLANK;
		text[len++] = c;
	}
	text[len] = '\0';
	for (word = strtok_r(text, "\x1f", &save); word; word = strtok_r(NULL, "\x1f", &save)) {
		if (n == ARRAY_SIZE(words))
			return -EINVAL;
		words[n++] = word;
	}
	return n < 2 ? -EINVAL : parse(words + 1, n - 1, target);
}

/* ---- making and removing ------------------------------------------------------------------- */

/* The directory of @program's pins, which nobody else can write to. -ENOENT has no text. */
static int open_dir(const char *program, bool make)
{
	char path[300];
	int root = rex_bpffs_open(BPFFS), all, fd;

	if (root < 0)
		return root;
	all = rex_bpffs_dir(root, "rex", make, PINS);
	close(root);
	if (all < 0)
		return all;
	snprintf(path, sizeof(path), "%s/%s", PINS, program);
	fd = rex_bpffs_dir(all, program, make, path);
	close(all);
	return fd;
}

/* Directories go when they are empty. */
static void remove_dirs(const char *program)
{
	char dir[300];

	snprintf(dir, sizeof(dir), "%s/%s", PINS, program);
	if (!rmdir(dir))
		rmdir(PINS);
}

/*
 * The name of a pin. That of a tcx link has the link's number in place of the interface, which may
 * be renamed, and whose number means another one in another network namespace.
 */
static void make_name(const struct attach *a, const struct rex_target *t, int link_fd, char *name,
		      size_t size)
{
	char text[sizeof(t->name) + sizeof(t->symbol) + 128];
	size_t len = snprintf(text, sizeof(text), "%s%c", a->entry->name, BLANK);
	struct rex_link_info info = {};
	uint32_t info_len = sizeof(info);

	if (t->at == REX_AT_TCX && !bpf_obj_get_info_by_fd(link_fd, &info, &info_len))
		snprintf(text + len, sizeof(text) - len, "tcx%clink%u", BLANK, info.id);
	else
		rex_target_join(t, BLANK, text + len, sizeof(text) - len);
	encode(text, name, size);
}

int rex_pin(const struct attach *a, const struct rex_target *t, int link_fd)
{
	const char *program = a->program->name;
	char name[512], path[600];
	int err = -ENOENT, dir;

	make_name(a, t, link_fd, name, sizeof(name));
	/* Again when another rexctl has just removed the empty directory. */
	for (int tries = 0; err == -ENOENT && tries < 10; tries++) {
		dir = open_dir(program, true);
		if (dir < 0) {
			err = dir;
			continue;
		}
		/* By the directory that was looked at, whatever has that path by now. */
		snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dir, name);
		err = bpf_obj_pin(link_fd, path) ? -errno : 0;
		close(dir);
		if (err)
			rex_fail(err, "cannot pin the link as \"%s/%s/%s\": %s", PINS, program, name,
				 rex_strerror(err));
	}
	if (err)
		remove_dirs(program);
	return err;
}

static int unpin(const char *program, const char *name)
{
	int dir = open_dir(program, false), err = 0;

	if (dir < 0)
		return dir == -ENOENT ? 0 : dir;
	if (unlinkat(dir, name, 0) && errno != ENOENT)
		err = rex_fail(-errno, "cannot remove the pin \"%s/%s/%s\": %s", PINS, program, name,
			       rex_strerror(errno));
	close(dir);
	remove_dirs(program);
	return err;
}

void rex_pin_undo(const struct attach *a, const struct rex_target *t)
{
	char name[512], kept[1024];

	snprintf(kept, sizeof(kept), "%s", rex_errmsg());
	make_name(a, t, -1, name, sizeof(name));
	unpin(a->program->name, name);
	rex_fail(-1, "%s", kept);
}

int rex_unpin(const char *path)
{
	const char *name = strrchr(path, '/');
	char program[REX_NAME_LEN + 1];
	size_t len;

	if (strncmp(path, PINS "/", strlen(PINS "/")) || !name)
		return rex_fail(-EINVAL, "\"%s\" is not a pin of rexctl", path);
	path += strlen(PINS "/");
	len = name > path ? (size_t)(name - path) : 0;
	if (!len || len >= sizeof(program) || memchr(path, '/', len))
		return rex_fail(-EINVAL, "\"%s\" is not a pin of rexctl", path);
	memcpy(program, path, len);
	program[len] = '\0';
	return unpin(program, name + 1);
}

void rex_pins_remove(const char *program)
{
	int fd = open_dir(program, false);
	struct dirent *de;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	while (d && (de = readdir(d)))
		if (*de->d_name != '.')
			unlinkat(fd, de->d_name, 0);
	if (d)
		closedir(d);
	else if (fd >= 0)
		close(fd);
	remove_dirs(program);
}

/* ---- what is pinned ---------------------------------------------------------------------- */

/* What the link was attached to is gone (interface, cgroup); only the pin keeps it. */
static bool is_defunct(const struct rex_link_info *info)
{
	return (info->type == REX_LINK_TCX && !info->tcx.ifindex) ||
	       (info->type == REX_LINK_CGROUP && !info->cgroup.id);
}

static int add_pin(struct rex_pins *pins, rex_parse_fn *parse, int dir, const char *program,
		   const char *name)
{
	char path[sizeof(pins->pin->path)], by_fd[600];
	struct rex_link_info info = {};
	uint32_t len = sizeof(info);
	struct rex_pin *grown;
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s/%s", PINS, program, name) >= (int)sizeof(path))
		return 0;
	snprintf(by_fd, sizeof(by_fd), "/proc/self/fd/%d/%s", dir, name);
	fd = bpf_obj_get(by_fd);
	if (fd < 0)
		return 0;
	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		info.id = 0;
	close(fd);
	if (!info.id)			/* a program or a map: not ours */
		return 0;
	if (is_defunct(&info)) {
		unlinkat(dir, name, 0);
		return 0;
	}
	grown = realloc(pins->pin, (pins->n + 1) * sizeof(*grown));
	if (!grown)
		return rex_fail(-ENOMEM, "out of memory");
	pins->pin = grown;
	grown += pins->n++;
	grown->link_id = info.id;
	strcpy(grown->path, path);
	grown->has_target = !decode(name, parse, &grown->target);
	return 0;
}

/* A directory that others can write to is not looked into: nothing there is known to be ours. */
static int scan_dir(struct rex_pins *pins, rex_parse_fn *parse, const char *program)
{
	int fd = open_dir(program, false), err = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;

	if (!d && fd >= 0)
		close(fd);
	while (d && !err && (de = readdir(d)))
		if (*de->d_name != '.')
			err = add_pin(pins, parse, fd, program, de->d_name);
	if (d) {
		closedir(d);
		remove_dirs(program);
	}
	return err;
}

int rex_pins_scan(struct rex_pins *pins, rex_parse_fn *parse)
{
	DIR *d = opendir(PINS);
	struct dirent *de;
	int err = 0;

	memset(pins, 0, sizeof(*pins));
	if (!d)
		return 0;		/* none yet, or no bpffs: no pins */
	while (!err && (de = readdir(d)))
		if (*de->d_name != '.')
			err = scan_dir(pins, parse, de->d_name);
	closedir(d);
	if (err)
		rex_pins_free(pins);
	return err;
}

void rex_pins_free(struct rex_pins *pins)
{
	free(pins->pin);
	memset(pins, 0, sizeof(*pins));
}

const struct rex_pin *rex_pins_find(const struct rex_pins *pins, uint32_t link_id)
{
	for (size_t i = 0; i < pins->n; i++)
		if (pins->pin[i].link_id == link_id)
			return &pins->pin[i];
	return NULL;
}
