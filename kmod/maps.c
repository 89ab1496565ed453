// SPDX-License-Identifier: GPL-2.0-only
/*
 * Maps are ordinary BPF maps that user space made and binds by file descriptor. Only kinds
 * whose operations are safe for any program are taken, and none with special fields in its
 * values (timers, kptrs, spin locks), which a program could overwrite.
 */
#include <linux/bpf.h>
#include <linux/bpf_verifier.h>
#include <linux/filter.h>
#include <linux/static_call.h>
#include <linux/string.h>

#include "maps.h"

/* Flags of map creation that do not change what a program may do with the map. */
#define REX_MAP_FLAGS (BPF_F_NO_PREALLOC | BPF_F_NO_COMMON_LRU | BPF_F_NUMA_NODE | \
		       BPF_F_ZERO_SEED | BPF_F_MMAPABLE | BPF_F_PRESERVE_ELEMS)

/* What a kind of map takes for the sizes in its description. */
enum rex_map_size {
	REX_SIZE_ANY,		/* but 0 */
	REX_SIZE_NONE,		/* 0 */
	REX_SIZE_U32,
};

struct rex_map_kind {
	bool			taken;
	enum rex_map_size	key, value;
	u32			implied;	/* flags that the kernel sets by itself */
};

static const struct rex_map_kind rex_map_kinds[] = {
	[BPF_MAP_TYPE_HASH] = { true },
	[BPF_MAP_TYPE_LRU_HASH] = { true },
	[BPF_MAP_TYPE_PERCPU_HASH] = { true },
	[BPF_MAP_TYPE_LRU_PERCPU_HASH] = { true },
	[BPF_MAP_TYPE_LPM_TRIE] = { true },
	[BPF_MAP_TYPE_ARRAY] = { true, REX_SIZE_U32 },
	[BPF_MAP_TYPE_PERCPU_ARRAY] = { true, REX_SIZE_U32 },
	[BPF_MAP_TYPE_QUEUE] = { true, REX_SIZE_NONE },
	[BPF_MAP_TYPE_STACK] = { true, REX_SIZE_NONE },
	[BPF_MAP_TYPE_RINGBUF] = { true, REX_SIZE_NONE, REX_SIZE_NONE },
	[BPF_MAP_TYPE_PERF_EVENT_ARRAY] = { true, REX_SIZE_U32, REX_SIZE_U32 },
	[BPF_MAP_TYPE_STACK_TRACE] = { true, REX_SIZE_U32 },
	/* Larger values hold programs, which then belong to the first BPF program that uses the map. */
	[BPF_MAP_TYPE_DEVMAP] = { true, REX_SIZE_U32, REX_SIZE_U32, BPF_F_RDONLY_PROG },
	[BPF_MAP_TYPE_DEVMAP_HASH] = { true, REX_SIZE_U32, REX_SIZE_U32, BPF_F_RDONLY_PROG },
	[BPF_MAP_TYPE_CPUMAP] = { true, REX_SIZE_U32, REX_SIZE_U32 },
	[BPF_MAP_TYPE_XSKMAP] = { true, REX_SIZE_U32, REX_SIZE_U32 },
};

static_assert(ARRAY_SIZE(rex_map_kinds) <= 32);		/* see rex_map_is() */

static bool rex_map_size_ok(enum rex_map_size want, u32 size)
{
	switch (want) {
	case REX_SIZE_NONE:
		return !size;
	case REX_SIZE_U32:
		return size == sizeof(u32);
	case REX_SIZE_ANY:
		break;
	}
	return size;
}

