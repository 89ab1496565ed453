/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What rex.ko exports to program modules (symbol namespace REX), and the only
 * rex_* symbols a program may import. The crate's extern declarations are
 * generated from this file; rexc's and librex's import lists are too.
 *
 * Unless said otherwise a function may be called from any hook and context, may
 * not sleep, and returns 0 or a negative errno. Functions marked "stops" check
 * whether the watchdog has asked for the end of this invocation before they
 * return, and then do not return. So do all others but those of a few instructions,
 * where the watchdog cuts as in the program's own text. What takes a length looks for
 * a stop now and then. -EOPNOTSUPP: this kernel does not have the
 * helper behind it at this hook, or librex could not bind it.
 *
 * @ctx is always the context that the program was called with.
 */
#ifndef _REX_PROG_H
#define _REX_PROG_H

#include <uapi/rex.h>

struct module;
struct pt_regs;
struct sock;
struct task_struct;
struct bpf_fib_lookup;
struct bpf_sock_tuple;
struct bpf_perf_event_value;

/* What the glue of a program module hands to rex.ko when it is loaded. */
struct rex_program_def {
	__u32			abi;		/* REX_ABI_VERSION */
	__u32			stack;		/* worst-case bytes; 0: unbounded, checked per call */
	struct rex_entry_def	*entries, *entries_end;
	struct rex_map_def	*maps, *maps_end;
	const struct rex_line	*lines, *lines_end;	/* may be empty */
	const char		*files, *files_end;	/* the last byte is NUL */
	const void		*text;		/* what the offsets of @lines count from */
	__u32			*generation;	/* &rex_program_generation */
};

int rex_program_register(struct module *owner, const struct rex_program_def *def);
void rex_program_unregister(struct module *owner);

/* Constants of the running kernel that inlined code of the crate needs. */
struct rex_runtime {
	__u64	this_cpu_off;		/* %gs-relative address of this CPU's per-CPU offset */
	__u64	jiffies;		/* address of the number of ticks, a __u64 */
};
extern const struct rex_runtime rex_runtime;

/*
 * How often rex.ko enabled this program: 1 at the first time, more after each crash or disabling.
 * In the program's own module. It never changes while an invocation runs.
 */
extern __u32 rex_program_generation;

/*
 * The ends of an invocation. Declared as returning, for objtool's sake; they
 * never do. Texts are not NUL-terminated and may be NULL when the length is 0.
 */
void rex_panic(const char *file, __u64 file_len, __u32 line, __u32 column,
	       const char *message, __u64 message_len);
void rex_stack_overflow(void);

/* ---- maps (maps.c) ---------------------------------------------------------- */

/*
 * @map must be an element of the program's own .rex.maps. Keys and values are of
 * the sizes given there. Each function takes only the kinds of map named with it
 * and fails (-EINVAL, NULL) on others. All stop. -EBUSY: a lock within the map may be
 * held by whom this invocation interrupted (changes of LRU kinds, LPM trie, queue, stack
 * and a ring buffer's reservations in NMI or inside one another; of a hash in its bucket).
 *
 * rex_map_lookup: array, hash, LRU, LPM trie, per-CPU kinds (this CPU's value).
 * NULL when there is no such element; the result lives until the end of the
 * invocation at least, but its bytes may be changed by others at any time.
 * rex_hash_lookup: the same, faster for hash; the value is @map->stride bytes behind the result.
 */
void *rex_map_lookup(const struct rex_map_def *map, const void *key);
void *rex_hash_lookup(const struct rex_map_def *map, const void *key);
long rex_map_update(const struct rex_map_def *map, const void *key, const void *value,
		    __u64 flags);
long rex_map_delete(const struct rex_map_def *map, const void *key);

/* Queue and stack. @flags: 0 or BPF_EXIST (drop the oldest when full). -ENOENT when empty. */
long rex_map_push(const struct rex_map_def *map, const void *value, __u64 flags);
long rex_map_pop(const struct rex_map_def *map, void *value);
long rex_map_peek(const struct rex_map_def *map, void *value);

/*
 * Ring buffer. rex_ringbuf_reserve: NULL when there is no room, the record is
 * larger than the buffer, or the invocation holds REX_MAX_RESOURCES already. The
 * record is 8-byte aligned and belongs to the invocation until it is submitted or
 * discarded; if the invocation ends before, rex.ko discards it. @flags: BPF_RB_*.
 * rex_ringbuf_query: @what is BPF_RB_*_DATA, _SIZE, _POS.
 */
