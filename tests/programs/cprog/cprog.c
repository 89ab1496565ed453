// SPDX-License-Identifier: GPL-2.0-only
/*
 * A Rex program in C, to test rex.ko by itself: it does on purpose what the Rust crate and
 * rexc let no program do by accident. Verdicts say how far an entry came: 100 + n means that
 * check n failed.
 */
#include <linux/bpf.h>
#include <linux/errno.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/string.h>
#include <rex_prog.h>

enum { M_ARRAY, M_PERCPU, M_HASH, M_LRU, M_PCHASH, M_COUNT };

#define MAP(n, t, entries_) { .name = (n), .type = (t), .key_size = 4, .value_size = 8, \
			      .max_entries = (entries_) }

static struct rex_map_def maps[M_COUNT] = {
	[M_ARRAY] = MAP("array", BPF_MAP_TYPE_ARRAY, 4),
	[M_PERCPU] = MAP("percpu", BPF_MAP_TYPE_PERCPU_ARRAY, 4),
	[M_HASH] = MAP("hash", BPF_MAP_TYPE_HASH, 8),
	[M_LRU] = MAP("lru", BPF_MAP_TYPE_LRU_HASH, 64),
	[M_PCHASH] = MAP("pchash", BPF_MAP_TYPE_PERCPU_HASH, 8),
};

static __u32 lock_a, lock_b;

#define CHECK(n, cond) do { if (!(cond)) return 100 + (n); } while (0)

static __s32 e_pass(struct rex_ctx *ctx)
{
	return XDP_PASS;
}

static __s32 e_drop(struct rex_ctx *ctx)
{
	return XDP_DROP;
}

/* In which context does the hook call us? */
static __s32 e_context(struct rex_ctx *ctx)
{
	CHECK(1, preempt_count() != 0);
	CHECK(2, in_serving_softirq() || softirq_count());
	CHECK(3, rex_cpu() == raw_smp_processor_id());
	CHECK(4, rex_ktime_ns() != 0);
	CHECK(5, rex_random() != rex_random());
	CHECK(6, ctx->data_end > ctx->data);
	CHECK(7, ((unsigned long)__builtin_frame_address(0) & 0x8000) != 0);
	return XDP_DROP;
}

static __s32 e_loop(struct rex_ctx *ctx)
{
	for (;;)
		barrier();
	return XDP_DROP;
}

/* The line table has just this: 64 bytes from here on. */
static const char files[] = "\0test/loop.rs\0core/src/iter.rs";
static struct rex_line lines[] = { { 0, 1, 77 }, { 64, 0, 0 } };

/* Never in its own text for long: ended by a helper that notices. */
static __s32 e_loop_helper(struct rex_ctx *ctx)
{
	for (;;)
		rex_spin_trylock(&lock_b);
	return XDP_DROP;
}

static noinline void deep_panic(int depth)
{
	static const char file[] = "src/deep.rs", text[] = "index out of bounds\nsecond line";

	if (depth)
		deep_panic(depth - 1);
	else
		rex_panic(file, sizeof(file) - 1, 42, 7, text, sizeof(text) - 1);
	barrier();
}

static __s32 e_panic(struct rex_ctx *ctx)
{
	deep_panic(5);
	return XDP_DROP;
}

static __s32 e_panic_null(struct rex_ctx *ctx)
{
	rex_panic(NULL, 0, 0, 0, NULL, 0);
	return XDP_DROP;
}

/* The check that rexc puts in each function of an unbounded program. */
static noinline int recurse(int depth)
{
	volatile char pad[256];

	if (!(current_stack_pointer & 0x8000)) {
		rex_stack_overflow();
		return 0;
	}
	pad[0] = depth;
	return recurse(depth + 1) + pad[0];
}

static __s32 e_recurse(struct rex_ctx *ctx)
{
	return recurse(0) ? XDP_DROP : XDP_TX;
}