/* Checks the table of a program that is being loaded. */
int rex_maps_check(const struct rex_prog *prog, const struct rex_map_def *def,
		   const struct rex_map_def *end)
{
	const struct rex_map_def *d, *e;

	for (d = def; d < end; d++) {
		const struct rex_map_kind *kind;

		if (!d->name[0] || strnlen(d->name, sizeof(d->name)) == sizeof(d->name)) {
			pr_err("program %s: map %td has no valid name\n", prog->name, d - def);
			return -EINVAL;
		}
		for (e = def; e < d; e++)
			if (!strcmp(d->name, e->name)) {
				pr_err("program %s: two maps are called %s\n", prog->name, d->name);
				return -EEXIST;
			}
		kind = &rex_map_kinds[min_t(u32, d->type, ARRAY_SIZE(rex_map_kinds) - 1)];
		if (d->type >= ARRAY_SIZE(rex_map_kinds) || !kind->taken ||
		    d->flags & ~REX_MAP_FLAGS) {
			pr_err("program %s: map %s is of type %u with flags %#x, which Rex does not support\n",
			       prog->name, d->name, d->type, d->flags);
			return -EOPNOTSUPP;
		}
		if (!rex_map_size_ok(kind->key, d->key_size) ||
		    !rex_map_size_ok(kind->value, d->value_size)) {
			pr_err("program %s: map %s of type %u cannot have keys of %u and values of %u bytes\n",
			       prog->name, d->name, d->type, d->key_size, d->value_size);
			return -EINVAL;
		}
		if (!d->max_entries || d->__reserved || d->map || d->base || d->stride ||
		    d->index_mask) {
			pr_err("program %s: the description of map %s is damaged\n", prog->name,
			       d->name);
			return -EINVAL;
		}
	}
	return 0;
}

/* How large these are is up to the user; the program looks at @max_entries, or asks the map. */
#define REX_SIZED	(BIT(BPF_MAP_TYPE_ARRAY) | BIT(BPF_MAP_TYPE_PERCPU_ARRAY) | \
			 BIT(BPF_MAP_TYPE_HASH) | BIT(BPF_MAP_TYPE_PERCPU_HASH) | \
			 BIT(BPF_MAP_TYPE_LRU_HASH) | BIT(BPF_MAP_TYPE_LRU_PERCPU_HASH))