void *rex_ringbuf_reserve(const struct rex_map_def *map, __u64 size);
long rex_ringbuf_submit(void *record, __u64 flags);	/* -EPERM: not held */
long rex_ringbuf_discard(void *record, __u64 flags);
long rex_ringbuf_output(const struct rex_map_def *map, const void *data, __u64 size, __u64 flags);
__u64 rex_ringbuf_query(const struct rex_map_def *map, __u64 what);

/* Perf event array: a record with @size bytes for the reader of @cpu_flags (BPF_F_CURRENT_CPU). */
long rex_perf_event_output(void *ctx, const struct rex_map_def *map, __u64 cpu_flags,
			   const void *data, __u64 size);

/*
 * Call chains (stacktrace.c), innermost first: of the kernel, or with BPF_F_USER_STACK of the
 * current process. @flags: how many frames to skip, in BPF_F_SKIP_FIELD_MASK; of get_stackid also
 * BPF_F_FAST_STACK_CMP and BPF_F_REUSE_STACKID. rex_get_stackid puts the chain in a stack trace
 * map and gives its id there (>= 0); rex_get_stack writes addresses to @to and gives the bytes
 * written. -EFAULT: there is no such chain; -EBUSY: another program, which this one interrupted,
 * is at it; -EOPNOTSUPP at the packet hooks. They stop.
 */
long rex_get_stackid(const struct rex_map_def *map, __u64 flags);
long rex_get_stack(void *to, __u32 size, __u64 flags);

/*
 * XDP: devmap, devmap hash, cpumap, xskmap. Gives the verdict to return: XDP_REDIRECT,
 * or the low bits of @flags when there is no such element.
 */
long rex_redirect_map(const struct rex_map_def *map, __u64 key, __u64 flags);

/* ---- what an invocation can hold (resource.c) --------------------------------- */

/*
 * Spin lock on a word that is 0 when free. -EDEADLK when this CPU holds it
 * already (this invocation or one that it interrupted), -ENOSPC when the
 * invocation holds REX_MAX_RESOURCES already. Released by rex.ko when the
 * invocation ends in any way. Stops, also while it waits; time spent waiting does
 * not count against the budget, but has a limit of half a second (or the budget, if that is more).
 * rex_spin_unlock: -EPERM when this invocation does not hold it.
 */
#define REX_MAX_RESOURCES 16
long rex_spin_lock(__u32 *lock);
long rex_spin_trylock(__u32 *lock);	/* -EBUSY when somebody else holds it */
long rex_spin_unlock(__u32 *lock);

/* ---- time, CPU, log (helpers.c, log.c) ------------------------------------------------ */

__u64 rex_ktime_ns(void);		/* CLOCK_MONOTONIC, ns, safe in NMI */
__u64 rex_ktime_boot_ns(void);		/* CLOCK_BOOTTIME */
__u64 rex_ktime_tai_ns(void);		/* CLOCK_TAI */
/*
 * CLOCK_MONOTONIC_COARSE. With interrupts off it cannot be read; there it is CLOCK_MONOTONIC cut
 * to ticks: two readings may be a tick out of order, none is ahead of rex_ktime_ns().
 */
__u64 rex_ktime_coarse_ns(void);
__u64 rex_jiffies64(void);
__u32 rex_cpu(void);
__u32 rex_numa_node(void);
__u32 rex_random(void);			/* not cryptographic */
/* @level: KERN_* as a number, 0..7. Rate-limited per program; at most 1 KiB is kept. Stops. */
void rex_printk(__u32 level, const char *text, __u64 len);
/* A line in tracefs' trace_pipe; at most 512 bytes are kept. Stops. */
long rex_trace_printk(const char *text, __u64 len);

/* ---- tasks and memory (task.c, signal.c, probe.c) --------------------------------- */

/*
 * A task lives as long as the invocation that got it; there is nothing to give back.
 * rex_task_current never fails. rex_task_find: the task with @pid in the initial pid
 * namespace, NULL when there is none. It stops.
 */
