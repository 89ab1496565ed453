/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What rex.ko exports to program modules (symbol namespace REX), and the only
 * rex_* symbols a program may import. The crate's extern declarations are
 * generated from this file; rexc's and librex's import lists are too.
 *
 * Unless said otherwise a function may be called from any hook and context, may
 * not sleep, and returns 0 or a negative errno. Functions marked "stops" check
 * whether the watchdog has asked for the end of this invocation before they
 * return, and then do not return.
 */
#ifndef _REX_PROG_H
#define _REX_PROG_H

#include <uapi/rex.h>

struct module;

/* What the glue of a program module hands to rex.ko when it is loaded. */
struct rex_program_def {
	__u32			abi;		/* REX_ABI_VERSION */
	__u32			stack;		/* worst-case bytes; 0: unbounded, checked per call */
	struct rex_entry_def	*entries, *entries_end;
	struct rex_map_def	*maps, *maps_end;
};

int rex_program_register(struct module *owner, const struct rex_program_def *def);
void rex_program_unregister(struct module *owner);

/* Constants of the running kernel that inlined code of the crate needs. */
struct rex_runtime {
	__u64	this_cpu_off;		/* %gs-relative address of this CPU's per-CPU offset */
};
extern const struct rex_runtime rex_runtime;

/*
 * The ends of an invocation. Declared as returning, for objtool's sake; they
 * never do. Texts are not NUL-terminated and may be NULL when the length is 0.
 */
void rex_panic(const char *file, __u64 file_len, __u32 line, __u32 column,
	       const char *message, __u64 message_len);
void rex_stack_overflow(void);

/*
 * Maps. @map must be an element of the program's own .rex.maps. Keys and values
 * are of the sizes given there. rex_map_lookup returns NULL when there is no such
 * element; the result lives until the end of the invocation at least, but its
 * bytes may be changed by others at any time. Stops.
 */
void *rex_map_lookup(const struct rex_map_def *map, const void *key);
long rex_map_update(const struct rex_map_def *map, const void *key, const void *value,
		    __u64 flags);
long rex_map_delete(const struct rex_map_def *map, const void *key);

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

__u64 rex_ktime_ns(void);		/* CLOCK_MONOTONIC, ns, safe in NMI */
__u32 rex_cpu(void);
__u32 rex_random(void);			/* not cryptographic */
/* @level: KERN_* as a number, 0..7. Rate-limited per program; at most 1 KiB is kept. Stops. */
void rex_printk(__u32 level, const char *text, __u64 len);

/*
 * XDP. -EOPNOTSUPP when librex could not bind the kernel's helper. Positive @delta
 * of adjust_head removes bytes in front, of adjust_tail adds bytes behind (zeroed).
 * rex_xdp_frags: whether the frame has fragments behind the linear part. Stop.
 */
long rex_xdp_adjust_head(struct rex_ctx *ctx, __s32 delta);
long rex_xdp_adjust_tail(struct rex_ctx *ctx, __s32 delta);
__u32 rex_xdp_frags(const struct rex_ctx *ctx);
__u32 rex_xdp_ifindex(const struct rex_ctx *ctx);
__u32 rex_xdp_rx_queue(const struct rex_ctx *ctx);

/*
 * tc. rex_skb_writable makes the first @len bytes linear and private to this skb
 * (0: all that is linear now); needed before any write through ctx->data. Offsets
 * count from ctx->data. load/store reach the whole packet, linear or not. Stop.
 */
long rex_skb_writable(struct rex_ctx *ctx, __u32 len);
long rex_skb_load(const struct rex_ctx *ctx, __u32 offset, void *to, __u32 len);
long rex_skb_store(struct rex_ctx *ctx, __u32 offset, const void *from, __u32 len);
__u32 rex_skb_len(const struct rex_ctx *ctx);
__u32 rex_skb_ifindex(const struct rex_ctx *ctx);
__u32 rex_skb_protocol(const struct rex_ctx *ctx);	/* ETH_P_*, host order */

#endif /* _REX_PROG_H */
