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
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "bpf_abi.h"
#include "internal.h"

#define BPFFS "/sys/fs/bpf"
#define PINS BPFFS "/rex"
#define LONGEST_NAME 240		/* of bpffs: 255 */
#define BLANK '\x1f'

int rex_bpffs_check(const char *path)
{
	struct statfs fs;

	if (!path)
		path = BPFFS;
	if (!statfs(path, &fs) && fs.f_type == BPF_FS_MAGIC)
		return 0;
	return rex_fail(-ENOENT, "no bpf file system at \"%s\": mount one (mount -t bpf bpf %s); for "
			"another network namespace use \"rexctl --netns NAME\" and not \"ip netns "
			"exec\"", path, path);
}

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
static int decode(const char *name, struct rex_target *target)
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
	return n < 2 ? -EINVAL : rex_target_parse(words + 1, n - 1, target);
}

/* ---- making and removing ------------------------------------------------------------------- */

static int make_dir(const char *path)
{
	if (mkdir(path, 0700) && errno != EEXIST)
		return rex_fail(-errno, "cannot create \"%s\": %s", path, rex_strerror(errno));
	return 0;
}

/* Directories go when they are empty. */
static void remove_dirs(const char *path)
{
	char dir[768], *slash;

	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (!slash)
		return;
	*slash = '\0';
	if (!rmdir(dir))
		rmdir(PINS);
}

/* The directories and the pin. */
static void make_path(const struct attach *a, const struct rex_target *t, char *dir, size_t dir_size,
		      char *path, size_t path_size)
{
	char text[sizeof(t->name) + sizeof(t->symbol) + 128], name[512];
	size_t len = snprintf(text, sizeof(text), "%s%c", a->entry->name, BLANK);

	rex_target_join(t, BLANK, text + len, sizeof(text) - len);
	encode(text, name, sizeof(name));
	snprintf(dir, dir_size, "%s/%s", PINS, a->program->name);
	snprintf(path, path_size, "%s/%s", dir, name);
}

int rex_pin(const struct attach *a, const struct rex_target *t, int link_fd)
{
	char dir[128], path[768];
	int err = rex_bpffs_check(NULL);

	make_path(a, t, dir, sizeof(dir), path, sizeof(path));
	/* Again when another rexctl has just removed the empty directory. */
	for (int tries = 0; !err && tries < 3; tries++) {
		err = make_dir(PINS);
		if (!err)
			err = make_dir(dir);
		if (err || !bpf_obj_pin(link_fd, path))
			return err;
		if (errno != ENOENT)
			break;
	}
	if (err)
		return err;
	err = rex_fail(-errno, "cannot pin the link as \"%s\": %s", path, rex_strerror(errno));
	remove_dirs(path);
	return err;
}

void rex_pin_undo(const struct attach *a, const struct rex_target *t)
{
	char dir[128], path[768];

	make_path(a, t, dir, sizeof(dir), path, sizeof(path));
	unlink(path);
	remove_dirs(path);
}

int rex_unpin(const char *path)
{
	if (unlink(path) && errno != ENOENT)
		return rex_fail(-errno, "cannot remove the pin \"%s\": %s", path,
				rex_strerror(errno));
	remove_dirs(path);
	return 0;
}

void rex_pins_remove(const char *program)
{
	char dir[128], path[768];
	struct dirent *de;
	DIR *d;

	snprintf(dir, sizeof(dir), "%s/%s", PINS, program);
	d = opendir(dir);
	while (d && (de = readdir(d))) {
		snprintf(path, sizeof(path), "%s/%s", dir, de->d_name);
		if (*de->d_name != '.')
			unlink(path);
	}
	if (d)
		closedir(d);
	if (!rmdir(dir))
		rmdir(PINS);
}

/* ---- what is pinned ---------------------------------------------------------------------- */

/* What the link was attached to is gone (interface, cgroup); only the pin keeps it. */
static bool is_defunct(const struct rex_link_info *info)
{
	return (info->type == REX_LINK_TCX && !info->tcx.ifindex) ||
	       (info->type == REX_LINK_CGROUP && !info->cgroup.id);
}

static int scan_dir(struct rex_pins *pins, const char *program)
{
	char dir[512];
	struct dirent *de;
	int err = 0;
	DIR *d;

	snprintf(dir, sizeof(dir), "%s/%s", PINS, program);
	d = opendir(dir);
	if (!d)
		return 0;
	while (!err && (de = readdir(d))) {
		struct rex_link_info info = {};
		uint32_t len = sizeof(info);
		struct rex_pin *grown, *pin;
		char path[sizeof(pin->path)];
		int fd;

		if (*de->d_name == '.' ||
		    snprintf(path, sizeof(path), "%s/%s", dir, de->d_name) >= (int)sizeof(path))
			continue;
		fd = bpf_obj_get(path);
		if (fd < 0)
			continue;
		if (bpf_obj_get_info_by_fd(fd, &info, &len))
			info.id = 0;
		close(fd);
		if (!info.id)		/* a program or a map: not ours */
			continue;
		if (is_defunct(&info)) {
			rex_unpin(path);
			continue;
		}
		grown = realloc(pins->pin, (pins->n + 1) * sizeof(*grown));
		if (!grown) {
			err = rex_fail(-ENOMEM, "out of memory");
			break;
		}
		pins->pin = grown;
		pin = &grown[pins->n++];
		pin->link_id = info.id;
		strcpy(pin->path, path);
		pin->has_target = !decode(de->d_name, &pin->target);
	}
	closedir(d);
	return err;
}

int rex_pins_scan(struct rex_pins *pins)
{
	DIR *d = opendir(PINS);
	struct dirent *de;
	int err = 0;

	memset(pins, 0, sizeof(*pins));
	if (!d)
		return 0;		/* none yet, or no bpffs: no pins */
	while (!err && (de = readdir(d)))
		if (*de->d_name != '.')
			err = scan_dir(pins, de->d_name);
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
