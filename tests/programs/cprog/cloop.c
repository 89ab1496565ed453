// SPDX-License-Identifier: GPL-2.0-only
/*
 * Endless loops, one around each function that a program may call: of no other code than the
 * call, so that hardly any tick finds the program's own text. drive picks one by the parameter
 * "loop" (written a number, it reads as the function's name) and runs it: see cmd_stop().
 */
#include <linux/bpf.h>
#include <linux/bpf_perf_event.h>
#include <linux/in.h>
#include <linux/module.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <rex_prog.h>

#define LONG	(16 << 20)

enum {
	M_ARRAY, M_LARGE, M_HASH, M_LRU, M_TRIE, M_QUEUE, M_RING, M_PERF, M_STACKS, M_DEVS, M_COUNT,
};

#define MAP(n, t, key, value, entries_) \
	{ .name = (n), .type = BPF_MAP_TYPE_##t, .key_size = (key), .value_size = (value), \
	  .max_entries = (entries_) }

static struct rex_map_def maps[M_COUNT] = {
	[M_ARRAY] = MAP("array", ARRAY, 4, 8, 4),
	[M_LARGE] = MAP("large", ARRAY, 4, LONG, 1),
	[M_HASH] = MAP("hash", HASH, 4, 8, 8),
	[M_LRU] = MAP("lru", LRU_HASH, 4, 1 << 20, 8),
	[M_TRIE] = { .name = "trie", .type = BPF_MAP_TYPE_LPM_TRIE, .key_size = 8, .value_size = 8,
		     .max_entries = 8, .flags = BPF_F_NO_PREALLOC },
	[M_QUEUE] = MAP("queue", QUEUE, 0, 1 << 20, 2),
	[M_RING] = MAP("ring", RINGBUF, 0, 0, 2 * LONG),
	[M_PERF] = MAP("perf", PERF_EVENT_ARRAY, 4, 4, 2),
	[M_STACKS] = MAP("stacks", STACK_TRACE, 4, 8 * 127, 64),
	[M_DEVS] = MAP("devs", DEVMAP, 4, 4, 2),
};

static char to[LONG], from[LONG];
static __u64 key[8], small[32];
static __u32 lock;
static struct perf_sample_data sample;
static struct bpf_perf_event_data_kern perf = { .data = &sample };

/* Where each can be tried. */
enum { AT_XDP = 1, AT_TC = 2, AT_KPROBE = 4, AT_PERF = 8, AT_ANY = AT_XDP | AT_KPROBE };

