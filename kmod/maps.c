// SPDX-License-Identifier: GPL-2.0-only
/*
 * Maps are ordinary BPF maps that user space made and binds by file descriptor. Only kinds
 * whose operations are safe for any program are taken, and none with special fields in its
 * values (timers, kptrs, spin locks), which a program could overwrite.
 */
#include <linux/bpf.h>
#include <linux/hardirq.h>
#include <linux/string.h>

#include "internal.h"

/* Flags of map creation that do not change what a program may do with the map. */
#define REX_MAP_FLAGS (BPF_F_NO_PREALLOC | BPF_F_NO_COMMON_LRU | BPF_F_NUMA_NODE | \
		       BPF_F_ZERO_SEED | BPF_F_MMAPABLE)

static bool rex_map_type_ok(u32 type)
{
	switch (type) {
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
		return true;
	}
	return false;
}

static bool rex_map_is_lru(const struct bpf_map *map)
{
	return map->map_type == BPF_MAP_TYPE_LRU_HASH ||
	       map->map_type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

/* Checks the table of a program that is being loaded. */
int rex_maps_check(const struct rex_prog *prog, const struct rex_map_def *def,
		   const struct rex_map_def *end)
{
	const struct rex_map_def *d, *e;

	for (d = def; d < end; d++) {
		if (!d->name[0] || strnlen(d->name, sizeof(d->name)) == sizeof(d->name)) {
			pr_err("program %s: map %td has no valid name\n", prog->name, d - def);
			return -EINVAL;
		}
		for (e = def; e < d; e++)
			if (!strcmp(d->name, e->name)) {
				pr_err("program %s: two maps are called %s\n", prog->name, d->name);
				return -EEXIST;
			}
		if (!rex_map_type_ok(d->type) || d->flags & ~REX_MAP_FLAGS) {
			pr_err("program %s: map %s is of type %u with flags %#x, which Rex does not support\n",
			       prog->name, d->name, d->type, d->flags);
			return -EOPNOTSUPP;
		}
		if (!d->key_size || !d->value_size || !d->max_entries || d->__reserved ||
		    d->map || d->base || d->stride || d->index_mask) {
			pr_err("program %s: the description of map %s is damaged\n", prog->name,
			       d->name);
			return -EINVAL;
		}
	}
	return 0;
}

static int rex_map_match(const struct rex_map_def *def, const struct bpf_map *map,
			 struct netlink_ext_ack *extack)
{
	/* Hash maps round nothing up, LRU per-CPU lists do: those get max_entries from us. */
	const struct {
		const char *what;
		u32 want, have;
	} fields[] = {
		{ "type", def->type, map->map_type },
		{ "key size", def->key_size, map->key_size },
		{ "value size", def->value_size, map->value_size },
		{ "max_entries", def->max_entries, map->max_entries },
		{ "flags", def->flags, map->map_flags },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		if (fields[i].want == fields[i].have)
			continue;
		NL_SET_ERR_MSG_FMT(extack, "map '%s': %s is %u, the program needs %u", def->name,
				   fields[i].what, fields[i].have, fields[i].want);
		return -EINVAL;
	}
	if (READ_ONCE(map->frozen) || map->record || map->inner_map_meta) {
		NL_SET_ERR_MSG_FMT(extack, "map '%s' is frozen or has special fields", def->name);
		return -EOPNOTSUPP;
	}
	return 0;
}

int rex_map_bind(struct rex_prog *prog, u32 index, int fd, struct netlink_ext_ack *extack)
{
	struct rex_map_def *def;
	struct bpf_map *map;
	int ret;

	if (index >= prog->maps) {
		NL_SET_ERR_MSG_FMT(extack, "program '%s' has %u maps, none with index %u",
				   prog->name, prog->maps, index);
		return -ENOENT;
	}
	def = &prog->map_defs[index];
	if (prog->map_refs[index]) {
		NL_SET_ERR_MSG_FMT(extack, "map '%s' of program '%s' is bound already", def->name,
				   prog->name);
		return -EBUSY;
	}
	map = bpf_map_get(fd);
	if (IS_ERR(map)) {
		NL_SET_ERR_MSG_FMT(extack, "file descriptor %d is no BPF map", fd);
		return PTR_ERR(map);
	}
	ret = rex_map_match(def, map, extack);
	if (ret) {
		bpf_map_put(map);
		return ret;
	}
	if (def->type == BPF_MAP_TYPE_ARRAY) {
		struct bpf_array *array = container_of(map, struct bpf_array, map);

		def->base = (u64)array->value;
		def->stride = array->elem_size;
		def->index_mask = array->index_mask;
	} else if (def->type == BPF_MAP_TYPE_PERCPU_ARRAY) {
		struct bpf_array *array = container_of(map, struct bpf_array, map);

		def->base = (u64)&array->pptrs[0];
		def->stride = sizeof(array->pptrs[0]);
		def->index_mask = array->index_mask;
	}
	def->map = (u64)map;
	prog->map_refs[index] = map;
	prog->bound++;
	rex_prog_bound(prog);
	return 0;
}

void rex_maps_put(struct rex_prog *prog)
{
	u32 i;

	for (i = 0; prog->map_refs && i < prog->maps; i++)
		if (prog->map_refs[i])
			bpf_map_put(prog->map_refs[i]);
}

/* ---- for programs ------------------------------------------------------------------ */

static struct bpf_map *rex_map(const struct rex_map_def *def)
{
	return (struct bpf_map *)def->map;
}

/*
 * The operations are those that BPF programs call, with the same protection: RCU, preemption
 * off, and -EBUSY from the hash table itself when a bucket is locked by whom we interrupted.
 * The LRU lists have no such check, so they may not be changed from NMI.
 */
static bool rex_map_may_change(const struct bpf_map *map)
{
	return !(in_nmi() && rex_map_is_lru(map));
}

void *rex_map_lookup(const struct rex_map_def *def, const void *key)
{
	struct bpf_map *map = rex_map(def);
	void *value = map ? map->ops->map_lookup_elem(map, (void *)key) : NULL;

	rex_check_stop(rex_this_frame());
	return value;
}
REX_EXPORT(rex_map_lookup);

long rex_map_update(const struct rex_map_def *def, const void *key, const void *value, u64 flags)
{
	struct bpf_map *map = rex_map(def);
	long ret = -EINVAL;

	if (map && flags <= BPF_EXIST)
		ret = rex_map_may_change(map) ?
		      map->ops->map_update_elem(map, (void *)key, (void *)value, flags) : -EBUSY;
	rex_check_stop(rex_this_frame());
	return ret;
}
REX_EXPORT(rex_map_update);

long rex_map_delete(const struct rex_map_def *def, const void *key)
{
	struct bpf_map *map = rex_map(def);
	long ret = -EINVAL;

	if (map)
		ret = rex_map_may_change(map) ? map->ops->map_delete_elem(map, (void *)key) :
						-EBUSY;
	rex_check_stop(rex_this_frame());
	return ret;
}
REX_EXPORT(rex_map_delete);
