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
#include <linux/version.h>
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

#define LOOPS(X)											\
	X(AT_ANY, rex_map_lookup, rex_map_lookup(&maps[M_ARRAY], key))					\
	X(AT_ANY, rex_map_lookup, rex_map_lookup(&maps[M_TRIE], key))					\
	X(AT_ANY, rex_map_lookup, rex_map_lookup(&maps[M_RING], key))					\
	X(AT_ANY, rex_hash_lookup, rex_hash_lookup(&maps[M_HASH], key))					\
	X(AT_ANY, rex_map_update, rex_map_update(&maps[M_HASH], key, small, 0))				\
	X(AT_ANY, rex_map_update, rex_map_update(&maps[M_LRU], key, from, 0))				\
	X(AT_ANY, rex_map_update, rex_map_update(&maps[M_LARGE], key, from, 0))				\
	X(AT_ANY, rex_map_delete, rex_map_delete(&maps[M_HASH], key))					\
	X(AT_ANY, rex_map_push, rex_map_push(&maps[M_QUEUE], from, BPF_EXIST))				\
	X(AT_ANY, rex_map_peek, rex_map_peek(&maps[M_QUEUE], to))					\
	X(AT_ANY, rex_map_pop, rex_map_pop(&maps[M_QUEUE], to))						\
	X(AT_ANY, rex_ringbuf_reserve, rex_ringbuf_discard(rex_ringbuf_reserve(&maps[M_RING], 64), 1))	\
	X(AT_ANY, rex_ringbuf_discard, rex_ringbuf_discard(small, 0))					\
	X(AT_ANY, rex_ringbuf_submit, rex_ringbuf_submit(small, 0))					\
	X(AT_ANY, rex_ringbuf_output, rex_ringbuf_output(&maps[M_RING], from, 64, 1))			\
	X(AT_ANY, rex_ringbuf_output, rex_ringbuf_output(&maps[M_RING], from, LONG, 1))			\
	X(AT_ANY, rex_ringbuf_query, rex_ringbuf_query(&maps[M_RING], 0))				\
	X(AT_ANY, rex_perf_event_output, rex_perf_event_output(ctx, &maps[M_PERF], 0, from, 60000))	\
	X(AT_ANY, rex_get_stackid, rex_get_stackid(&maps[M_STACKS], 0))					\
	X(AT_ANY, rex_get_stackid, rex_get_stackid(&maps[M_ARRAY], 0))					\
	X(AT_ANY, rex_get_stack, rex_get_stack(to, 64, 0))						\
	X(AT_ANY, rex_get_stack, rex_get_stack(to, LONG, 0))						\
	X(AT_ANY, rex_get_stack, rex_get_stack(to, 64, -1))						\
	X(AT_XDP, rex_redirect_map, rex_redirect_map(&maps[M_DEVS], 0, 0))				\
	X(AT_ANY, rex_spin_lock, rex_spin_lock(&lock); rex_spin_unlock(&lock))				\
	X(AT_ANY, rex_spin_lock, rex_spin_lock(&lock))							\
	X(AT_ANY, rex_spin_unlock, rex_spin_unlock(&lock))						\
	X(AT_ANY, rex_spin_trylock, rex_spin_trylock(&lock))						\
	X(AT_ANY, rex_ktime_ns, rex_ktime_ns())								\
	X(AT_ANY, rex_ktime_boot_ns, rex_ktime_boot_ns())						\
	X(AT_ANY, rex_ktime_tai_ns, rex_ktime_tai_ns())							\
	X(AT_ANY, rex_ktime_coarse_ns, rex_ktime_coarse_ns())						\
	X(AT_ANY, rex_jiffies64, rex_jiffies64())							\
	X(AT_ANY, rex_cpu, rex_cpu())									\
	X(AT_ANY, rex_numa_node, rex_numa_node())							\
	X(AT_ANY, rex_random, rex_random())								\
	X(AT_ANY, rex_printk, rex_printk(6, NULL, 0))							\
	X(AT_XDP, rex_printk, rex_printk(6, from, LONG))						\
	X(AT_ANY, rex_trace_printk, rex_trace_printk(from, LONG))					\
	X(AT_ANY, rex_task_current, rex_task_current())							\
	X(AT_ANY, rex_task_find, rex_task_find(1))							\
	X(AT_ANY, rex_task_pid, rex_task_pid(current))							\
	X(AT_ANY, rex_task_tgid, rex_task_tgid(current))						\
	X(AT_ANY, rex_task_uid_gid, rex_task_uid_gid(current))						\
	X(AT_ANY, rex_task_comm, rex_task_comm(current, to))						\
	X(AT_ANY, rex_task_cgroup_id, rex_task_cgroup_id(current))					\
	X(AT_ANY, rex_task_utime, rex_task_utime(current))						\
	X(AT_ANY, rex_task_user_regs, rex_task_user_regs(current, (void *)to))				\
	X(AT_ANY, rex_send_signal, rex_send_signal(23, 1))						\
	X(AT_ANY, rex_probe_read_kernel, rex_probe_read_kernel(to, 64, (__u64)from))			\
	X(AT_ANY, rex_probe_read_kernel, rex_probe_read_kernel(to, 4096, (__u64)from))			\
	X(AT_ANY, rex_probe_read_kernel, rex_probe_read_kernel(to, LONG, (__u64)from))			\
	X(AT_ANY, rex_probe_read_kernel, rex_probe_read_kernel(to, LONG, 0))				\
	X(AT_ANY, rex_probe_read_user, rex_probe_read_user(to, 64, 4096))				\
	X(AT_ANY, rex_probe_read_user, rex_probe_read_user(to, LONG, 4096))				\
	X(AT_ANY, rex_probe_read_kernel_str, rex_probe_read_kernel_str(to, LONG, (__u64)from))		\
	X(AT_ANY, rex_probe_read_kernel_str, rex_probe_read_kernel_str(to, LONG, 0))			\
	X(AT_ANY, rex_probe_read_kernel_str, rex_probe_read_kernel_str(to, 0, 0))			\
	X(AT_ANY, rex_probe_read_user_str, rex_probe_read_user_str(to, LONG, 4096))			\
	X(AT_ANY, rex_socket_sock, rex_socket_sock((__u64)from))					\
	X(AT_ANY, rex_sock_ident, rex_sock_ident((__u64)from))						\
	X(AT_ANY, rex_sock_addrs, rex_sock_addrs((__u64)from, (void *)to))				\
	X(AT_ANY, rex_tcp_position, rex_tcp_position((__u64)from, (void *)to))				\
	X(AT_ANY, rex_message, rex_message((__u64)from, (void *)to))					\
	X(AT_KPROBE, rex_override_return, rex_override_return((void *)ctx, 0))				\
	X(AT_ANY, rex_perf_regs, rex_perf_regs(&perf))							\
	X(AT_ANY, rex_perf_sample_period, rex_perf_sample_period(&perf))				\
	X(AT_ANY, rex_perf_addr, rex_perf_addr(&perf))							\
	X(AT_PERF, rex_perf_read_value, rex_perf_read_value(ctx, (void *)to))				\
	X(AT_XDP, rex_xdp_adjust_head, rex_xdp_adjust_head(ctx, 0))					\
	X(AT_XDP, rex_xdp_adjust_tail, rex_xdp_adjust_tail(ctx, 0))					\
	X(AT_XDP, rex_xdp_adjust_meta, rex_xdp_adjust_meta(ctx, 0))					\
	X(AT_XDP, rex_xdp_frags, rex_xdp_frags(ctx))							\
	X(AT_XDP, rex_xdp_len, rex_xdp_len(ctx))							\
	X(AT_XDP, rex_xdp_load, rex_xdp_load(ctx, 0, to, 64))						\
	X(AT_XDP, rex_xdp_load, rex_xdp_load(ctx, 0, to, LONG))						\
	X(AT_XDP, rex_xdp_store, rex_xdp_store(ctx, 0, from, 64))					\
	X(AT_XDP, rex_xdp_ifindex, rex_xdp_ifindex(ctx))						\
	X(AT_XDP, rex_xdp_rx_queue, rex_xdp_rx_queue(ctx))						\
	X(AT_XDP, rex_xdp_redirect, rex_xdp_redirect(1, 0))						\
	X(AT_XDP, rex_xdp_local, rex_xdp_local(ctx, "\x7f\0\0\x1", 4))					\
	X(AT_XDP, rex_xdp_mac, rex_xdp_mac(ctx, (__u8 *)to))						\
	X(AT_TC, rex_skb_writable, rex_skb_writable(ctx, 0))						\
	X(AT_TC, rex_skb_pull, rex_skb_pull(ctx, 64))							\
	X(AT_TC, rex_skb_load, rex_skb_load(ctx, 0, to, 40))						\
	X(AT_TC, rex_skb_load, rex_skb_load(ctx, 0, to, LONG))						\
	X(AT_TC, rex_skb_store, rex_skb_store(ctx, 0, from, 40))					\
	X(AT_TC, rex_skb_store_csum, rex_skb_store_csum(ctx, 0, from, 40, BPF_F_RECOMPUTE_CSUM))	\
	X(AT_TC, rex_skb_store_csum, rex_skb_store_csum(ctx, 0, from, LONG, 0))				\
	X(AT_TC, rex_skb_l3_csum_replace, rex_skb_l3_csum_replace(ctx, 10, 1, 2, 2))			\
	X(AT_TC, rex_skb_l4_csum_replace, rex_skb_l4_csum_replace(ctx, 26, 1, 2, 2))			\
	X(AT_TC, rex_skb_change_head, rex_skb_change_head(ctx, 64, 0))					\
	X(AT_TC, rex_skb_change_tail, rex_skb_change_tail(ctx, 9000, 0))				\
	X(AT_TC, rex_skb_change_type, rex_skb_change_type(ctx, 1))					\
	X(AT_TC, rex_skb_change_proto, rex_skb_change_proto(ctx, 0x86dd, 0))				\
	X(AT_TC, rex_skb_adjust_room, rex_skb_adjust_room(ctx, 8, 1, 0))				\
	X(AT_TC, rex_skb_vlan_push, rex_skb_vlan_push(ctx, 0x8100, 1))					\
	X(AT_TC, rex_skb_vlan_pop, rex_skb_vlan_pop(ctx))						\
	X(AT_TC, rex_skb_clone_redirect, rex_skb_clone_redirect(ctx, 1, 0))				\
	X(AT_TC, rex_skb_redirect, rex_skb_redirect(1, 0))						\
	X(AT_TC, rex_skb_redirect_peer, rex_skb_redirect_peer(1, 0))					\
	X(AT_TC, rex_skb_hash, rex_skb_hash(ctx))							\
	X(AT_TC, rex_skb_len, rex_skb_len(ctx))								\
	X(AT_TC, rex_skb_ifindex, rex_skb_ifindex(ctx))							\
	X(AT_TC, rex_skb_ingress_ifindex, rex_skb_ingress_ifindex(ctx))					\
	X(AT_TC, rex_skb_protocol, rex_skb_protocol(ctx))						\
	X(AT_TC, rex_skb_type, rex_skb_type(ctx))							\
	X(AT_TC, rex_skb_mark, rex_skb_mark(ctx))							\
	X(AT_TC, rex_skb_set_mark, rex_skb_set_mark(ctx, 1))						\
	X(AT_TC, rex_skb_priority, rex_skb_priority(ctx))						\
	X(AT_TC, rex_skb_set_priority, rex_skb_set_priority(ctx, 1))					\
	X(AT_TC, rex_skb_queue_mapping, rex_skb_queue_mapping(ctx))					\
	X(AT_TC, rex_skb_set_queue_mapping, rex_skb_set_queue_mapping(ctx, 1))				\
	X(AT_TC, rex_skb_vlan_tci, rex_skb_vlan_tci(ctx))						\
	X(AT_TC, rex_skb_vlan_proto, rex_skb_vlan_proto(ctx))						\
	X(AT_TC, rex_skb_tc_index, rex_skb_tc_index(ctx))						\
	X(AT_TC, rex_skb_set_tc_index, rex_skb_set_tc_index(ctx, 1))					\
	X(AT_TC, rex_skb_tc_classid, rex_skb_tc_classid(ctx))						\
	X(AT_TC, rex_skb_set_tc_classid, rex_skb_set_tc_classid(ctx, 1))				\
	X(AT_TC, rex_skb_cb, rex_skb_cb(ctx, 1))							\
	X(AT_TC, rex_skb_set_cb, rex_skb_set_cb(ctx, 1, 1))						\
	X(AT_TC, rex_skb_tstamp, rex_skb_tstamp(ctx))							\
	X(AT_TC, rex_skb_tstamp_type, rex_skb_tstamp_type(ctx))						\
	X(AT_TC, rex_skb_set_tstamp, rex_skb_set_tstamp(ctx, 1, 1))					\
	X(AT_TC, rex_skb_hwtstamp, rex_skb_hwtstamp(ctx))						\
	X(AT_TC, rex_skb_napi_id, rex_skb_napi_id(ctx))							\
	X(AT_TC, rex_skb_wire_len, rex_skb_wire_len(ctx))						\
	X(AT_TC, rex_skb_gso_segs, rex_skb_gso_segs(ctx))						\
	X(AT_TC, rex_skb_gso_size, rex_skb_gso_size(ctx))						\
	X(AT_TC, rex_skb_meta_len, rex_skb_meta_len(ctx))						\
	X(AT_XDP | AT_TC, rex_fib_lookup, rex_fib_lookup(ctx, (void *)small, 64, 0))			\
	X(AT_XDP | AT_TC, rex_sk_lookup, rex_sk_lookup(ctx, (void *)small, 12, IPPROTO_TCP))		\
	X(AT_ANY, rex_sk_release, rex_sk_release((void *)from))						\
	X(AT_ANY, rex_sk_state, rex_sk_state((void *)from))						\
	X(AT_ANY, rex_sk_family, rex_sk_family((void *)from))						\
	X(AT_ANY, rex_sk_mark, rex_sk_mark((void *)from))						\
	X(AT_ANY, rex_sk_local_port, rex_sk_local_port((void *)from))


struct loop {
	const char	*name;
	int		at;
};

static const struct loop loops[] = {
#define X(at_, name_, ...) { #name_, at_ },
	LOOPS(X)
#undef X
};

static unsigned int loop;

static __always_inline void run(struct rex_ctx *ctx, int at)
{
	unsigned int which = READ_ONCE(loop), n = 0;

#define X(at_, name_, ...)			\
	if (which == n++ && ((at_) & at))	\
		for (;;) {			\
			__VA_ARGS__;		\
		}
	LOOPS(X)
#undef X
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
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
MODULE_IMPORT_NS("REX");
#else
MODULE_IMPORT_NS(REX);
#endif
