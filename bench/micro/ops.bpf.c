// SPDX-License-Identifier: GPL-2.0-only
/*
 * Maps, atomics, locks and ring buffer records. Each operation comes as NAME_few and
 * NAME_many, unrolled. The look-ups follow a chain, the value found being the next key, so
 * that none can be left out or done earlier; the driver compares the last key.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>
#include "micro.h"

#define UNUSED		__attribute__((unused))
#define TIMES_FEW(op)	op op op op op op op op
#define TIMES_MANY(op)	TIMES_FEW(op) TIMES_FEW(op) TIMES_FEW(op) TIMES_FEW(op) TIMES_FEW(op)

#define CHAIN(name, kind, f)				\
	struct {					\
		__uint(type, kind);			\
		__type(key, __u32);			\
		__type(value, __u32);			\
		__uint(max_entries, MICRO_CHAIN);	\
		__uint(map_flags, f);			\
	} name SEC(".maps")

CHAIN(ARRAY, BPF_MAP_TYPE_ARRAY, 0);
CHAIN(PERCPU, BPF_MAP_TYPE_PERCPU_ARRAY, 0);
/* No random seed: both sides' tables then have the same collisions. */
CHAIN(HASH, BPF_MAP_TYPE_HASH, BPF_F_ZERO_SEED);

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
} SINK SEC(".maps");

struct locked {
	struct bpf_spin_lock lock;
	__u64 n;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct locked);
	__uint(max_entries, 1);
} LOCKED SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, MICRO_RING);
} RING SEC(".maps");

__u64 counter;

static __always_inline __u32 start(struct __sk_buff *ctx)
{
	return ctx->len;
}

static __always_inline int finish(__u64 result)
{
	__u32 first = 0;
	__u64 *sink = bpf_map_lookup_elem(&SINK, &first);

	if (!sink)
		return TC_ACT_SHOT;
	*sink = result;
	return TC_ACT_OK;
}

#define LOOKUP(map)					\
	value = bpf_map_lookup_elem(&map, &key);	\
	if (!value)					\
		return TC_ACT_SHOT;			\
	key = *value;

#define LOOKUPS(name, map)				\
	SEC("tc") int name##_few(struct __sk_buff *ctx)	\
	{						\
		__u32 key = start(ctx), *value;		\
							\
		TIMES_FEW(LOOKUP(map))			\
		return finish(key);			\
	}						\
	SEC("tc") int name##_many(struct __sk_buff *ctx)	\
	{						\
		__u32 key = start(ctx), *value;		\
							\
		TIMES_MANY(LOOKUP(map))			\
		return finish(key);			\
	}

SEC("tc") int array_none(struct __sk_buff *ctx)
{
	return finish(start(ctx));
}

SEC("tc") int array_one(struct __sk_buff *ctx)
{
	__u32 key = start(ctx), *value;

	LOOKUP(ARRAY)
	return finish(key);
}

LOOKUPS(array, ARRAY)
LOOKUPS(percpu, PERCPU)
LOOKUPS(hash, HASH)

#define ADD __sync_fetch_and_add(&counter, 1);

SEC("tc") int atomic_few(struct __sk_buff *ctx UNUSED)
{
	TIMES_FEW(ADD)
	return finish(counter);
}

SEC("tc") int atomic_many(struct __sk_buff *ctx UNUSED)
{
	TIMES_MANY(ADD)
	return finish(counter);
}

#define LOCK_UNLOCK			\
	bpf_spin_lock(&locked->lock);	\
	locked->n++;			\
	bpf_spin_unlock(&locked->lock);

#define LOCKS(name, times)					\
	SEC("tc") int name(struct __sk_buff *ctx UNUSED)		\
	{							\
		__u32 first = 0;				\
		struct locked *locked;				\
								\
		locked = bpf_map_lookup_elem(&LOCKED, &first);	\
		if (!locked)					\
			return TC_ACT_SHOT;			\
		times(LOCK_UNLOCK)				\
		return finish(locked->n);			\
	}

LOCKS(lock_few, TIMES_FEW)
LOCKS(lock_many, TIMES_MANY)

#define ARITHMETIC(name, times, op)			\
	SEC("tc") int name(struct __sk_buff *ctx)	\
	{						\
		__u32 n = start(ctx);			\
							\
		times(op)				\
		return finish(n);			\
	}

ARITHMETIC(add_few, TIMES_FEW, n += n >> 1;)
ARITHMETIC(add_many, TIMES_MANY, n += n >> 1;)
ARITHMETIC(mul_few, TIMES_FEW, n = n * 11 >> 3;)
ARITHMETIC(mul_many, TIMES_MANY, n = n * 11 >> 3;)

#define RESERVE_SUBMIT							\
	record = bpf_ringbuf_reserve(&RING, sizeof(*record), 0);	\
	if (!record)							\
		return TC_ACT_SHOT;					\
	record->sequence = sequence;					\
	record->check = ~sequence;					\
	sequence++;							\
	bpf_ringbuf_submit(record, 0);

#define RESERVES(name, times)				\
	SEC("tc") int name(struct __sk_buff *ctx)		\
	{						\
		struct micro_record *record;		\
		__u64 sequence = start(ctx);		\
							\
		times(RESERVE_SUBMIT)			\
		return finish(sequence);		\
	}

RESERVES(reserve_few, TIMES_FEW)
RESERVES(reserve_many, TIMES_MANY)

#define OUTPUT								\
	record.sequence = sequence;					\
	record.check = ~sequence;					\
	sequence++;							\
	if (bpf_ringbuf_output(&RING, &record, sizeof(record), 0))	\
		return TC_ACT_SHOT;

#define OUTPUTS(name, times)				\
	SEC("tc") int name(struct __sk_buff *ctx)		\
	{						\
		struct micro_record record;		\
		__u64 sequence = start(ctx);		\
							\
		times(OUTPUT)				\
		return finish(sequence);		\
	}

OUTPUTS(output_few, TIMES_FEW)
OUTPUTS(output_many, TIMES_MANY)

char _license[] SEC("license") = "GPL";