/* A call by its arguments, or what else there is around one. */
#define LOOPS(CALL, DO)										\
	CALL(AT_ANY, rex_map_lookup, &maps[M_ARRAY], key)					\
	CALL(AT_ANY, rex_map_lookup, &maps[M_TRIE], key)					\
	CALL(AT_ANY, rex_map_lookup, &maps[M_RING], key)					\
	CALL(AT_ANY, rex_hash_lookup, &maps[M_HASH], key)					\
	CALL(AT_ANY, rex_map_update, &maps[M_HASH], key, small, 0)				\
	CALL(AT_ANY, rex_map_update, &maps[M_LRU], key, from, 0)				\
	CALL(AT_ANY, rex_map_update, &maps[M_LARGE], key, from, 0)				\
	CALL(AT_ANY, rex_map_delete, &maps[M_HASH], key)					\
	CALL(AT_ANY, rex_map_push, &maps[M_QUEUE], from, BPF_EXIST)				\
	CALL(AT_ANY, rex_map_peek, &maps[M_QUEUE], to)						\
	CALL(AT_ANY, rex_map_pop, &maps[M_QUEUE], to)						\
	DO(AT_ANY, rex_ringbuf_reserve,								\
	   rex_ringbuf_discard(rex_ringbuf_reserve(&maps[M_RING], 64), 1))			\
	CALL(AT_ANY, rex_ringbuf_discard, small, 0)						\
	CALL(AT_ANY, rex_ringbuf_submit, small, 0)						\
	CALL(AT_ANY, rex_ringbuf_output, &maps[M_RING], from, 64, 1)				\
	CALL(AT_ANY, rex_ringbuf_output, &maps[M_RING], from, LONG, 1)				\
	CALL(AT_ANY, rex_ringbuf_query, &maps[M_RING], 0)					\
	CALL(AT_ANY, rex_perf_event_output, ctx, &maps[M_PERF], 0, from, 60000)			\
	CALL(AT_ANY, rex_get_stackid, &maps[M_STACKS], 0)					\
	CALL(AT_ANY, rex_get_stackid, &maps[M_ARRAY], 0)					\
	CALL(AT_ANY, rex_get_stack, to, 64, 0)							\
	CALL(AT_ANY, rex_get_stack, to, LONG, 0)						\
	CALL(AT_ANY, rex_get_stack, to, 64, -1)							\
	CALL(AT_XDP, rex_redirect_map, &maps[M_DEVS], 0, 0)					\
	DO(AT_ANY, rex_spin_lock, rex_spin_lock(&lock); rex_spin_unlock(&lock))			\
	CALL(AT_ANY, rex_spin_lock, &lock)							\
	CALL(AT_ANY, rex_spin_unlock, &lock)							\
	CALL(AT_ANY, rex_spin_trylock, &lock)							\
	CALL(AT_ANY, rex_ktime_ns)								\
	CALL(AT_ANY, rex_ktime_boot_ns)								\
	CALL(AT_ANY, rex_ktime_tai_ns)								\
	CALL(AT_ANY, rex_ktime_coarse_ns)							\
	CALL(AT_ANY, rex_jiffies64)								\
	CALL(AT_ANY, rex_cpu)									\
	CALL(AT_ANY, rex_numa_node)								\
	CALL(AT_ANY, rex_random)								\
	CALL(AT_ANY, rex_printk, 6, NULL, 0)							\
	CALL(AT_XDP, rex_printk, 6, from, LONG)							\
	CALL(AT_ANY, rex_trace_printk, from, LONG)						\
	CALL(AT_ANY, rex_task_current)								\
	CALL(AT_ANY, rex_task_find, 1)								\
	CALL(AT_ANY, rex_task_pid, current)							\
	CALL(AT_ANY, rex_task_tgid, current)							\
	CALL(AT_ANY, rex_task_uid_gid, current)							\
	CALL(AT_ANY, rex_task_comm, current, to)						\
	CALL(AT_ANY, rex_task_cgroup_id, current)						\
	CALL(AT_ANY, rex_task_utime, current)							\
	CALL(AT_ANY, rex_task_user_regs, current, (void *)to)					\
	CALL(AT_ANY, rex_send_signal, 23, 1)							\
	CALL(AT_ANY, rex_probe_read_kernel, to, 64, (__u64)from)				\
	CALL(AT_ANY, rex_probe_read_kernel, to, 4096, (__u64)from)				\
	CALL(AT_ANY, rex_probe_read_kernel, to, LONG, (__u64)from)				\
	CALL(AT_ANY, rex_probe_read_kernel, to, LONG, 0)					\
	CALL(AT_ANY, rex_probe_read_user, to, 64, 4096)						\
	CALL(AT_ANY, rex_probe_read_user, to, LONG, 4096)					\
	CALL(AT_ANY, rex_probe_read_kernel_str, to, LONG, (__u64)from)				\
	CALL(AT_ANY, rex_probe_read_kernel_str, to, LONG, 0)					\
	CALL(AT_ANY, rex_probe_read_kernel_str, to, 0, 0)					\
	CALL(AT_ANY, rex_probe_read_user_str, to, LONG, 4096)					\
	CALL(AT_ANY, rex_socket_sock, (__u64)from)						\
	CALL(AT_ANY, rex_sock_ident, (__u64)from)						\
	CALL(AT_ANY, rex_sock_addrs, (__u64)from, (void *)to)					\
	CALL(AT_ANY, rex_tcp_position, (__u64)from, (void *)to)					\
	CALL(AT_ANY, rex_message, (__u64)from, (void *)to)					\
	CALL(AT_KPROBE, rex_override_return, (void *)ctx, 0)					\
	CALL(AT_ANY, rex_perf_regs, &perf)							\
	CALL(AT_ANY, rex_perf_sample_period, &perf)						\
	CALL(AT_ANY, rex_perf_addr, &perf)							\
	CALL(AT_PERF, rex_perf_read_value, ctx, (void *)to)					\
	CALL(AT_XDP, rex_xdp_adjust_head, ctx, 0)						\
	CALL(AT_XDP, rex_xdp_adjust_tail, ctx, 0)						\
	CALL(AT_XDP, rex_xdp_adjust_meta, ctx, 0)						\
	CALL(AT_XDP, rex_xdp_frags, ctx)							\
	CALL(AT_XDP, rex_xdp_len, ctx)								\
	CALL(AT_XDP, rex_xdp_load, ctx, 0, to, 64)						\
	CALL(AT_XDP, rex_xdp_load, ctx, 0, to, LONG)						\
	CALL(AT_XDP, rex_xdp_store, ctx, 0, from, 64)						\
	CALL(AT_XDP, rex_xdp_ifindex, ctx)							\
	CALL(AT_XDP, rex_xdp_rx_queue, ctx)							\
	CALL(AT_XDP, rex_xdp_redirect, 1, 0)							\
	CALL(AT_XDP, rex_xdp_local, ctx, "\x7f\0\0\x1", 4)					\
	CALL(AT_XDP, rex_xdp_mac, ctx, (__u8 *)to)						\
	CALL(AT_TC, rex_skb_writable, ctx, 0)							\
	CALL(AT_TC, rex_skb_pull, ctx, 64)							\
	CALL(AT_TC, rex_skb_load, ctx, 0, to, 40)						\
	CALL(AT_TC, rex_skb_load, ctx, 0, to, LONG)						\
	CALL(AT_TC, rex_skb_store, ctx, 0, from, 40)						\
	CALL(AT_TC, rex_skb_store_csum, ctx, 0, from, 40, BPF_F_RECOMPUTE_CSUM)			\
	CALL(AT_TC, rex_skb_store_csum, ctx, 0, from, LONG, 0)					\
	CALL(AT_TC, rex_skb_l3_csum_replace, ctx, 10, 1, 2, 2)					\
	CALL(AT_TC, rex_skb_l4_csum_replace, ctx, 26, 1, 2, 2)					\
	CALL(AT_TC, rex_skb_change_head, ctx, 64, 0)						\
	CALL(AT_TC, rex_skb_change_tail, ctx, 9000, 0)						\
	CALL(AT_TC, rex_skb_change_type, ctx, 1)						\
	CALL(AT_TC, rex_skb_change_proto, ctx, 0x86dd, 0)					\
	CALL(AT_TC, rex_skb_adjust_room, ctx, 8, 1, 0)						\
	CALL(AT_TC, rex_skb_vlan_push, ctx, 0x8100, 1)						\
	CALL(AT_TC, rex_skb_vlan_pop, ctx)							\
	CALL(AT_TC, rex_skb_clone_redirect, ctx, 1, 0)						\
	CALL(AT_TC, rex_skb_redirect, 1, 0)							\
	CALL(AT_TC, rex_skb_redirect_peer, 1, 0)						\
	CALL(AT_TC, rex_skb_hash, ctx)								\
	CALL(AT_TC, rex_skb_len, ctx)								\
	CALL(AT_TC, rex_skb_ifindex, ctx)							\
	CALL(AT_TC, rex_skb_ingress_ifindex, ctx)						\
	CALL(AT_TC, rex_skb_protocol, ctx)							\
	CALL(AT_TC, rex_skb_type, ctx)								\
	CALL(AT_TC, rex_skb_mark, ctx)								\
	CALL(AT_TC, rex_skb_set_mark, ctx, 1)							\
	CALL(AT_TC, rex_skb_priority, ctx)							\
	CALL(AT_TC, rex_skb_set_priority, ctx, 1)						\
	CALL(AT_TC, rex_skb_queue_mapping, ctx)							\
	CALL(AT_TC, rex_skb_set_queue_mapping, ctx, 1)						\
	CALL(AT_TC, rex_skb_vlan_tci, ctx)							\
	CALL(AT_TC, rex_skb_vlan_proto, ctx)							\
	CALL(AT_TC, rex_skb_tc_index, ctx)							\
	CALL(AT_TC, rex_skb_set_tc_index, ctx, 1)						\
	CALL(AT_TC, rex_skb_tc_classid, ctx)							\
	CALL(AT_TC, rex_skb_set_tc_classid, ctx, 1)						\
	CALL(AT_TC, rex_skb_cb, ctx, 1)								\
	CALL(AT_TC, rex_skb_set_cb, ctx, 1, 1)							\
	CALL(AT_TC, rex_skb_tstamp, ctx)							\
	CALL(AT_TC, rex_skb_tstamp_type, ctx)							\
	CALL(AT_TC, rex_skb_set_tstamp, ctx, 1, 1)						\
	CALL(AT_TC, rex_skb_hwtstamp, ctx)							\
	CALL(AT_TC, rex_skb_napi_id, ctx)							\
	CALL(AT_TC, rex_skb_wire_len, ctx)							\
	CALL(AT_TC, rex_skb_gso_segs, ctx)							\
	CALL(AT_TC, rex_skb_gso_size, ctx)							\
	CALL(AT_TC, rex_skb_meta_len, ctx)							\
	CALL(AT_XDP | AT_TC, rex_fib_lookup, ctx, (void *)small, 64, 0)				\
	CALL(AT_XDP | AT_TC, rex_sk_lookup, ctx, (void *)small, 12, IPPROTO_TCP)		\
	CALL(AT_ANY, rex_sk_release, (void *)from)						\
	CALL(AT_ANY, rex_sk_state, (void *)from)						\
	CALL(AT_ANY, rex_sk_family, (void *)from)						\
	CALL(AT_ANY, rex_sk_mark, (void *)from)							\
	CALL(AT_ANY, rex_sk_local_port, (void *)from)


