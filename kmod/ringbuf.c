// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ring buffers, by the kernel's own helpers. They trust their caller with a record's address,
 * so a record is taken only from the list of what the invocation holds. Records left at its end
 * are discarded, so that the consumer does not stall.
 */
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/slab.h>
#include <linux/static_call.h>

#include "maps.h"

static u64 rex_ringbuf_none(u64 r1, u64 r2, u64 r3, u64 r4, u64 r5)
{
	return -EOPNOTSUPP;
}

static u64 rex_ringbuf_no_record(u64 r1, u64 r2, u64 r3, u64 r4, u64 r5)
{
	return 0;
}

DEFINE_STATIC_CALL(rex_rb_reserve, rex_ringbuf_no_record);
DEFINE_STATIC_CALL(rex_rb_submit, rex_ringbuf_none);
DEFINE_STATIC_CALL(rex_rb_discard, rex_ringbuf_none);
DEFINE_STATIC_CALL(rex_rb_output, rex_ringbuf_none);
DEFINE_STATIC_CALL(rex_rb_query, rex_ringbuf_no_record);

/* These helpers are the same at all hooks, and the function that tells them is exported. */
static rex_bpf_helper rex_base_helper(enum bpf_func_id id, const struct bpf_prog *prog)
{
	const struct bpf_func_proto *proto = bpf_base_func_proto(id, prog);

	return proto ? (rex_bpf_helper)proto->func : NULL;
}

int rex_ringbuf_init(void)
{
	/* It looks at the program only for whose rights count: ours, the loader's. */
	struct bpf_prog *prog = kzalloc(sizeof(*prog), GFP_KERNEL);
	rex_bpf_helper reserve, submit, discard, output, query;
	int ret = -ENOMEM;

	if (!prog)
		return ret;
	prog->aux = kzalloc(sizeof(*prog->aux), GFP_KERNEL);
	if (!prog->aux)
		goto out;
	ret = 0;
	reserve = rex_base_helper(BPF_FUNC_ringbuf_reserve, prog);
	submit = rex_base_helper(BPF_FUNC_ringbuf_submit, prog);
	discard = rex_base_helper(BPF_FUNC_ringbuf_discard, prog);
	output = rex_base_helper(BPF_FUNC_ringbuf_output, prog);
	query = rex_base_helper(BPF_FUNC_ringbuf_query, prog);
	/* All or none: a record that cannot be given back is of no use. */
	if (!reserve || !submit || !discard || !output || !query)
		goto out;
	static_call_update(rex_rb_submit, submit);
	static_call_update(rex_rb_discard, discard);
	static_call_update(rex_rb_output, output);
	static_call_update(rex_rb_query, query);
	static_call_update(rex_rb_reserve, reserve);
out:
	kfree(prog->aux);
	kfree(prog);
	return ret;
}

#define REX_RINGBUFS	BIT(BPF_MAP_TYPE_RINGBUF)
#define REX_WAKEUPS	(BPF_RB_NO_WAKEUP | BPF_RB_FORCE_WAKEUP)

/* The producers' lock is only tried in NMI, but not so in a kprobe inside of it. */
void *rex_ringbuf_reserve(const struct rex_map_def *def, u64 size)
{
	struct rex_frame *frame = rex_this_frame();
	struct bpf_map *map = rex_map(def, REX_RINGBUFS);
	void *record = NULL;
	unsigned long irq;

	if (map && !rex_resource_full(frame) && rex_maps_enter(&irq)) {
		record = (void *)static_call(rex_rb_reserve)((u64)map, size, 0, 0, 0);
		rex_maps_leave(irq);
		if (record)
			rex_resource_push(frame, REX_HELD_RECORD, record);
	}
	rex_check_stop(frame);
	return record;
}
REX_EXPORT(rex_ringbuf_reserve);

long rex_ringbuf_submit(void *record, u64 flags)
{
	struct rex_frame *frame = rex_this_frame();
	long ret = -EPERM;

	if (rex_resource_pop(frame, REX_HELD_RECORD, record)) {
		static_call(rex_rb_submit)((u64)record, flags & REX_WAKEUPS, 0, 0, 0);
		ret = 0;
	}
	rex_check_stop(frame);
	return ret;
}
REX_EXPORT(rex_ringbuf_submit);

/* Also for what an invocation leaves behind, in any context: no stop is looked for here. */
void rex_ringbuf_put(void *record, u64 flags)
{
	static_call(rex_rb_discard)((u64)record, flags & REX_WAKEUPS, 0, 0, 0);
}

long rex_ringbuf_discard(void *record, u64 flags)
{
	struct rex_frame *frame = rex_this_frame();
	long ret = -EPERM;

	if (rex_resource_pop(frame, REX_HELD_RECORD, record)) {
		rex_ringbuf_put(record, flags);
		ret = 0;
	}
	rex_check_stop(frame);
	return ret;
}
REX_EXPORT(rex_ringbuf_discard);

/* With interrupts on, and a look for a stop now and then: the list has the record meanwhile. */
static long rex_ringbuf_output_long(const struct rex_map_def *def, const void *data, u64 size,
				    u64 flags)
{
	void *record;

	if (rex_resource_full(rex_this_frame()))
		return -ENOSPC;
	record = rex_ringbuf_reserve(def, size);
	if (!record)
		return -EAGAIN;
	rex_copy_pieces(record, data, size);
	return rex_ringbuf_submit(record, flags);
}

long rex_ringbuf_output(const struct rex_map_def *def, const void *data, u64 size, u64 flags)
{
	struct bpf_map *map = rex_map(def, REX_RINGBUFS);
	unsigned long irq;
	long ret = -EINVAL;

	if (map && size > REX_PIECE && !(flags & ~REX_WAKEUPS)) {
		ret = rex_ringbuf_output_long(def, data, size, flags);
	} else if (map && size && !(flags & ~REX_WAKEUPS)) {
		ret = -EBUSY;
		if (rex_maps_enter(&irq)) {
			ret = static_call(rex_rb_output)((u64)map, (u64)data, size, flags, 0);
			rex_maps_leave(irq);
		}
	}
	rex_check_stop(rex_this_frame());
	return ret;
}
REX_EXPORT(rex_ringbuf_output);

u64 rex_ringbuf_query(const struct rex_map_def *def, u64 what)
{
	struct bpf_map *map = rex_map(def, REX_RINGBUFS);
	u64 ret = map ? static_call(rex_rb_query)((u64)map, what, 0, 0, 0) : 0;

	rex_check_stop(rex_this_frame());
	return ret;
}
REX_EXPORT(rex_ringbuf_query);