static __s32 e_lock(struct rex_ctx *ctx)
{
	static __u32 many[REX_MAX_RESOURCES + 1];
	int i;

	CHECK(1, rex_spin_lock(&lock_a) == 0);
	CHECK(2, lock_a == rex_cpu() + 1);
	CHECK(3, rex_spin_lock(&lock_a) == -EDEADLK);
	CHECK(4, rex_spin_trylock(&lock_a) == -EDEADLK);
	CHECK(5, rex_spin_unlock(&lock_b) == -EPERM);
	CHECK(6, rex_spin_unlock(&lock_a) == 0);
	CHECK(7, lock_a == 0);
	CHECK(8, rex_spin_unlock(&lock_a) == -EPERM);
	for (i = 0; i < REX_MAX_RESOURCES; i++)
		CHECK(9, rex_spin_trylock(&many[i]) == 0);
	CHECK(10, rex_spin_lock(&many[i]) == -ENOSPC);
	return XDP_DROP;	/* all leaked; rex.ko releases them */
}

static __s32 e_lock_leak(struct rex_ctx *ctx)
{
	CHECK(1, rex_spin_lock(&lock_a) == 0);
	return XDP_DROP;
}

static __s32 e_lock_panic(struct rex_ctx *ctx)
{
	CHECK(1, rex_spin_lock(&lock_a) == 0);
	deep_panic(1);
	return XDP_DROP;
}

/* A lock that nobody will ever release: the owner is a CPU that does not exist. */
static __s32 e_lock_stuck(struct rex_ctx *ctx)
{
	static __u32 stuck = 0x7fffffff;

	rex_spin_lock(&stuck);
	return XDP_DROP;
}

static __s32 e_lock_loop(struct rex_ctx *ctx)
{
	CHECK(1, rex_spin_lock(&lock_a) == 0);
	for (;;)
		barrier();
}

/* Both CPUs count under one lock; the sums must agree. */
static __s32 e_lock_count(struct rex_ctx *ctx)
{
	static __u64 plain;
	__u32 key = 1;
	__u64 *value = rex_map_lookup(&maps[M_ARRAY], &key);

	CHECK(1, value);
	CHECK(2, rex_spin_lock(&lock_a) == 0);
	plain++;
	WRITE_ONCE(*value, plain);
	CHECK(3, rex_spin_unlock(&lock_a) == 0);
	return XDP_DROP;
}

static __s32 e_count(struct rex_ctx *ctx)
{
	__u32 key = 0, bad = 4;
	__u64 *value;

	CHECK(1, maps[M_ARRAY].stride == 8 && maps[M_ARRAY].base);
	value = rex_map_lookup(&maps[M_ARRAY], &key);
	CHECK(2, value == (void *)maps[M_ARRAY].base);
	++*value;
	value = rex_map_lookup(&maps[M_PERCPU], &key);
	CHECK(3, value);
	CHECK(4, value == this_cpu_ptr(*(void __percpu **)maps[M_PERCPU].base));
	++*value;
	CHECK(5, !rex_map_lookup(&maps[M_ARRAY], &bad));
	CHECK(6, !rex_map_lookup(&maps[M_PERCPU], &bad));
	CHECK(7, rex_map_delete(&maps[M_ARRAY], &key) == -EINVAL);
	return XDP_DROP;
}

static __s32 e_hash(struct rex_ctx *ctx)
{
	static const int kinds[] = { M_HASH, M_LRU, M_PCHASH };
	__u32 key = 1000 + rex_cpu();
	__u64 one = 1, two = 2, *value;
	int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct rex_map_def *map = &maps[kinds[i]];

		CHECK(1, !rex_map_lookup(map, &key));
		CHECK(2, rex_map_update(map, &key, &one, BPF_EXIST) == -ENOENT);
		CHECK(3, rex_map_update(map, &key, &one, BPF_ANY) == 0);
		CHECK(4, rex_map_update(map, &key, &two, BPF_NOEXIST) == -EEXIST);
		CHECK(5, rex_map_update(map, &key, &two, BPF_F_LOCK) == -EINVAL);
		value = rex_map_lookup(map, &key);
		CHECK(6, value && *value == 1);
		CHECK(7, rex_map_delete(map, &key) == 0);
		CHECK(8, rex_map_delete(map, &key) == -ENOENT);
	}
	return XDP_DROP;
}

