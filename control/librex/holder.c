// SPDX-License-Identifier: GPL-2.0-only
/* Who keeps a BPF program or link that is attached to nothing that can be seen. */
#include <bpf/bpf.h>
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"
#include "mounts.h"

struct wanted {
	uint32_t prog_id, link_id;	/* 0: any */
	char *text;
	size_t size;
};

/* Whether the file @fd of process @pid is it; the kernel describes BPF files in fdinfo. */
static bool is_wanted(const struct wanted *w, const char *pid, const char *fd)
{
	uint32_t prog_id = 0, link_id = 0;
	char path[600], line[256];
	ssize_t len;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/fd/%s", pid, fd);
	len = readlink(path, line, sizeof(line) - 1);
	line[len < 0 ? 0 : len] = '\0';
	if (strncmp(line, "anon_inode:", strlen("anon_inode:")) || !strstr(line, "bpf"))
		return false;
	snprintf(path, sizeof(path), "/proc/%s/fdinfo/%s", pid, fd);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "prog_id: %u", &prog_id) != 1)
			sscanf(line, "link_id: %u", &link_id);
	if (f)
		fclose(f);
	return (w->prog_id || w->link_id) && (!w->prog_id || w->prog_id == prog_id) &&
	       (!w->link_id || w->link_id == link_id);
}

static bool find_in_process(const struct wanted *w, const char *pid)
{
	char path[300], name[64] = "?";
	struct dirent *de;
	bool found = false;
	FILE *f;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	d = opendir(path);
	while (d && !found && (de = readdir(d)))
		found = isdigit((unsigned char)*de->d_name) && is_wanted(w, pid, de->d_name);
	if (d)
		closedir(d);
	if (!found)
		return false;
	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	f = fopen(path, "re");
	if (f && fgets(name, sizeof(name), f))
		name[strcspn(name, "\n")] = '\0';
	if (f)
		fclose(f);
	snprintf(w->text, w->size, "process %s (%s)", pid, name);
	return true;
}

static bool find_process(const struct wanted *w)
{
	DIR *d = opendir("/proc");
	struct dirent *de;
	bool found = false;

	while (d && !found && (de = readdir(d)))
		found = isdigit((unsigned char)*de->d_name) && find_in_process(w, de->d_name);
	if (d)
		closedir(d);
	return found;
}

/* ---- pins -------------------------------------------------------------------------------------- */

static bool is_pin(const struct wanted *w, const char *path)
{
	int fd = bpf_obj_get(path);
	char number[16];
	bool found;

	if (fd < 0)
		return false;
	snprintf(number, sizeof(number), "%d", fd);
	found = is_wanted(w, "self", number);
	close(fd);
	if (found)
		snprintf(w->text, w->size, "the pin %s", path);
	return found;
}

static bool find_below(const struct wanted *w, const char *dir, int depth)
{
	char path[1400];
	struct dirent *de;
	bool found = false;
	DIR *d = opendir(dir);

	while (d && !found && (de = readdir(d))) {
		if (*de->d_name == '.' ||
		    snprintf(path, sizeof(path), "%s/%s", dir, de->d_name) >= (int)sizeof(path))
			continue;
		if (de->d_type == DT_DIR)
			found = depth && find_below(w, path, depth - 1);
		else if (de->d_type == DT_REG)
			found = is_pin(w, path);
	}
	if (d)
		closedir(d);
	return found;
}

static int find_in_mount(const struct rex_mount *mount, void *data)
{
	return !strcmp(mount->type, "bpf") && find_below(data, mount->path, 16);
}

bool rex_process_holds(uint32_t prog_id, uint32_t link_id, char *text, size_t size)
{
	struct wanted w = { prog_id, link_id, text, size };

	return find_process(&w);
}

bool rex_holder(uint32_t prog_id, char *text, size_t size)
{
	struct wanted w = { .prog_id = prog_id, .text = text, .size = size };

	return find_process(&w) || rex_mounts(find_in_mount, &w);
}