struct task_struct *rex_task_current(void);
struct task_struct *rex_task_find(__s32 pid);
__s32 rex_task_pid(const struct task_struct *task);	/* of the thread, as gettid() in the initial ns */
__s32 rex_task_tgid(const struct task_struct *task);	/* of the process */
__u64 rex_task_uid_gid(const struct task_struct *task);	/* gid << 32 | uid, initial user ns */
void rex_task_comm(const struct task_struct *task, char comm[16]);	/* NUL-padded */
__u64 rex_task_cgroup_id(const struct task_struct *task);	/* cgroup v2 */
__u64 rex_task_utime(const struct task_struct *task);	/* of the thread in user mode, ns, by ticks */
/*
 * The registers with which the task last entered the kernel. -ENOENT, and zeroes: a kernel
 * thread, or one that has ended. It stops.
 */
long rex_task_user_regs(const struct task_struct *task, struct pt_regs *to);
/*
 * To the current thread, or with @process to its process: at once with interrupts on, otherwise
 * when they are on again, and then one at a time on each CPU (-EBUSY). -EPERM: to a kernel
 * thread, an ending task or init; -EINVAL: no signal; -EOPNOTSUPP at the packet hooks. It stops.
 */
long rex_send_signal(__u32 sig, __u32 process);

/*
 * Reads of any address that is in memory; anything else is -EFAULT and zeroes @to. Those of the
 * kernel give -EPERM, and zeroes, in lockdown=confidentiality. The _str ones end at a NUL, or cut
 * the text to end in one, fill the rest with more of them, and return the length with the first;
 * -EINVAL for no room at all. They stop.
 */
long rex_probe_read_kernel(void *to, __u32 len, __u64 from);
long rex_probe_read_user(void *to, __u32 len, __u64 from);
long rex_probe_read_kernel_str(void *to, __u32 len, __u64 from);
long rex_probe_read_user_str(void *to, __u32 len, __u64 from);

/* ---- sockets and messages of traced functions (sock.c) --------------------------------- */

/*
 * @sk, @socket and @message are pointers that the program got as arguments: to struct sock,
 * struct socket, struct msghdr. Any number is allowed for one; a number that leads nowhere is
 * 0 or -EFAULT and zeroes. Which struct it leads to, nobody knows but the program: of another
 * one, the values have no meaning. They stop.
 */
__u64 rex_socket_sock(__u64 socket);	/* its struct sock; 0: none */

/* Of AF_INET and AF_INET6; 0: none, or not a full socket (TIME_WAIT, NEW_SYN_RECV). */
__u64 rex_sock_ident(__u64 sk);
/* @family AF_*, @state TCP_*, @protocol IPPROTO_*; ports in host order. */
#define REX_IDENT(protocol, state, family, local_port, remote_port)				\
	((__u64)(protocol) << 48 | (__u64)(state) << 40 | (__u64)(family) << 32 |		\
	 (__u64)(local_port) << 16 | (remote_port))

/* Of AF_INET and AF_INET6, else -EFAULT. */
struct rex_sock_addrs {
	__u8	local[16], remote[16];	/* IPv4: ::ffff:a.b.c.d */
	__u32	netns;			/* inode number of its network namespace */
};
long rex_sock_addrs(__u64 sk, struct rex_sock_addrs *to);

/* Of TCP, else -EFAULT. What others read meanwhile may be in one and not in the other. */
struct rex_tcp_position {
	__u64	app_read;	/* bytes that were read so far, the end (FIN) counts as one: or more,
				   but not more than were received */
	__u32	copied_seq;	/* sequence number of the next byte to read */
	__u32	__reserved;
};
long rex_tcp_position(__u64 sk, struct rex_tcp_position *to);

enum rex_message_kind {
	REX_MESSAGE_OTHER,		/* kernel memory, pages: no base, no segments */
	REX_MESSAGE_UBUF,		/* one range of user memory: from @base */
	REX_MESSAGE_IOVEC,		/* several: @segments struct iovec at kernel address @base */
};

struct rex_message {
	__u64	base;
	__u64	offset;			/* done already of the (first) range */
	__u64	count;			/* bytes that are left */
	__u64	segments;
	__u32	kind;			/* enum rex_message_kind */
	__u32	named;			/* whether it has room for an address (msg_name) */
};
long rex_message(__u64 message, struct rex_message *to);

/* ---- tracing hooks (trace.c) ------------------------------------------------------ */

/*
 * kprobe, at the entry of a system call (__x64_sys_*) only: the call returns @rc
 * and is not made. -EINVAL elsewhere.
 */
long rex_override_return(struct pt_regs *ctx, __u64 rc);

