/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of rex.ko share. */
#ifndef _REX_INTERNAL_H
#define _REX_INTERNAL_H

#include <linux/bpf.h>
#include <linux/ctype.h>
#include <linux/irq_work.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/netlink.h>
#include <linux/percpu.h>
#include <linux/ratelimit.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "layout.h"
#include <rex_prog.h>
#include <rex_vector.h>

#undef pr_fmt
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

typedef s32 (*rex_fn)(struct rex_ctx *ctx);

struct genl_info;
struct netlink_ext_ack;
struct sk_buff;

/* ---- slots (slot.c) -------------------------------------------------------- */

struct rex_counts {
	u64	runs;
	u64	ns;
	u64	panics;
	u64	overruns;
	u64	overflows;
	u64	refused;	/* nested too deep, or nobody to look after it */
};

/*
 * What a shim's slot number leads to. Slots are never freed, only re-used, so a late
 * reader finds a dead slot and no dangling pointer. @live[hook] is equal to the cookie
 * only for the entry's own hook and only while the program may run; otherwise it is its
 * complement, just as secret. So one comparison tells all: slot, cookie, hook and state.
 */
#define REX_SLOT_SIZE	256	/* a power of two: found by a shift */

struct rex_slot {
	rex_fn			fn;	/* called by dispatch: the entry, or rex_timed() */
	struct rex_counts __percpu *counts;
	struct rex_prog		*prog;
	u64			leaf;	/* as @live of the hook, while the entry may run without a frame */
	rex_fn			entry;
	u64			live[__REX_HOOK_MAX];
	/* from here on: not for the fast path */
	const char		*name;	/* in the program module, or rex_prog.park_names */
	u16			hook;
	u16			flags;		/* this and ctx_size: as in struct rex_entry_def */
	u32			ctx_size;
} __aligned(REX_SLOT_SIZE);

static_assert(sizeof(struct rex_slot) == REX_SLOT_SIZE);

/* Of the two values in @live, what the other hooks have is the cookie's complement. */
static inline u64 rex_slot_cookie(const struct rex_slot *slot)
{
	return ~READ_ONCE(slot->live[slot->hook ? 0 : 1]);
}

extern struct rex_slot rex_slots[REX_MAX_SLOTS];

void rex_slots_init(void);
struct rex_slot *rex_slot_get(struct rex_prog *prog, const struct rex_entry_def *def);
void rex_slot_put(struct rex_slot *slot);
void rex_slot_park(struct rex_slot *slot, const char *name);
void rex_slot_take(struct rex_slot *slot, struct rex_prog *prog, const struct rex_entry_def *def);
void rex_slot_enable(struct rex_slot *slot);
void rex_slot_disable(struct rex_slot *slot);
void rex_slot_set_timing(struct rex_slot *slot, bool on);
void rex_slot_sum(const struct rex_slot *slot, struct rex_counts *sum);

/* ---- hooks (hooks.c) --------------------------------------------------------- */

struct rex_hook_info {
	const char		*name;
	enum bpf_prog_type	prog_type;	/* of its shims */
	s32			safe;		/* verdict when the program does not run */
	bool			supported;	/* this kernel has kfuncs there */
};

extern struct rex_hook_info rex_hooks[__REX_HOOK_MAX];

int rex_hooks_init(void);

/* ---- frames and stacks (stack.c) ---------------------------------------------- */

enum rex_stop {
	REX_STOP_NOT,
	REX_STOP_ASKED,			/* end it at the next helper call */
	REX_STOP_ENDING,
};

/*
 * One running invocation. It lies at the top of its stack, so that any code that
 * runs there finds it from the stack pointer. @saved_sp must be first: dispatch
 * makes it the bottom word of the stack, where rex_call() pops it.
 */
struct rex_frame {
	u64			saved_sp;
	struct rex_frame	*next;		/* the frame of the next nesting level */
	unsigned long		slot_offset;	/* from rex_slots, in bytes */
	union {
		u64		watch;		/* all of it, for one store */
		u16		to_undo;	/* @unguarded and @held, for one comparison */
		struct {
			u8	unguarded;	/* it began so: guard.c */
			union {
				u16	held_stop; /* both, for one comparison: resource.c */
				struct {
					u8	held;	/* elements of @resources */
					u8	stop;	/* enum rex_stop */
				};
			} __packed;
			u8	__unused;
			u16	ran;		/* own time, in quarters of a tick */
			u16	waits;		/* time of waiting for a lock, likewise */
		};
	};
	u64			regs[6];	/* callee-saved: rbx, rbp, r12..r15 */
	struct rex_ctx		ctx;
	unsigned long		resources[REX_MAX_RESOURCES + 1];	/* see resource.c */
	bool			waiting;	/* for a lock */
	unsigned long		cut_ip, cut_sp;	/* where the watchdog cut it off */
};

