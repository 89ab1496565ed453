// SPDX-License-Identifier: GPL-2.0-only
/* A program's maps: create each as rex.ko describes it, and bind it. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

static int bind_one(struct rex *rex, const struct rex_program *p, const struct rex_map *m, int fd)
{
	struct nlmsghdr *nlh;
	char buf[NL_BUF];

	nlh = genl_request(&rex->nl, buf, REX_CMD_MAP_BIND, 0);
	mnl_attr_put_strz(nlh, REX_A_PROG_NAME, p->name);
	mnl_attr_put_u32(nlh, REX_A_MAP_INDEX, m->index);
	mnl_attr_put_u32(nlh, REX_A_FD, fd);
	return nl_talk(&rex->nl, nlh, NULL, NULL);
}

/* What the kernel wants of a type, for those that users get wrong. */
static const char *shape(uint32_t type)
{
	switch (type) {
	case BPF_MAP_TYPE_RINGBUF:
		return "a ring buffer has neither key nor value, and its entries are its bytes: a power "
		       "of two of at least a page (4096)";
	case BPF_MAP_TYPE_QUEUE:
	case BPF_MAP_TYPE_STACK:
		return "queues and stacks have no key";
	case BPF_MAP_TYPE_LPM_TRIE:
		return "an LPM trie has a key of 4 bytes (prefix length) and 1 to 256 more, and flag "
		       "BPF_F_NO_PREALLOC";
	case BPF_MAP_TYPE_STACK_TRACE:
		return "a stack trace map has a key of 4 bytes and a value of 8 per frame, at most "
		       "kernel.perf_event_max_stack frames";
	case BPF_MAP_TYPE_PERF_EVENT_ARRAY:
		return "a perf event array has a key and a value of 4 bytes";
	case BPF_MAP_TYPE_DEVMAP:
	case BPF_MAP_TYPE_DEVMAP_HASH:
	case BPF_MAP_TYPE_CPUMAP:
		return "its key has 4 bytes, its value 4 or 8; a cpumap has no more entries than CPUs "
		       "are possible";
	case BPF_MAP_TYPE_XSKMAP:
		return "its key and value have 4 bytes; the kernel needs CONFIG_XDP_SOCKETS";
	default:
		return NULL;
	}
}

/* 0 entries of a kind that is indexed by CPU: as many as there can be. */
static int64_t entries_of(const struct rex_map *m)
{
	if (m->max_entries || (m->type != BPF_MAP_TYPE_PERF_EVENT_ARRAY &&
			       m->type != BPF_MAP_TYPE_CPUMAP))
		return m->max_entries;
	return libbpf_num_possible_cpus();
}

/* The new map as an fd. */
static int create(const struct rex_map *m)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = m->flags);
	int64_t entries = entries_of(m);
	int fd, err;
	const char *hint = shape(m->type);

	if (m->type == BPF_MAP_TYPE_ARRAY_OF_MAPS || m->type == BPF_MAP_TYPE_HASH_OF_MAPS)
		return rex_fail(-EOPNOTSUPP, "map \"%s\" is of type %s: a program's definition has no "
				"word for the maps in it, so it cannot be created", m->name,
				rex_map_type_name(m->type));
	if (entries < 0)
		return rex_fail((int)entries, "cannot tell how many CPUs this machine can have: %s",
				strerror((int)-entries));
	fd = bpf_map_create(m->type, m->name, m->key_size, m->value_size, entries, &opts);
	if (fd >= 0)
		return fd;
	err = -errno;
	if (err != -EINVAL && err != -E2BIG && err != -EOPNOTSUPP)
		hint = NULL;
	return rex_fail(err, "cannot create map \"%s\" (%s, key %u bytes, value %u bytes, %u entries, "
			"flags 0x%x): %s%s%s", m->name, rex_map_type_name(m->type), m->key_size,
			m->value_size, m->max_entries, m->flags, rex_strerror(err), hint ? "; " : "",
			hint ? : "");
}

static int check_sizes(const struct rex_program *p, const struct rex_map_size *sizes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t k = 0;

		while (k < p->n_maps && strcmp(p->maps[k]->name, sizes[i].map))
			k++;
		if (k == p->n_maps)
			return rex_fail(-ENOENT, "program \"%s\" has no map \"%s\", which was to have %u "
					"entries", p->name, sizes[i].map, sizes[i].max_entries);
	}
	return 0;
}

/* ---- the map of a filter that is attached ----------------------------------------------------- */

/* The only map of shim @id, as an fd; -ENOENT: it has none. */
static int shim_map(uint32_t id)
{
	int prog = bpf_prog_get_fd_by_id(id), err;
	struct bpf_prog_info info = {};
	uint32_t len = sizeof(info), map = 0;

	if (prog < 0)
		return -errno;
	info.nr_map_ids = 1;
	info.map_ids = (uintptr_t)&map;
	err = bpf_obj_get_info_by_fd(prog, &info, &len) ? -errno : 0;
	close(prog);
	if (err || !map)
		return err ? err : -ENOENT;
	prog = bpf_map_get_fd_by_id(map);
	return prog < 0 ? -errno : prog;
}

/* The map @m of @p as an fd, if shims of @p read it; -ENOENT has no text. */
static int filter_map_in_use(const struct rex_program *p, const struct rex_map *m)
{
	struct bpf_map_info info = {};
	uint32_t len = sizeof(info), id;
	int n = 0, fd = -ENOENT;

	for (uint32_t i = 0; fd == -ENOENT && i < p->n_entries; i++) {
		if (!rex_filter_is_map(&p->entries[i]->filter, m->name))
			continue;
		n = rex_shim_ids(p->entries[i], &id, 1);
		if (n < 0)
			return n;
		if (n)
			fd = shim_map(id);
	}
	if (fd == -ENOENT)
		return fd;
	if (fd < 0)
		return rex_fail(fd, "cannot open map \"%s\", which the filter of an attached entry reads: %s",
				m->name, rex_strerror(fd));
	if (!bpf_obj_get_info_by_fd(fd, &info, &len) && info.type == m->type &&
	    info.value_size == m->value_size && info.max_entries == m->max_entries)
		return fd;
	close(fd);
	return rex_fail(-EBUSY, "map \"%s\" is of another size than the one that the filter of an attached "
			"entry reads: detach that first", m->name);
}

int rex_maps_bind(struct rex *rex, const struct rex_program *p, const struct rex_map_size *sizes,
		  size_t n_sizes)
{
	int err = check_sizes(p, sizes, n_sizes);

	for (uint32_t i = 0; !err && i < p->n_maps; i++) {
		struct rex_map sized = *p->maps[i], *m = &sized;
		int fd;

		if (m->bpf_id)
			continue;
		for (size_t k = 0; k < n_sizes; k++)
			if (!strcmp(m->name, sizes[k].map))
				m->max_entries = sizes[k].max_entries;
		fd = filter_map_in_use(p, m);
		if (fd == -ENOENT)
			fd = create(m);
		if (fd < 0)
			return fd;
		err = bind_one(rex, p, m, fd);
		close(fd);		/* rex.ko holds the map from here on */
		if (err)
			rex_fail(err, "cannot bind map \"%s\" of program \"%s\": %s", m->name,
				 p->name, nl_reason(&rex->nl, err));
	}
	return err;
}

int rex_map_fd(const struct rex_map *map)
{
	int fd = bpf_map_get_fd_by_id(map->bpf_id);

	return fd >= 0 ? fd : rex_fail(-errno, "cannot open map \"%s\" (BPF map %u): %s", map->name,
				       map->bpf_id, rex_strerror(errno));
}
