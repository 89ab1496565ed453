// SPDX-License-Identifier: GPL-2.0-only
/*
 * libxdp's dispatchers, without libxdp. A dispatcher is a BPF program at an interface; programs in
 * its chain are attached to it with BPF links (freplace), which tell it. Those links live by pins,
 * MOUNT/xdp/dispatch-IFINDEX-ID/, which libxdp removes when it takes the dispatcher off, and which
 * stay when the interface is deleted or XDP is switched off by other means.
 */
#include <bpf/bpf.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bpf_abi.h"
#include "internal.h"
#include "mounts.h"

/* ---- chains: what is linked to what ------------------------------------------------------------ */

static int add_chained(struct chains *chains, uint32_t id, const struct rex_link_info *info)
{
	struct chained *grown = realloc(chains->list, (chains->n + 1) * sizeof(*grown));
	int ours;

	if (!grown)
		return rex_fail(-ENOMEM, "out of memory");
	chains->list = grown;
	grown += chains->n;
	*grown = (struct chained){
		.link_id = id, .prog_id = info->prog_id, .dispatcher = info->tracing.obj_id,
		.btf_id = info->tracing.btf_id,
	};
	ours = rex_shim_decode_id(info->prog_id, &grown->slot, &grown->cookie);
	if (ours < 0)
		return ours;
	grown->ours = ours;
	chains->n++;
	return 0;
}

int rex_chains_read(struct chains *chains)
{
	uint32_t id = 0;
	int err = 0;

	memset(chains, 0, sizeof(*chains));
	while (!err && !bpf_link_get_next_id(id, &id)) {
		struct rex_link_info info = {};
		uint32_t len = sizeof(info);
		int fd = bpf_link_get_fd_by_id(id);

		if (fd < 0)
			continue;	/* gone meanwhile; or the caller finds out that it may not */
		if (!bpf_obj_get_info_by_fd(fd, &info, &len) && info.type == REX_LINK_TRACING &&
		    !info.tracing.attach_type && info.tracing.obj_id)
			err = add_chained(chains, id, &info);
		close(fd);
	}
	if (err)
		rex_chains_free(chains);
	return err;
}

void rex_chains_free(struct chains *chains)
{
	free(chains->list);
	memset(chains, 0, sizeof(*chains));
}

bool rex_chains_same(const struct chains *a, const struct chains *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (a->list[i].link_id != b->list[i].link_id)
			return false;
	return true;
}

/* ---- pins ------------------------------------------------------------------------------------------ */

/* In each bpf file system that is mounted here. */
struct search {
	uint32_t dispatcher;		/* 0: such without anything in them */
	int (*found)(struct search *s, int xdp_dir, const char *mount, const char *name);
	uint32_t ifindex;		/* of what was found */
	char mount[1024], path[1400];
	size_t count;
	int err;
};

static bool parse_name(const char *name, uint32_t *ifindex, uint32_t *dispatcher)
{
	int end = 0;

	return sscanf(name, "dispatch-%u-%u%n", ifindex, dispatcher, &end) == 2 && !name[end];
}

static void search_in(struct search *s, const char *mount)
{
	uint32_t ifindex, id;
	struct dirent *de;
	int fd = rex_bpffs_xdp(mount);
	DIR *d;

	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d && fd >= 0)
		close(fd);
	while (d && !s->err && (de = readdir(d))) {
		if (!parse_name(de->d_name, &ifindex, &id) || (s->dispatcher && id != s->dispatcher))
			continue;
		s->ifindex = ifindex;
		s->err = s->found(s, fd, mount, de->d_name);
	}
	if (d)
		closedir(d);
}

static int search_mount(const struct rex_mount *mount, void *data)
{
	if (!strcmp(mount->type, "bpf"))
		search_in(data, mount->path);
	return 0;
}

static int search(struct search *s)
{
	const char *given = getenv("LIBXDP_BPFFS");

	rex_mounts(search_mount, s);
	if (given)			/* it may be below a mount */
		search_in(s, given);
	return s->err;
}

static int note_place(struct search *s, int xdp_dir, const char *mount, const char *name)
{
	(void)xdp_dir;
	snprintf(s->mount, sizeof(s->mount), "%s", mount);
	snprintf(s->path, sizeof(s->path), "%s/xdp/%s", mount, name);
	s->count++;
	return 0;
}

bool rex_dispatcher_find(uint32_t dispatcher, struct dispatcher_pins *pins)
{
	struct search s = { .dispatcher = dispatcher, .found = note_place };

	search(&s);
	if (!s.count)
		return false;
	pins->ifindex = s.ifindex;
	strcpy(pins->mount, s.mount);
	snprintf(pins->path, sizeof(pins->path), "%s", s.path);
	return true;
}

static int empty_dir(int dir)
{
	int fd = dup(dir);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;
	int err = 0;

	if (!d)
		return -errno;
	while ((de = readdir(d)))
		if (*de->d_name != '.' && unlinkat(dir, de->d_name, 0) && errno != ENOENT)
			err = -errno;
	closedir(d);
	return err;
}

/* The lock that libxdp takes whenever it makes or removes pins. */
static int remove_place(struct search *s, int xdp_dir, const char *mount, const char *name)
{
	int lock = openat(xdp_dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), dir, err = 0;

	if (lock < 0 || flock(lock, LOCK_EX))
		err = -errno;
	dir = err ? -1 : openat(xdp_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (!err && dir < 0)
		err = errno == ENOENT ? 0 : -errno;
	if (dir >= 0) {
		if (s->dispatcher)
			err = empty_dir(dir);
		close(dir);
		if (!err && unlinkat(xdp_dir, name, AT_REMOVEDIR)) {
			err = errno == ENOENT ? 0 : -errno;
			if (!s->dispatcher)
				err = 0;	/* it has something in it */
		}
	}
	if (lock >= 0)
		close(lock);
	if (err)
		rex_fail(err, "cannot remove \"%s/xdp/%s\": %s", mount, name, rex_strerror(err));
	else
		s->count++;
	return err;
}

int rex_dispatcher_unpin(uint32_t dispatcher)
{
	struct search s = { .dispatcher = dispatcher, .found = remove_place };
	int err = dispatcher ? search(&s) : 0;

	return err ? err : (int)s.count;
}

/*
 * libxdp looks for the pins of a dispatcher by the number of the interface that it is at. One that
 * was moved to another network namespace may have another number now.
 */
int rex_dispatcher_renumber(const struct dispatcher_pins *pins, uint32_t dispatcher, uint32_t ifindex)
{
	char path[1400];

	if (pins->ifindex == ifindex)
		return 0;
	snprintf(path, sizeof(path), "%s/xdp/dispatch-%u-%u", pins->mount, ifindex, dispatcher);
	return rename(pins->path, path) ?
	       rex_fail(-errno, "cannot rename \"%s\" to \"%s\": %s", pins->path, path,
			rex_strerror(errno)) : 0;
}

void rex_dispatcher_clean(void)
{
	struct search s = { .found = remove_place };

	search(&s);
}