static_assert(sizeof(struct rex_frame) <= REX_FRAME_SIZE);
static_assert(offsetof(struct rex_frame, saved_sp) == 0);
static_assert(offsetof(struct rex_frame, unguarded) == offsetof(struct rex_frame, watch));
static_assert(offsetof(struct rex_frame, held) == offsetof(struct rex_frame, watch) + 1);
static_assert(offsetof(struct rex_frame, regs) == REX_FRAME_REGS);

/* The first unused frame of this CPU; NULL: all levels are in use, or it is parked (watchdog.c). */
DECLARE_PER_CPU(struct rex_frame *, rex_top);
DECLARE_PER_CPU(struct rex_frame *[REX_LEVELS], rex_frames);

int rex_stacks_init(void);
void rex_stacks_exit(void);

static inline struct rex_slot *rex_frame_slot(const struct rex_frame *frame)
{
	return (void *)rex_slots + READ_ONCE(frame->slot_offset);
}

/* The frame of the invocation that runs now. Only for code that programs call. */
static __always_inline struct rex_frame *rex_this_frame(void)
{
	return (void *)((current_stack_pointer | (REX_STACK_SIZE - 1)) + 1 - REX_FRAME_SIZE);
}

static inline unsigned long rex_stack_base(const struct rex_frame *frame)
{
	return (unsigned long)frame & ~(REX_STACK_SIZE - 1UL);
}

/* ---- faults (fault.c) --------------------------------------------------------- */

#define REX_FAULT_FILE	128
#define REX_FAULT_TEXT	256
#define REX_FAULT_TRACE	16

struct rex_fault_record {
	enum rex_fault		kind;
	u32			line, column, cpu;
	u32			traced;
	char			entry[REX_NAME_LEN];
	char			file[REX_FAULT_FILE];
	char			text[REX_FAULT_TEXT];
	unsigned long		trace[REX_FAULT_TRACE];
};

void rex_copy_text(char *to, size_t size, const char *from, u64 len);
void rex_fault_stop(struct rex_frame *frame);
void rex_fault_exit(void);
void rex_fault_collect(struct rex_prog *prog);
const char *rex_fault_line(const struct rex_prog *prog, unsigned long word, u32 *line);

/* In dispatch_64.S. rex_unwind() is declared as returning for objtool's sake; it never does. */
asmlinkage void rex_unwind(struct rex_frame *frame, s32 verdict);
asmlinkage void rex_overrun_entry(void);
asmlinkage void rex_fault_overrun(void);

/* Ends the invocation when the watchdog has asked for it. */
static __always_inline void rex_check_stop(struct rex_frame *frame)
{
	if (unlikely(READ_ONCE(frame->stop)))
		rex_fault_stop(frame);
}

/*
 * A helper that holds nothing, calls nothing and looks for no stop: it takes a few instructions,
 * and the watchdog cuts there as in the program's own text.
 */
#define REX_LEAF __section(".text.rex_leaf") notrace

asmlinkage void rex_leaves_start(void);
asmlinkage void rex_leaves_end(void);

/* Helpers with a length that the program chooses look for a stop once for so many bytes. */
#define REX_PIECE	(16 * PAGE_SIZE)

void rex_copy_pieces(void *to, const void *from, size_t len);
void rex_zero_pieces(void *to, size_t len);

__printf(1, 2) void rex_log(const char *fmt, ...);	/* log.c */

/* ---- resources (resource.c) ---------------------------------------------------- */

/* What an invocation can hold. Pointers to it are multiples of 4. */
enum rex_held {
	REX_HELD_LOCK,
	REX_HELD_RECORD,		/* of a ring buffer, neither submitted nor discarded */
	REX_HELD_SOCK,
};

#define REX_HELD_MASK	3UL

/*
 * A helper that acquires looks for room first, so that it need not give back at once what it
 * got. What is on the list when the invocation ends is released by rex_resource_release(), in
 * the hook's context (even NMI), on any stack: the function called there for the kind must not
 * check for a stop.
 */
static __always_inline bool rex_resource_full(const struct rex_frame *frame)
{
	return unlikely(frame->held == REX_MAX_RESOURCES);
}

bool rex_resource_add(enum rex_held kind, void *ptr);
bool rex_resource_remove(enum rex_held kind, void *ptr);