/* perf_event. rex_perf_regs: of what was interrupted; never NULL. */
const struct pt_regs *rex_perf_regs(const void *ctx);
__u64 rex_perf_sample_period(const void *ctx);
__u64 rex_perf_addr(const void *ctx);
long rex_perf_read_value(void *ctx, struct bpf_perf_event_value *to);

/* ---- XDP (packet_xdp.c) ------------------------------------------------------------- */

/*
 * Positive @delta of adjust_head removes bytes in front, of adjust_tail adds bytes
 * behind (zeroed), of adjust_meta makes the metadata smaller. rex_xdp_frags: whether
 * the frame has fragments behind the linear part. load/store reach those, too.
 * rex_xdp_redirect gives the verdict to return. All stop.
 */
long rex_xdp_adjust_head(struct rex_ctx *ctx, __s32 delta);
long rex_xdp_adjust_tail(struct rex_ctx *ctx, __s32 delta);
long rex_xdp_adjust_meta(struct rex_ctx *ctx, __s32 delta);
__u32 rex_xdp_frags(const struct rex_ctx *ctx);
__u32 rex_xdp_len(const struct rex_ctx *ctx);		/* with the fragments */
long rex_xdp_load(const struct rex_ctx *ctx, __u32 offset, void *to, __u32 len);
long rex_xdp_store(struct rex_ctx *ctx, __u32 offset, const void *from, __u32 len);
__u32 rex_xdp_ifindex(const struct rex_ctx *ctx);
__u32 rex_xdp_rx_queue(const struct rex_ctx *ctx);
long rex_xdp_redirect(__u32 ifindex, __u64 flags);

/*
 * Whether @address (network order, @size 4 or 16 bytes) is one of this machine, in the network
 * namespace of the device that the packet came in by: the id of the VLAN if a VLAN device has it,
 * else 0; -EADDRNOTAVAIL when it is not. rex_xdp_mac: that device's address, 6 bytes; zeroes if it
 * has none of that size. Both stop.
 */
__s32 rex_xdp_local(const struct rex_ctx *ctx, const void *address, __u32 size);
void rex_xdp_mac(const struct rex_ctx *ctx, __u8 *to);

/* ---- tc and cgroup_skb: the packet (packet_tc.c) ---------------------------------------- */

/*
 * rex_skb_writable makes the first @len bytes linear and private to this skb
 * (0: all that is linear now); needed before any write through ctx->data. Offsets
 * count from ctx->data. load/store reach the whole packet, linear or not. @flags as
 * of the BPF helpers of like names. What changes a packet is for tc only. The two
 * redirects and clone_redirect take interfaces by index; the redirects give the
 * verdict to return. All stop.
 */
long rex_skb_writable(struct rex_ctx *ctx, __u32 len);
long rex_skb_pull(struct rex_ctx *ctx, __u32 len);	/* linear, but perhaps shared */
long rex_skb_load(const struct rex_ctx *ctx, __u32 offset, void *to, __u32 len);
long rex_skb_store(struct rex_ctx *ctx, __u32 offset, const void *from, __u32 len);
long rex_skb_store_csum(struct rex_ctx *ctx, __u32 offset, const void *from, __u32 len,
			__u64 flags);			/* BPF_F_RECOMPUTE_CSUM, BPF_F_INVALIDATE_HASH */
long rex_skb_l3_csum_replace(struct rex_ctx *ctx, __u32 offset, __u64 from, __u64 to, __u64 flags);
long rex_skb_l4_csum_replace(struct rex_ctx *ctx, __u32 offset, __u64 from, __u64 to, __u64 flags);
long rex_skb_change_head(struct rex_ctx *ctx, __u32 head_room, __u64 flags);
long rex_skb_change_tail(struct rex_ctx *ctx, __u32 len, __u64 flags);
long rex_skb_change_type(struct rex_ctx *ctx, __u32 type);
long rex_skb_change_proto(struct rex_ctx *ctx, __u16 protocol, __u64 flags);	/* host order */
long rex_skb_adjust_room(struct rex_ctx *ctx, __s32 delta, __u32 mode, __u64 flags);
long rex_skb_vlan_push(struct rex_ctx *ctx, __u16 protocol, __u16 tci);	/* host order */
long rex_skb_vlan_pop(struct rex_ctx *ctx);
long rex_skb_clone_redirect(struct rex_ctx *ctx, __u32 ifindex, __u64 flags);
long rex_skb_redirect(__u32 ifindex, __u64 flags);
long rex_skb_redirect_peer(__u32 ifindex, __u64 flags);

