// SPDX-License-Identifier: GPL-2.0-only
/* The elements of a map: one, all of them, a new value. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

static bool is_percpu(uint32_t type)
{
	return type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_PERCPU_HASH ||
	       type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

/* Whether it has keys to go by. */
static bool has_keys(uint32_t type)
{
	switch (type) {
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_LPM_TRIE:
	case BPF_MAP_TYPE_DEVMAP:
	case BPF_MAP_TYPE_DEVMAP_HASH:
	case BPF_MAP_TYPE_CPUMAP:
		return true;
	default:
		return is_percpu(type);
	}
}

uint32_t rex_map_cpus(const struct rex_map *map)
{
	int cpus = is_percpu(map->type) ? libbpf_num_possible_cpus() : 1;

	return cpus > 0 ? cpus : 0;
}

uint32_t rex_map_stride(const struct rex_map *map)
{
	return is_percpu(map->type) ? (map->value_size + 7) / 8 * 8 : map->value_size;
}

static int open_map(const struct rex_map *map)
{
	if (!has_keys(map->type))
		return rex_fail(-EOPNOTSUPP, "map \"%s\" is a %s, whose elements have no keys%s", map->name,
				rex_map_type_name(map->type), map->type == BPF_MAP_TYPE_RINGBUF ||
				map->type == BPF_MAP_TYPE_PERF_EVENT_ARRAY ? "; \"rexctl events\" reads its records" :
				"");
	if (!rex_map_cpus(map))
		return rex_fail(-EIO, "cannot tell how many CPUs this machine can have");
	return rex_map_fd(map);
}

int rex_map_get(const struct rex_map *map, const void *key, void *value)
{
	int fd = open_map(map), err = 0;

	if (fd < 0)
		return fd;
	if (bpf_map_lookup_elem(fd, key, value))
		err = errno == ENOENT ? rex_fail(-ENOENT, "map \"%s\" has no such key", map->name) :
		      rex_fail(-errno, "cannot read map \"%s\": %s", map->name, rex_strerror(errno));
	close(fd);
	return err;
}

int rex_map_set(const struct rex_map *map, const void *key, const void *value)
{
	int fd = open_map(map), err = 0;

	if (fd < 0)
		return fd;
	if (bpf_map_update_elem(fd, key, value, BPF_ANY))
		err = rex_fail(-errno, "cannot write to map \"%s\": %s%s", map->name, rex_strerror(errno),
			       errno == E2BIG ? "; it is full, or has no such index" : "");
	close(fd);
	return err;
}

struct walk {
	const struct rex_map *map;
	int fd;
	char *key, *next, *value;
	rex_map_fn *fn;
	void *arg;
};

/*
 * A program may delete the key that comes next: then the kernel begins again with the first one. So
 * many steps are as many elements as there can be.
 */
static int walk(struct walk *w)
{
	char *key = NULL, *other;
	int err = 0;

	for (uint64_t n = 0; !err && n < (w->map->max_entries ? : UINT16_MAX); n++) {
		if (bpf_map_get_next_key(w->fd, key, w->next))
			return errno == ENOENT ? 0 : rex_fail(-errno, "cannot list map \"%s\": %s", w->map->name,
							      rex_strerror(errno));
		if (!bpf_map_lookup_elem(w->fd, w->next, w->value))
			err = w->fn(w->next, w->value, w->arg);
		else if (errno != ENOENT)
			return rex_fail(-errno, "cannot read map \"%s\": %s", w->map->name, rex_strerror(errno));
		other = w->key;
		key = w->key = w->next;
		w->next = other;
	}
	return err;
}

int rex_map_each(const struct rex_map *map, rex_map_fn *fn, void *arg)
{
	struct walk w = { .map = map, .fn = fn, .arg = arg, .fd = open_map(map) };
	int err;

	if (w.fd < 0)
		return w.fd;
	w.key = malloc(map->key_size);
	w.next = malloc(map->key_size);
	w.value = malloc(rex_map_cpus(map) * rex_map_stride(map));
	err = w.key && w.next && w.value ? walk(&w) : rex_fail(-ENOMEM, "out of memory");
	free(w.key);
	free(w.next);
	free(w.value);
	close(w.fd);
	return err;
}