struct loop {
	const char	*name;
	int		at;
};

static const struct loop loops[] = {
#define NAME(at_, name_, ...) { #name_, at_ },
	LOOPS(NAME, NAME)
#undef NAME
};

static unsigned int loop;

static __always_inline void run(struct rex_ctx *ctx, int at)
{
	unsigned int which = READ_ONCE(loop), n = 0;

#define DO(at_, name_, ...)			\
	if (which == n++ && ((at_) & at))	\
		for (;;) {			\
			__VA_ARGS__;		\
		}
#define CALL(at_, name_, ...) DO(at_, name_, name_(__VA_ARGS__))
	LOOPS(CALL, DO)
#undef CALL
#undef DO
}

static __s32 e_xdp(struct rex_ctx *ctx)
{
	run(ctx, AT_XDP);
	return XDP_DROP;
}

static __s32 e_tc(struct rex_ctx *ctx)
{
	run(ctx, AT_TC);
	return 2;	/* TC_ACT_SHOT */
}

static __s32 e_kprobe(struct rex_ctx *ctx)
{
	run(ctx, AT_KPROBE);
	return 0;
}

static __s32 e_perf(struct rex_ctx *ctx)
{
	run(ctx, AT_PERF);
	return 0;
}

#define ENTRY(n, h) { .name = #n, .hook = REX_HOOK_##h, .fn = (unsigned long)e_##n }