/* rex_resource_add() without a look at rex_resource_full(), which the caller had. */
static __always_inline void rex_resource_push(struct rex_frame *frame, enum rex_held kind,
					      void *ptr)
{
	u32 n = frame->held + 1;

	frame->resources[n] = (unsigned long)ptr | kind;
	frame->held = n;
}

/* rex_resource_remove(), fast when it is what was taken last. Not for locks, whose kind is 0. */
static __always_inline bool rex_resource_pop(struct rex_frame *frame, enum rex_held kind,
					     void *ptr)
{
	BUILD_BUG_ON(kind == REX_HELD_LOCK);
	if (unlikely(frame->resources[frame->held] != ((unsigned long)ptr | kind)))
		return rex_resource_remove(kind, ptr);
	frame->held--;
	return true;
}

void rex_release(struct rex_frame *frame);
s32 rex_release_all(struct rex_frame *frame, s32 verdict);

/* ---- watchdog (watchdog.c) ------------------------------------------------------ */

#define REX_TICK_US		4000
#define REX_QUARTERS		4		/* what a tick counts for: see rex_tick_weight() */
#define REX_BUDGET_DEFAULT_US	20000
#define REX_BUDGET_MAX_US	10000000
#define REX_WAIT_US		500000		/* for locks, beside the budget */

struct pt_regs *rex_nmi_regs(void);
int rex_levels_used(void);
int rex_watchdog_init(void);
void rex_watchdog_exit(void);
void rex_watchdog_stop(void);
asmlinkage struct rex_frame *rex_wake(void);
bool rex_watchdog_wake(int cpu);
void rex_watchdog_cpu_up(void);
void rex_watchdog_cpu_dead(int cpu);

/* Why a CPU cannot look after another one that runs a program with interrupts off. */
union rex_busy {
	u64	any;			/* both, for one comparison */
	struct {
		u32	unguarded;	/* invocations that began so here, one above the other */
		u32	asleep;		/* it has no tick, and none will be started */
	};
};

DECLARE_PER_CPU(union rex_busy, rex_busy);

/* ---- programs with interrupts off (guard.c) ------------------------------------- */

bool rex_guard_enter(u32 hook);

static __always_inline void rex_guard_exit(void)
{
	/* The program's last act comes first: it may have been cut by the guard. */
	smp_mb();
	this_cpu_dec(rex_busy.unguarded);
}

bool rex_guard_is_used(void);
bool rex_guard_is_needed(void);

/* ---- programs (program.c) -------------------------------------------------------- */

struct rex_prog {
	struct list_head	list;
	struct module		*owner;
	char			name[REX_NAME_LEN];
	u64			id;
	atomic_t		state;		/* enum rex_state */
	bool			tainted;
	bool			timing;
	bool			disabled;	/* by the user, counts before all maps are bound too */
	bool			chains;		/* it reads call chains */
	u32			stack;
	u32			generation;	/* how often it was enabled */
	u32			*generation_word; /* the same, in the program module */
	char			*park_names;	/* of its entries; NULL: not to be parked */
	u32			budget_us;
	u32			budget_ticks, wait_ticks;
	unsigned long		text, text_size;

	const struct rex_line	*lines;		/* in the program module, as is @files */
	const char		*files;
	unsigned long		lines_text;	/* what their offsets count from */
	u32			n_lines;	/* 0: none is known */

	u32			entries;
	struct rex_slot		**slots;
	struct rex_filter	*filters;	/* one for each */

	u32			maps, bound;
	u64			maps_sized;	/* bits: of another size than the program says */
	struct rex_map_def	*map_defs;	/* in the program module */
	struct bpf_map		**map_refs;

	struct ratelimit_state	printk, fault_log;

	/* faults: @pending is written in any context by who owns @fault_busy */
	atomic_t		fault_busy;	/* 0 free, 1 being written, 2 complete */
	struct rex_fault_record	pending;
	struct rex_fault_record	fault;		/* the last one; rex_mutex */
	bool			has_fault;

	struct rcu_head		rcu;
};

extern struct mutex rex_mutex;			/* the registry and all slow paths */
extern struct list_head rex_progs;
extern bool rex_require_signed;

struct rex_prog *rex_prog_find(const char *name);
int rex_prog_enable(struct rex_prog *prog, struct netlink_ext_ack *extack);
void rex_prog_disable(struct rex_prog *prog);
void rex_prog_crash(struct rex_prog *prog);
void rex_prog_bound(struct rex_prog *prog);
void rex_prog_set_budget(struct rex_prog *prog, u32 us);
void rex_prog_set_timing(struct rex_prog *prog, bool on);

