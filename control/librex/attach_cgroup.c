// SPDX-License-Identifier: GPL-2.0-only
/* Packets of the sockets of a cgroup. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "bpf_abi.h"
#include "internal.h"

static int parse_cgroup(const char *const *words, size_t n, struct rex_target *t)
{
	int err = rex_word_copy(t->name, sizeof(t->name), words[0], strlen(words[0]), "is too long");

	return err || n < 2 ? err : rex_word_side(words[1], t);
}

static int resolve(struct rex_target *t)
{
	struct stat st;

	rex_resolve_file(t);
	t->cgroup_id = stat(t->name, &st) ? 0 : st.st_ino;
	return 0;
}

/* It may be mounted in several places. */
static bool is_same(const struct rex_target *wanted, const struct rex_target *is)
{
	return wanted->cgroup_id && is->cgroup_id ? wanted->cgroup_id == is->cgroup_id :
						    !strcmp(wanted->name, is->name);
}

static int attach(const struct attach *a)
{
	const struct rex_target *t = a->target;
	char text[REX_TARGET_LEN + 64];
	struct bpf_object *obj;
	struct statfs fs;
	int cgroup, prog_fd, fd, err;

	cgroup = open(t->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cgroup < 0)
		return rex_fail(-errno, "cannot open cgroup \"%s\": %s; give its path, like "
				"/sys/fs/cgroup/NAME", t->name, rex_strerror(errno));
	if (fstatfs(cgroup, &fs) || fs.f_type != CGROUP2_SUPER_MAGIC) {
		err = rex_fail(-EINVAL, "\"%s\" is not a cgroup of version 2; \"findmnt -t cgroup2\" shows "
			       "where they are", t->name);
		goto out;
	}
	err = rex_shim_load(a->entry, &obj, &prog_fd);
	if (err)
		goto out;
	fd = bpf_link_create(prog_fd, cgroup, t->side == REX_INGRESS ? BPF_CGROUP_INET_INGRESS :
			     BPF_CGROUP_INET_EGRESS, NULL);
	if (fd < 0) {
		err = rex_fail(-errno, "cannot attach to \"%s\": %s%s",
			       rex_target_text(t, text, sizeof(text)), rex_strerror(errno),
			       errno == EPERM ? "; or a program of a cgroup above allows no other one" :
			       "");
	} else {
		err = rex_pin(a, t, fd);
		close(fd);
	}
	bpf_object__close(obj);
out:
	close(cgroup);
	return err;
}

/* A cgroup's id is its file handle (FILEID_KERNFS). */
static bool path_below(const char *mount, uint64_t id, char *path, size_t size)
{
	union {
		struct file_handle fh;
		char room[sizeof(struct file_handle) + sizeof(id)];
	} handle = { .fh = { .handle_bytes = sizeof(id), .handle_type = 0xfe } };
	int mount_fd = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd;
	char proc[64];
	ssize_t n = -1;

	if (mount_fd < 0)
		return false;
	memcpy(handle.fh.f_handle, &id, sizeof(id));
	fd = open_by_handle_at(mount_fd, &handle.fh, O_PATH | O_CLOEXEC);
	if (fd >= 0) {
		snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
		n = readlink(proc, path, size - 1);
		close(fd);
	}
	close(mount_fd);
	if (n >= 0)
		path[n] = '\0';
	return n > 0;
}

static void cgroup_path(uint64_t id, char *path, size_t size)
{
	char line[4096], mount[2048], *dash;
	FILE *f = fopen("/proc/self/mountinfo", "re");
	bool found = false;

	/* "36 35 0:31 / MOUNT options - cgroup2 ..." */
	while (f && !found && fgets(line, sizeof(line), f)) {
		dash = strstr(line, " - ");
		if (dash && !strncmp(dash, " - cgroup2 ", strlen(" - cgroup2 ")) &&
		    sscanf(line, "%*s %*s %*s %*s %2047s", mount) == 1)
			found = path_below(mount, id, path, size);
	}
	if (f)
		fclose(f);
	if (!found)
		snprintf(path, size, "(cgroup %llu)", (unsigned long long)id);
}

static void describe(struct link_walk *w, const struct rex_link_info *info, struct rex_link *link)
{
	(void)w;
	link->target.side = info->cgroup.attach_type == BPF_CGROUP_INET_INGRESS ? REX_INGRESS :
			    REX_EGRESS;
	link->target.cgroup_id = info->cgroup.id;
	cgroup_path(info->cgroup.id, link->target.name, sizeof(link->target.name));
}

const struct place rex_place_cgroup_skb = {
	.args = "PATH ingress|egress", .noun = "cgroup",
	.hook = REX_HOOK_CGROUP_SKB, .max_words = 2, .has_side = true, .parse = parse_cgroup,
	.resolve = resolve, .same = is_same, .attach = attach,
	.link_type = REX_LINK_CGROUP, .describe = describe,
};