static int rex_map_match(const struct rex_map_def *def, const struct bpf_map *map,
			 struct netlink_ext_ack *extack)
{
	const struct {
		const char *what;
		u32 want, have;
	} fields[] = {
		{ "type", def->type, map->map_type },
		{ "key size", def->key_size, map->key_size },
		{ "value size", def->value_size, map->value_size },
		{ "max_entries", REX_SIZED & BIT(def->type) ? map->max_entries : def->max_entries,
		  map->max_entries },
		{ "flags", def->flags, map->map_flags & ~rex_map_kinds[def->type].implied },
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

/* ---- hash tables -------------------------------------------------------------------- */

static void *rex_htab_none(struct bpf_map *map, void *key)
{
	return NULL;
}

/* The kernel's __htab_map_lookup_elem(), once a hash map was bound. */
DEFINE_STATIC_CALL(rex_htab_lookup, rex_htab_none);
static void *rex_htab_func;

/*
 * When the verifier inlines a look-up in a hash map, the map tells it which instructions to put
 * there: a call of the function that finds the element, and an addition to get to its value. So
 * it tells us, too. @base is @map then; without that, the look-up is by map->ops.
 */
static void rex_map_bind_hash(struct rex_map_def *def, struct bpf_map *map)
{
	struct bpf_insn insns[INSN_BUF_SIZE] = {};
	void *func;

	if (!map->ops->map_gen_lookup || map->ops->map_gen_lookup(map, insns) != 3 ||
	    insns[0].code != (BPF_JMP | BPF_CALL) || insns[0].src_reg ||
	    insns[1].code != (BPF_JMP | BPF_JEQ | BPF_K) || insns[1].imm || insns[1].off != 1 ||
	    insns[2].code != (BPF_ALU64 | BPF_ADD | BPF_K) || insns[2].imm <= 0)
		return;
	func = (void *)__bpf_call_base + insns[0].imm;
	if (!rex_htab_func) {
		rex_htab_func = func;
		static_call_update(rex_htab_lookup, func);
	}
	if (func != rex_htab_func)
		return;
	def->stride = insns[2].imm;
	def->base = (u64)map;
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
		NL_SET_ERR_MSG_FMT(extack, "map '%s' of program '%s' is already bound", def->name,
				   prog->name);
		return -EBUSY;
	}
	map = bpf_map_get(fd);
	if (IS_ERR(map)) {
		NL_SET_ERR_MSG_FMT(extack, "file descriptor %d is not a BPF map", fd);
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
	} else if (def->type == BPF_MAP_TYPE_HASH) {
		rex_map_bind_hash(def, map);
	}
	if (def->max_entries != map->max_entries)
		prog->maps_sized |= BIT_ULL(index);
	def->max_entries = map->max_entries;
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

#define REX_ARRAYS	(BIT(BPF_MAP_TYPE_ARRAY) | BIT(BPF_MAP_TYPE_PERCPU_ARRAY))
#define REX_LRUS	(BIT(BPF_MAP_TYPE_LRU_HASH) | BIT(BPF_MAP_TYPE_LRU_PERCPU_HASH))
#define REX_HASHES	(BIT(BPF_MAP_TYPE_HASH) | BIT(BPF_MAP_TYPE_PERCPU_HASH) | REX_LRUS)
#define REX_KEYED	(REX_ARRAYS | REX_HASHES | BIT(BPF_MAP_TYPE_LPM_TRIE))
#define REX_QUEUES	(BIT(BPF_MAP_TYPE_QUEUE) | BIT(BPF_MAP_TYPE_STACK))
#define REX_REDIRECTS	(BIT(BPF_MAP_TYPE_DEVMAP) | BIT(BPF_MAP_TYPE_DEVMAP_HASH) | \
			 BIT(BPF_MAP_TYPE_CPUMAP) | BIT(BPF_MAP_TYPE_XSKMAP))
/* Changed under a lock that does not know that its holder was interrupted. */
#define REX_LOCKED	(REX_LRUS | REX_QUEUES | BIT(BPF_MAP_TYPE_LPM_TRIE))
/* Of those, the ones that only try to take it in NMI. */
#define REX_NMI_TRIES	REX_QUEUES

DEFINE_PER_CPU(int, rex_maps_busy);

/*
 * The operations are those that BPF programs call, with the same protection: RCU, preemption
 * off, and -EBUSY from a hash table when its bucket is locked by whom we interrupted. The
 * kinds with other locks would wait for ever, so they are refused to whoever may have
 * interrupted the holder: in NMI, inside another such change by a program on this CPU, and in
 * what is attached with BTF when interrupts are off, for user space changes maps then (the
 * kernel keeps kprobes, tracepoints and perf events out of those system calls by itself).
 */
static bool rex_change_begin(struct rex_frame *frame, u32 type, unsigned long *irq)
{
	const struct rex_hook_info *hook;

	if (!(BIT(type) & REX_LOCKED))
		return true;
	if (in_nmi() && !(BIT(type) & REX_NMI_TRIES))
		return false;
	hook = &rex_hooks[rex_frame_slot(frame)->hook];
	if (hook->prog_type == BPF_PROG_TYPE_TRACING && irqs_disabled())
		return false;
	return rex_maps_enter(irq);
}

static void rex_change_end(u32 type, unsigned long irq)
{
	if (BIT(type) & REX_LOCKED)
		rex_maps_leave(irq);
}

void *rex_map_lookup(const struct rex_map_def *def, const void *key)
{
	struct bpf_map *map = rex_map(def, REX_KEYED);
	void *value = map ? map->ops->map_lookup_elem(map, (void *)key) : NULL;

	rex_check_stop(rex_this_frame());
	return value;
}
REX_EXPORT(rex_map_lookup);

static noinline void *rex_hash_slow(const struct rex_map_def *def, const void *key)
{
	rex_check_stop(rex_this_frame());
	if (def->base == def->map)
		return static_call(rex_htab_lookup)((struct bpf_map *)def->map, (void *)key);
	return rex_map_lookup(def, key);
}

/*
 * Counted in instructions beside an eBPF look-up: look at the disassembly when you change it.
 * The stop is looked for first, so that the rest is a jump.
 */
notrace void *rex_hash_lookup(const struct rex_map_def *def, const void *key)
{
	struct bpf_map *map = (struct bpf_map *)def->map;

	if (unlikely(def->base != def->map || READ_ONCE(rex_this_frame()->stop)))
		return rex_hash_slow(def, key);
	return static_call(rex_htab_lookup)(map, (void *)key);
}
REX_EXPORT(rex_hash_lookup);

/* A value of an array can be as long as memory. What the kernel does, but in pieces. */
static noinline long rex_array_update(const struct rex_map_def *def, const void *key,
				      const void *value, u64 flags)
{
	u32 index = *(const u32 *)key;

	if (index >= def->max_entries)
		return -E2BIG;
	if (flags & BPF_NOEXIST)
		return -EEXIST;
	rex_copy_pieces((void *)def->base + (u64)def->stride * (index & def->index_mask), value,
			def->value_size);
	return 0;
}

long rex_map_update(const struct rex_map_def *def, const void *key, const void *value, u64 flags)
{
	struct rex_frame *frame = rex_this_frame();
	struct bpf_map *map = rex_map(def, REX_KEYED);
	unsigned long irq = 0;
	long ret = -EINVAL;

	if (map && flags <= BPF_EXIST) {
		ret = -EBUSY;
		if (def->type == BPF_MAP_TYPE_ARRAY && def->value_size > REX_PIECE) {
			ret = rex_array_update(def, key, value, flags);
		} else if (rex_change_begin(frame, def->type, &irq)) {
			ret = map->ops->map_update_elem(map, (void *)key, (void *)value, flags);
			ret = rex_map_error(ret);
			rex_change_end(def->type, irq);
		}
	}
	rex_check_stop(frame);
	return ret;
}
REX_EXPORT(rex_map_update);

long rex_map_delete(const struct rex_map_def *def, const void *key)
{
	struct rex_frame *frame = rex_this_frame();
	struct bpf_map *map = rex_map(def, REX_KEYED & ~REX_ARRAYS);
	unsigned long irq = 0;
	long ret = -EINVAL;

	if (map) {
		ret = -EBUSY;
		if (rex_change_begin(frame, def->type, &irq)) {
			ret = rex_map_error(map->ops->map_delete_elem(map, (void *)key));
			rex_change_end(def->type, irq);
		}
	}
	rex_check_stop(frame);
	return ret;
}
REX_EXPORT(rex_map_delete);

long rex_map_push(const struct rex_map_def *def, const void *value, u64 flags)
{
	struct rex_frame *frame = rex_this_frame();
	struct bpf_map *map = rex_map(def, REX_QUEUES);
	unsigned long irq = 0;
	long ret = -EINVAL;

	if (map && (!flags || flags == BPF_EXIST)) {
		ret = -EBUSY;
		if (rex_change_begin(frame, def->type, &irq)) {
			ret = rex_map_error(map->ops->map_push_elem(map, (void *)value, flags));
			rex_change_end(def->type, irq);
		}
	}
	rex_check_stop(frame);
	return ret;
}
REX_EXPORT(rex_map_push);

/* The next value; it stays in the map when @keep. */
static long rex_map_next(const struct rex_map_def *def, void *value, bool keep)
{
	struct rex_frame *frame = rex_this_frame();
	struct bpf_map *map = rex_map(def, REX_QUEUES);
	unsigned long irq = 0;
	long ret = -EINVAL;

	if (map) {
		ret = -EBUSY;
		if (rex_change_begin(frame, def->type, &irq)) {
			ret = keep ? map->ops->map_peek_elem(map, value) :
				     map->ops->map_pop_elem(map, value);
			ret = rex_map_error(ret);
			rex_change_end(def->type, irq);
		}
	}
	rex_check_stop(frame);
	return ret;
}

long rex_map_pop(const struct rex_map_def *def, void *value)
{
	return rex_map_next(def, value, false);
}
REX_EXPORT(rex_map_pop);

long rex_map_peek(const struct rex_map_def *def, void *value)
{
	return rex_map_next(def, value, true);
}
REX_EXPORT(rex_map_peek);

/* Writes to the redirect info of the task that runs the hook: XDP has one, others do not. */
long rex_redirect_map(const struct rex_map_def *def, u64 key, u64 flags)
{
	struct rex_frame *frame = rex_this_frame();
	struct bpf_map *map = rex_map(def, REX_REDIRECTS);
	long ret = -EINVAL;

	if (map && rex_frame_slot(frame)->hook == REX_HOOK_XDP)
		ret = map->ops->map_redirect(map, key, flags);
	rex_check_stop(frame);
	return ret;
}
REX_EXPORT(rex_redirect_map);