/* ---- tc and cgroup_skb: the fields beside it (packet_fields.c) ---------------------------- */

/*
 * As the fields of struct __sk_buff of like names. What is set, and tc_index,
 * tc_classid, wire_len, cb and meta_len, are for tc only; mark and priority may be
 * set at cgroup_skb, too. All stop.
 */
__u32 rex_skb_hash(struct rex_ctx *ctx);		/* computed when there is none */
__u32 rex_skb_len(const struct rex_ctx *ctx);
__u32 rex_skb_ifindex(const struct rex_ctx *ctx);
__u32 rex_skb_ingress_ifindex(const struct rex_ctx *ctx);
__u32 rex_skb_protocol(const struct rex_ctx *ctx);	/* ETH_P_*, host order */
__u32 rex_skb_type(const struct rex_ctx *ctx);		/* PACKET_* */
__u32 rex_skb_mark(const struct rex_ctx *ctx);
void rex_skb_set_mark(struct rex_ctx *ctx, __u32 mark);
__u32 rex_skb_priority(const struct rex_ctx *ctx);
void rex_skb_set_priority(struct rex_ctx *ctx, __u32 priority);
__u32 rex_skb_queue_mapping(const struct rex_ctx *ctx);
void rex_skb_set_queue_mapping(struct rex_ctx *ctx, __u32 queue);	/* 65535 and more: ignored */
__s32 rex_skb_vlan_tci(const struct rex_ctx *ctx);	/* -1: no tag beside the data */
__u32 rex_skb_vlan_proto(const struct rex_ctx *ctx);	/* of that tag, host order */
__u32 rex_skb_tc_index(const struct rex_ctx *ctx);
void rex_skb_set_tc_index(struct rex_ctx *ctx, __u32 index);	/* 16 bits */
__u32 rex_skb_tc_classid(const struct rex_ctx *ctx);
void rex_skb_set_tc_classid(struct rex_ctx *ctx, __u32 classid);	/* 16 bits */
__u32 rex_skb_cb(const struct rex_ctx *ctx, __u32 index);	/* 0..4; else 0 */
void rex_skb_set_cb(struct rex_ctx *ctx, __u32 index, __u32 value);	/* else ignored */
__u64 rex_skb_tstamp(const struct rex_ctx *ctx);	/* ns, of the clock in tstamp_type */
__u32 rex_skb_tstamp_type(const struct rex_ctx *ctx);	/* BPF_SKB_CLOCK_* */
long rex_skb_set_tstamp(struct rex_ctx *ctx, __u64 tstamp, __u32 type);
__u64 rex_skb_hwtstamp(const struct rex_ctx *ctx);	/* 0: none */
__u32 rex_skb_napi_id(const struct rex_ctx *ctx);	/* 0: none */
__u32 rex_skb_wire_len(const struct rex_ctx *ctx);	/* with the headers of all segments */
__u32 rex_skb_gso_segs(const struct rex_ctx *ctx);
__u32 rex_skb_gso_size(const struct rex_ctx *ctx);
__u32 rex_skb_meta_len(const struct rex_ctx *ctx);	/* bytes of XDP's metadata before ctx->data */

/* ---- routes and sockets (packet_lookup.c) --------------------------------------------------- */

/* XDP and tc: BPF_FIB_LKUP_RET_*, or a negative errno. Stops. */
long rex_fib_lookup(void *ctx, struct bpf_fib_lookup *params, __u32 size, __u32 flags);

/*
 * XDP, tc, cgroup_skb. The socket for @tuple (@size bytes: IPv4 or IPv6), in the
 * packet's network namespace, held until rex_sk_release() or the end of the
 * invocation. NULL: none, or too much is held. @protocol: IPPROTO_TCP (connected
 * or listening) or IPPROTO_UDP. All but the getters stop.
 */
struct sock *rex_sk_lookup(void *ctx, const struct bpf_sock_tuple *tuple, __u32 size,
			   __u32 protocol);
long rex_sk_release(struct sock *sk);			/* -EPERM: not held */
__u32 rex_sk_state(const struct sock *sk);		/* TCP_* (BPF_TCP_*) */
__u32 rex_sk_family(const struct sock *sk);		/* AF_* */
__u32 rex_sk_mark(const struct sock *sk);
__u32 rex_sk_local_port(const struct sock *sk);		/* host order */

#endif /* _REX_PROG_H */