static __s32 e_print(struct rex_ctx *ctx)
{
	static const char text[] = "hello from C\nwith a second line";

	rex_printk(4, text, sizeof(text) - 1);
	rex_printk(99, NULL, 0);
	return XDP_DROP;
}

/* Moves the packet there and back; only the tail's growth stays: 16 zero bytes. */
static __s32 e_adjust(struct rex_ctx *ctx)
{
	static const __u8 loopback6[16] = { [15] = 1 };
	__u64 data = ctx->data, end = ctx->data_end;
	__u8 mac[6];
	int i;

	if (rex_xdp_adjust_head(ctx, 0) == -EOPNOTSUPP)
		return XDP_ABORTED;
	CHECK(1, rex_xdp_adjust_head(ctx, 8) == 0);
	CHECK(2, ctx->data == data + 8 && ctx->data_end == end);
	CHECK(3, rex_xdp_adjust_head(ctx, -8) == 0);
	CHECK(4, ctx->data == data);
	CHECK(5, rex_xdp_adjust_head(ctx, 1 << 20) == -EINVAL);
	CHECK(6, ctx->data == data && ctx->data_end == end);
	CHECK(7, rex_xdp_adjust_tail(ctx, 16) == 0);
	CHECK(8, ctx->data_end == end + 16);
	for (i = 0; i < 16; i++)
		CHECK(9, ((char *)end)[i] == 0);
	CHECK(10, rex_xdp_frags(ctx) == 0);
	CHECK(11, rex_xdp_ifindex(ctx) != 0);
	CHECK(12, rex_xdp_rx_queue(ctx) < 1024);
	CHECK(13, rex_xdp_local(ctx, "\x7f\0\0\x1", 4) == 0);
	CHECK(14, rex_xdp_local(ctx, "\xc0\0\2\x1", 4) == -EADDRNOTAVAIL);
	CHECK(15, rex_xdp_local(ctx, loopback6, 16) == 0);
	CHECK(16, rex_xdp_local(ctx, loopback6, 15) == -EADDRNOTAVAIL);
	memset(mac, 0xff, sizeof(mac));
	rex_xdp_mac(ctx, mac);
	CHECK(17, !(mac[0] & 1));
	return XDP_TX;
}

static __s32 e_skb(struct rex_ctx *ctx)
{
	char buf[4], four[4] = "REX!";
	__u32 len = rex_skb_len(ctx);

	CHECK(1, len == ctx->data_end - ctx->data);
	CHECK(2, rex_skb_writable(ctx, 0) == 0);
	CHECK(3, rex_skb_writable(ctx, len + 1) == -EINVAL);
	CHECK(4, rex_skb_store(ctx, 20, four, 4) == 0);
	CHECK(5, rex_skb_load(ctx, 20, buf, 4) == 0);
	CHECK(6, !memcmp(buf, four, 4));
	CHECK(7, rex_skb_load(ctx, len - 3, buf, 4) == -EINVAL);
	CHECK(8, rex_skb_load(ctx, 0xffffffff, buf, 4) == -EINVAL);
	CHECK(9, rex_skb_store(ctx, len, four, 0xffffffff) == -EINVAL);
	CHECK(10, !memcmp((void *)ctx->data + 20, four, 4));
	CHECK(11, rex_skb_ifindex(ctx) != 0);
	CHECK(12, rex_skb_protocol(ctx) == 0x800);
	return 2;	/* TC_ACT_SHOT */
}

/* The verdicts 1 and 2 of these, XDP_DROP and XDP_PASS, are TC_ACT_RECLASSIFY and TC_ACT_SHOT. */
#define e_tc_drop	e_drop
#define e_tc_lock_leak	e_lock_leak
#define e_tc_lock_count	e_lock_count

