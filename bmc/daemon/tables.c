// SPDX-License-Identifier: GPL-2.0-only
/* How the user's memory is shared among the maps, and how they are made empty again. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/membarrier.h>
#include <rex/librex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../shared.h"
#include "maps.h"
#include "tables.h"
#include "why.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define SOCKET_STATE	256		/* of rex.ko's own, beside the program's record, about */
#define LEAST_SETS	64
#define EXPIRY_SHARE	64		/* one part of so many */
#define PAGES_SHARE	4		/* the same: of the memory for values, for those too long for UDP */

static const struct rex_map *find_file_map(const struct rex_file *file, const char *name)
{
	for (uint32_t i = 0; i < file->n_maps; i++)
		if (!strcmp(file->maps[i]->name, name))
			return file->maps[i];
	refuse("program \"%s\" has no map \"%s\": it is not an accelerator of this build", file->name, name);
	return NULL;
}

static int check_sizes(const struct rex_file *file, const struct rex_map *sets,
		       const struct rex_map *pages)
{
	if (sets->value_size == BMC_SET_BYTES && pages->value_size == BMC_PAGE_BYTES)
		return 0;
	return refuse("program \"%s\" has sets of %u and pages of %u bytes, this rexctl knows %d and %d: "
		      "they are of different builds", file->name, sets->value_size,
		      pages->value_size, BMC_SET_BYTES, BMC_PAGE_BYTES);
}

/* What rex.ko and the program remember of a connection; 0: refused. */
static uint64_t connection_bytes(const struct rex_file *file)
{
	for (uint32_t i = 0; i < file->n_entries; i++)
		if (file->entries[i]->hook == REX_HOOK_STREAM)
			return SOCKET_STATE + (file->entries[i]->ctx_size + 7) / 8 * 8;
	refuse("program \"%s\" has no entry for sockets: it is not an accelerator of this build", file->name);
	return 0;
}

int tables_size(const struct rex_file *file, uint64_t memory, bool tcp, uint32_t maxconns,
		struct bmc_tables *t)
{
	const struct rex_map *sets = find_file_map(file, "BMC_SETS");
	const struct rex_map *expiry = find_file_map(file, "BMC_EXPIRY");
	const struct rex_map *pages = find_file_map(file, "BMC_PAGES");
	uint64_t conn = connection_bytes(file), others, n, least;

	if (!conn || !sets || !expiry || !pages || check_sizes(file, sets, pages))
		return 1;
	n = maxconns;
	others = n * conn + memory / EXPIRY_SHARE;
	least = n * conn + LEAST_SETS * BMC_SET_BYTES;
	least += least / (EXPIRY_SHARE - 1) + 1;
	if (memory < least)
		return refuse("--memory %" PRIu64 "M is too little: the connections that memcached may "
			      "have (maxconns %u, its option -c) take %" PRIu64 " bytes each to follow; "
			      "%" PRIu64 "M are the least", memory >> 20, maxconns, conn,
			      (least >> 20) + 1);
	t->expiry = memory / EXPIRY_SHARE / expiry->value_size;
	memory -= others;
	n = tcp ? memory / PAGES_SHARE / BMC_PAGE_BYTES : 1;
	t->pages = n < INT32_MAX ? n : INT32_MAX;
	n = (memory - (uint64_t)t->pages * BMC_PAGE_BYTES) / BMC_SET_BYTES;
	t->sets = n < INT32_MAX ? n : INT32_MAX;
	return 0;
}

uint64_t tables_cache_bytes(const struct rex_program *p)
{
	static const char *const names[] = { "BMC_SETS", "BMC_PAGES" };
	uint64_t bytes = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct rex_map *map = find_map(p, names[i]);

		bytes += map ? (uint64_t)map->max_entries * map->value_size : 0;
	}
	return bytes;
}

/* ---- empty again ----------------------------------------------------------------------------------- */

static int clear_array(int fd, const struct rex_map *m)
{
	int cpus = m->type == BPF_MAP_TYPE_PERCPU_ARRAY ? libbpf_num_possible_cpus() : 1;
	void *zero = calloc(cpus > 0 ? cpus : 1, (m->value_size + 7) / 8 * 8);
	int err = zero ? 0 : refuse("out of memory");

	for (uint32_t i = 0; !err && i < m->max_entries; i++)
		if (bpf_map_update_elem(fd, &i, zero, BPF_ANY))
			err = refuse("cannot clear map \"%s\": %s", m->name, strerror(errno));
	free(zero);
	return err;
}

/* Asked for the first key again and again, the kernel would walk over all that is empty already. */
static int clear_hash(int fd, const struct rex_map *m)
{
	unsigned char keys[2][512], *key = keys[0], *next = keys[1], *swap;
	bool more;
	int err = 0;

	if (m->key_size > sizeof(keys[0]))
		return refuse("map \"%s\" has keys of %u bytes", m->name, m->key_size);
	more = !bpf_map_get_next_key(fd, NULL, key);
	while (!err && more) {
		more = !bpf_map_get_next_key(fd, key, next);
		if (bpf_map_delete_elem(fd, key) && errno != ENOENT)
			err = refuse("cannot clear map \"%s\": %s", m->name, strerror(errno));
		swap = key;
		key = next;
		next = swap;
	}
	if (!err && !bpf_map_get_next_key(fd, NULL, key))
		err = refuse("map \"%s\" does not get empty", m->name);
	return err;
}

static int clear(const struct rex_program *p, const struct rex_map *m)
{
	int fd = map_fd(p, m->name), err = 0;

	if (fd < 0)
		return 1;
	if (m->type == BPF_MAP_TYPE_ARRAY || m->type == BPF_MAP_TYPE_PERCPU_ARRAY)
		err = clear_array(fd, m);
	else if (m->type == BPF_MAP_TYPE_HASH || m->type == BPF_MAP_TYPE_LRU_HASH)
		err = clear_hash(fd, m);
	close(fd);
	return err;
}

int tables_clear(const struct rex_program *p)
{
	/* Those that are ours, and the counters. */
	static const char *const kept[] = { "BMC_META", "BMC_STATS", "BMC_VLANS", "BMC_BROADCASTS",
					    "BMC_PORT" };
	int err = 0;

	/* Whoever entered the program before it saw BMC_OFF has left it after a grace period of RCU. */
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		return refuse("membarrier: %s", strerror(errno));
	for (uint32_t i = 0; !err && i < p->n_maps; i++) {
		bool keep = false;

		for (size_t k = 0; k < ARRAY_SIZE(kept); k++)
			keep |= !strcmp(p->maps[i]->name, kept[k]);
		if (!keep)
			err = clear(p, p->maps[i]);
	}
	return err;
}