__u32 rex_program_generation;

static struct rex_entry_def entries[] = {
	ENTRY(xdp, XDP), ENTRY(tc, TC), ENTRY(kprobe, KPROBE), ENTRY(perf, PERF_EVENT),
};

static const struct rex_program_def def = {
	.abi = REX_ABI_VERSION,
	.generation = &rex_program_generation,
	.entries = entries, .entries_end = entries + ARRAY_SIZE(entries),
	.maps = maps, .maps_end = maps + M_COUNT,
};

/* "AT NAME" of the loop that is picked; nothing behind the last one. */
static int loop_get(char *text, const struct kernel_param *param)
{
	if (loop >= ARRAY_SIZE(loops))
		return sprintf(text, "\n");
	return sprintf(text, "%d %s\n", loops[loop].at, loops[loop].name);
}

static int loop_set(const char *text, const struct kernel_param *param)
{
	return kstrtouint(text, 10, &loop);
}

static const struct kernel_param_ops loop_ops = { .set = loop_set, .get = loop_get };
module_param_cb(loop, &loop_ops, NULL, 0600);

static int __init cloop_init(void)
{
	memset(from, 'x', sizeof(from));
	return rex_program_register(THIS_MODULE, &def);
}

static void __exit cloop_exit(void)
{
	rex_program_unregister(THIS_MODULE);
}

module_init(cloop_init);
module_exit(cloop_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Rex test program: a loop around each import");
MODULE_INFO(import_ns, "REX");