static __s32 e_skb_panic(struct rex_ctx *ctx)
{
	deep_panic(2);
	return 2;
}

#define XDP(n) { .name = #n, .hook = REX_HOOK_XDP, .fn = (unsigned long)e_##n }
#define TC(n) { .name = #n, .hook = REX_HOOK_TC, .fn = (unsigned long)e_##n }

__u32 rex_program_generation;

static struct rex_entry_def entries[] = {
	XDP(pass), XDP(drop), XDP(context), XDP(loop), XDP(loop_helper), XDP(panic),
	XDP(panic_null), XDP(recurse), XDP(lock), XDP(lock_leak), XDP(lock_panic),
	XDP(lock_stuck), XDP(lock_loop), XDP(lock_count), XDP(count), XDP(hash), XDP(print),
	XDP(adjust), TC(skb), TC(skb_panic), TC(tc_drop), TC(tc_lock_leak),
	TC(tc_lock_count),
};

/* What a damaged module looks like: each value of the parameter breaks one thing. */
static int broken;
module_param(broken, int, 0);

static struct rex_program_def def = {
	.abi = REX_ABI_VERSION,
	.generation = &rex_program_generation,
	.entries = entries, .entries_end = entries + ARRAY_SIZE(entries),
	.maps = maps, .maps_end = maps + M_COUNT,
	.lines = lines, .lines_end = lines + ARRAY_SIZE(lines),
	.files = files, .files_end = files + sizeof(files),
	.text = e_loop,
};

static void cprog_break(void)
{
	switch (broken) {
	case 1:
		def.abi++;
		break;
	case 2:
		entries[0].hook = __REX_HOOK_MAX;
		break;
	case 3:
		entries[0].hook = 0x80000001;
		break;
	case 4:
		memset(entries[0].name, 'x', REX_NAME_LEN);
		break;
	case 5:
		strscpy(entries[1].name, "pass", REX_NAME_LEN);
		break;
	case 6:
		entries[0].fn = (unsigned long)_printk;
		break;
	case 7:
		entries[0].fn = (unsigned long)entries;
		break;
	case 8:
		def.entries_end = def.entries;
		break;
	case 9:
		def.entries_end = (void *)def.entries_end - 1;
		break;
	case 10:
		def.entries_end = (void *)-1UL;
		break;
	case 11:
		def.maps = NULL;
		break;
	case 12:
		maps[0].type = BPF_MAP_TYPE_PROG_ARRAY;
		break;
	case 13:
		maps[0].flags = BPF_F_RDONLY_PROG;
		break;
	case 14:
		maps[0].key_size = 0;
		break;
	case 15:
		strscpy(maps[1].name, "array", REX_MAP_NAME_LEN);
		break;
	case 16:
		maps[0].map = 1;
		break;
	case 17:
		strscpy(entries[0].name, "a b", REX_NAME_LEN);
		break;
	case 18:
		entries[0].flags = 2;
		break;
	case 19:
		lines[0].offset = 65;
		break;
	case 20:
		lines[1].offset = 0x7fffffff;
		break;
	case 21:
		lines[1].file = sizeof(files);
		break;
	case 22:
		def.files_end--;
		def.files_end--;
		break;
	case 23:
		def.files_end = def.files;
		break;
	case 24:
		def.lines_end = (void *)def.lines_end + 4;
		break;
	case 25:
		def.lines_end = (void *)-1UL;
		break;
	case 26:
		def.text = maps;
		break;
	case 27:
		entries[0].ctx_size = 8;
		break;
	case 28:
		entries[0].hook = REX_HOOK_TRACEPOINT;
		entries[0].ctx_size = 8193;
		break;
	}
}

static int __init cprog_init(void)
{
	cprog_break();
	return rex_program_register(THIS_MODULE, &def);
}

static void __exit cprog_exit(void)
{
	rex_program_unregister(THIS_MODULE);
}

module_init(cprog_init);
module_exit(cprog_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Rex test program in C");
MODULE_INFO(import_ns, "REX");