static inline bool rex_prog_has_text(const struct rex_prog *prog, unsigned long addr)
{
	return addr - prog->text < prog->text_size;
}

void rex_prog_end(struct rex_prog *prog);
void rex_prog_free(struct rex_prog *prog);
bool rex_in_core(const struct module *mod, const void *start, const void *end);

/* ---- the kernel's command line (cmdline.c) ------------------------------------------------- */

bool rex_cmdline_requires_signed(void);

/* ---- what a program imports (imports.c) --------------------------------------------------- */

void rex_imports_take(struct rex_prog *prog);
void rex_imports_put(struct rex_prog *prog);

/* ---- exchanging programs (park.c) ---------------------------------------------------- */

int rex_prog_set_park(struct rex_prog *prog, bool on);
void rex_park(struct rex_prog *prog);
struct rex_slot *rex_park_find(const struct rex_prog *parked, const struct rex_entry_def *def);
void rex_park_take(struct rex_prog *parked, struct rex_prog *prog,
		   const struct rex_entry_def *entries);
void rex_park_exit(void);

/* ---- line tables (lines.c) ----------------------------------------------------------- */

int rex_lines_take(struct rex_prog *prog, const struct rex_program_def *def);
const char *rex_line_find(const struct rex_prog *prog, unsigned long ip, u32 *line);
bool rex_line_is_users(const char *file);

/* ---- maps (maps.c) ------------------------------------------------------------------ */

int rex_maps_check(const struct rex_prog *prog, const struct rex_map_def *def,
		   const struct rex_map_def *end);
int rex_map_bind(struct rex_prog *prog, u32 index, int fd, struct netlink_ext_ack *extack);
void rex_maps_put(struct rex_prog *prog);

/* ---- ring buffers (ringbuf.c) ----------------------------------------------------------- */

int rex_ringbuf_init(void);
void rex_ringbuf_put(void *record, u64 flags);

/* ---- the kernel's own eBPF helpers (vector.c) ------------------------------------------ */

typedef u64 (*rex_bpf_helper)(u64 r1, u64 r2, u64 r3, u64 r4, u64 r5);

#define REX_V_ENUM(name, ...) REX_V_##name,
enum rex_vector {
	REX_VECTOR(REX_V_ENUM)
	REX_V_MAX,
};
#undef REX_V_ENUM

struct rex_vector_info {
	u32		hook;
	u32		id;		/* enum bpf_func_id */
	const char	*symbol;
};

extern const struct rex_vector_info rex_vector_info[REX_V_MAX];
extern rex_bpf_helper rex_vector[REX_V_MAX];

/* -EOPNOTSUPP when it is not bound, which cannot be told from the helper saying so itself. */
static __always_inline u64 rex_vector_call(enum rex_vector which, u64 r1, u64 r2, u64 r3, u64 r4,
					   u64 r5)
{
	rex_bpf_helper helper = READ_ONCE(rex_vector[which]);

	return likely(helper) ? helper(r1, r2, r3, r4, r5) : -EOPNOTSUPP;
}

int rex_vector_bind(u32 hook, u32 id, int fd, struct netlink_ext_ack *extack);

/* ---- sockets (packet_lookup.c) ---------------------------------------------------------- */

void rex_sk_put(struct sock *sk);

/* ---- sockets and messages of traced functions (sock.c) ----------------------------------- */

void rex_sock_init(void);

/* ---- signals (signal.c) ----------------------------------------------------------------- */

void rex_signal_init(void);
void rex_signal_exit(void);

/* ---- reads of memory (probe.c) -------------------------------------------------------------- */

void rex_probe_take(void);
void rex_probe_exit(void);

/* ---- call chains (stacktrace.c) ------------------------------------------------------------ */

void rex_kfunc_regs(const struct rex_frame *frame, struct pt_regs *regs);
void rex_stacktrace_get(void);
void rex_stacktrace_put(void);

/* ---- traces through programs (backtrace.c) -------------------------------------------------- */

void rex_backtrace_init(void);
void rex_backtrace_exit(void);

/* ---- the hook "stream" (stream.c) ------------------------------------------------------------- */

int rex_stream_init(void);
void rex_stream_exit(void);

/* ---- netlink (netlink.c) ------------------------------------------------------------------ */

int rex_netlink_init(void);
void rex_netlink_exit(void);
void rex_netlink_event(struct rex_prog *prog, enum rex_event type);

/* ---- global counters (dispatch.c) ---------------------------------------------------------- */

struct rex_totals {
	u64	refused;
	u64	stale;
};

DECLARE_PER_CPU(struct rex_totals, rex_totals);

#endif /* _REX_INTERNAL_H */
