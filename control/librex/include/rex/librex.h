/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every function that can fail returns 0 or a negative errno and leaves nothing
 * half-made behind; rex_errmsg() then has the text for the user, which quotes what
 * was wrong and names the way out. The library keeps no state on disk: what is
 * loaded and attached is asked of the kernel each time. A struct rex may be used
 * by one thread at a time; the error text is per thread.
 *
 * A struct that begins with its size (sz) is the caller's, see REX_OPTS(). Any other is made by the
 * library, with the texts and lists in it, and may grow at its end in a later version: it is reached
 * by a pointer, not copied, and freed by the function that is named for it.
 *
 * Interfaces to attach to are those of the caller's network namespace; what is attached is seen and
 * undone in all of them.
 */
#ifndef _REX_LIBREX_H
#define _REX_LIBREX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <net/if.h>

#include "rex.h"		/* the ABI header: kmod/include/uapi/rex.h */

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/*
 * REX_OPTS(rex_settings, s, .budget_us = 500000): a struct of options, whose first member is its
 * size. What is not named is 0, which always means "as without options".
 */
#define REX_OPTS(type, name, ...) \
	struct type name = { .sz = sizeof(struct type), ##__VA_ARGS__ }

/** The version of this library, like "0.1.0". */
const char *rex_version(void);

/** The text of this thread's last error; never NULL. */
const char *rex_errmsg(void);

/** "xdp", "tc", ...; "hook N" for a number that this library does not know. */
const char *rex_hook_name(uint32_t hook);
/** "none", "voluntary", "full", ...; "model N" for others */
const char *rex_preempt_name(uint32_t preempt);
/** "enabled", "crashed", ...; "state N" for others */
const char *rex_state_name(uint32_t state);
/** "panic", "overrun", "stack overflow"; "fault N" for others */
const char *rex_fault_name(uint32_t kind);
/** "array", "percpu_hash", ...; "type N" for others */
const char *rex_map_type_name(uint32_t type);

/* ---- connection ------------------------------------------------------------ */

struct rex;

/**
 * Load rex.ko unless it is loaded: the file @path, or when @path is NULL the file
 * $REX_KO, or ../kmod/rex.ko next to the executable (a build tree), or what modprobe
 * finds. Returns 1 when it was loaded by this call, 0 when it was there already.
 */
int rex_runtime_load(const char *path);
/** Remove rex.ko; -EBUSY while programs are loaded or shims exist. */
int rex_runtime_unload(void);

/** Connect to rex.ko. -ENOENT when it is not loaded, -EPROTO when its ABI is another one. */
int rex_open(struct rex **rex);
/** End the connection; NULL is none. */
void rex_close(struct rex *rex);

struct rex_info {
	size_t sz;
	uint32_t abi;
	uint32_t preempt;		/* enum rex_preempt: where the kernel can be preempted now */
	uint64_t refused;		/* invocations refused, of all entries since rex.ko was loaded */
	uint64_t stale;			/* shim calls with an unknown slot or cookie */
	size_t n_helpers;		/* eBPF helpers that programs can use */
};

/** What rex.ko says of itself, into @info. */
int rex_info(struct rex *rex, struct rex_info *info);

/* ---- checking a program file ------------------------------------------------- */

/* In a file, slot, cookie and the counters are 0. */
struct rex_entry {
	const char *name;
	uint32_t hook;			/* enum rex_hook */
	uint32_t slot;
	uint64_t cookie;
	uint32_t flags;			/* REX_ENTRY_* */
	uint32_t ctx_size;		/* tracepoint: bytes of the record that it reads; stream: of
					   its own record of each socket */
	uint64_t runs, ns, panics, overruns, overflows;
	uint64_t refused;		/* not run: nested too deep, or no CPU to look after it */
	struct rex_filter filter;	/* which packets it is for */
	uint32_t filter_map;		/* the BPF map with its ports; 0: none */
};

/** "udp, port 53", "tcp, ports in map PORTS", "all packets" into @text; returns @text. */
const char *rex_filter_text(const struct rex_filter *filter, char *text, size_t size);

struct rex_map {
	uint32_t index;
	const char *name;
	uint32_t type, key_size, value_size, max_entries, flags;
	uint32_t bpf_id;		/* 0: none bound */
	bool sized;			/* it was loaded with another size than the program says */
};

/* What a program module says about itself. */
struct rex_file {
	const char *name;		/* the module's name */
	uint32_t abi;
	uint32_t stack;			/* worst case in bytes; 0: checked at run time */
	const char *rexc;		/* version of rexc; may be empty */
	const char *vermagic;
	bool is_signed;			/* a module signature is appended */
	uint32_t n_entries, n_maps, n_imports;
	const struct rex_entry *const *entries;
	const struct rex_map *const *maps;
};

/**
 * Check that @path is a Rex program that this library and rex.ko can take: ELF class, machine and
 * type, .rex.entries and .rex.maps, imported symbols, modinfo. -EINVAL with the reason when it is
 * not. Reads nothing outside the file, whatever its headers say. Free with rex_file_free().
 */
int rex_check_file(const char *path, struct rex_file **file);
/** NULL is none. */
void rex_file_free(struct rex_file *file);

/* ---- programs ------------------------------------------------------------------ */

/* A line of a trace. */
struct rex_fault_frame {
	const char *symbol;		/* symbol+offset */
	const char *file;		/* empty: unknown */
	uint32_t line;
};

struct rex_fault_info {
	uint32_t kind;			/* enum rex_fault */
	const char *entry;
	const char *file;		/* in the program's own source if possible; empty: unknown */
	uint32_t line, cpu;
	uint32_t column;		/* 0: unknown */
	const char *message;
	uint32_t n_frames;
	const struct rex_fault_frame *const *frames;	/* innermost first */
};

struct rex_program {
	const char *name;
	uint32_t id;
	uint32_t state;			/* enum rex_state */
	uint32_t budget_us;
	bool timing, tainted;
	uint32_t stack;
	uint32_t generation;		/* how often it was enabled; rex::program::generation() */
	uint32_t n_entries, n_maps;
	const struct rex_entry *const *entries;
	const struct rex_map *const *maps;
	const struct rex_fault_info *fault;	/* NULL: none since loading */
};

/**
 * Check @path, load rex.ko when needed, load the program, create and bind its maps.
 * On success *@program, if asked for, is the loaded program; free it with
 * rex_program_free(). *@rex is opened when it is NULL on entry.
 */
int rex_program_load(struct rex **rex, const char *path, struct rex_program **program);

struct rex_map_size {
	const char *map;
	uint32_t max_entries;
};
struct rex_load_opts {
	size_t sz;
	const struct rex_map_size *sizes;	/* other sizes than the program says, */
	size_t n_sizes;				/* of arrays and hash maps */
};
/** The same, with options (NULL: none). -ENOENT when the program has no map of that name. */
int rex_program_load_opts(struct rex **rex, const char *path, const struct rex_load_opts *opts,
			  struct rex_program **program);

/**
 * Exchange the loaded (or parked) program of the same name for the one in @path. What is attached
 * stays attached, to entries of the same name and hook, and gives the safe verdict meanwhile; an
 * attached entry that @path has not is refused before anything is changed. Maps are new and empty, but
 * of the sizes that were asked for when the old one was loaded (rex_program_load_opts()), where
 * they are of the same name and kind; one that is parked has none. A map that the filter of an attached
 * entry reads stays. Budget, timing and "disabled"
 * stay. When the new one does not load, @fallback (may be NULL) is
 * loaded in its place; without that, the program is parked (REX_STATE_PARKED) until one of its name
 * is loaded or it is unloaded. Either is an error.
 */
int rex_program_replace(struct rex *rex, const char *path, const char *fallback,
			struct rex_program **program);
/** The loaded program @name as it is now; -ENOENT when there is none. Free with rex_program_free(). */
int rex_program_get(struct rex *rex, const char *name, struct rex_program **program);
/** NULL is none. */
void rex_program_free(struct rex_program *program);
/** All programs, by id: @n pointers in *@list. Free with rex_program_list_free(). */
int rex_program_list(struct rex *rex, struct rex_program ***list, size_t *n);
/** The programs and the list of them. */
void rex_program_list_free(struct rex_program **list, size_t n);

enum rex_switch { REX_KEEP, REX_ON, REX_OFF };
struct rex_settings {
	size_t sz;
	enum rex_switch enabled;	/* REX_ON also clears a crash */
	enum rex_switch timing;
	uint32_t budget_us;		/* 0: as it is */
};
/** Change settings of the loaded program @name; -ENOENT when there is none. */
int rex_program_set(struct rex *rex, const char *name, const struct rex_settings *settings);

/**
 * Unload a program. -EBUSY, with the places in the text, while it is attached in any network
 * namespace; with @force it is detached first, from everything or from nothing.
 */
int rex_program_unload(struct rex *rex, const char *name, bool force);

/**
 * The entry named @entry (NULL: the only one) of @program for @hook, or for any hook
 * when @hook is -1. The error text lists the entries to choose from.
 */
int rex_program_entry(const struct rex_program *program, const char *entry, int hook,
		      const struct rex_entry **found);
/** The map named @map of @program. The error text lists those that there are. */
int rex_program_map(const struct rex_program *program, const char *map, const struct rex_map **found);
/** A new fd of the BPF map behind @map, for bpf_map_lookup_elem() and its like; close(2) it. */
int rex_map_fd(const struct rex_map *map);
/** How many values an element has: one, or of a percpu map one for each CPU that there can be. */
uint32_t rex_map_cpus(const struct rex_map *map);
/** From one value of an element to the next, in bytes. */
uint32_t rex_map_stride(const struct rex_map *map);
/** The values of @key: rex_map_cpus() times rex_map_stride() bytes. -ENOENT when there is no such key. */
int rex_map_get(const struct rex_map *map, const void *key, void *value);
/** Write the values of @key. */
int rex_map_set(const struct rex_map *map, const void *key, const void *value);
/* Anything but 0 ends the walk. */
typedef int rex_map_fn(const void *key, const void *value, void *arg);
/** @fn for each element; what is written or deleted meanwhile may be missed. Returns what @fn did. */
int rex_map_each(const struct rex_map *map, rex_map_fn *fn, void *arg);
/**
 * Pin the map as @path, so that it outlives its program and others find it. Its directory is in a bpf
 * file system, and only the caller may write to it: -EPERM.
 */
int rex_map_pin(const struct rex_map *map, const char *path);
/** Remove the pin of a map. -EINVAL when @path is a pin of something else. */
int rex_map_unpin(const char *path);

/* ---- places to attach to ------------------------------------------------------------- */

/* The words behind "attach PROGRAM"; several of them can be of one hook. One row for each. */
#define REX_PLACES(X) \
	X(XDP, xdp) \
	X(TC, tc)			/* a filter of the clsact qdisc */ \
	X(TCX, tcx) \
	X(KPROBE, kprobe) \
	X(KRETPROBE, kretprobe) \
	X(UPROBE, uprobe) \
	X(URETPROBE, uretprobe) \
	X(TRACEPOINT, tracepoint) \
	X(RAW_TRACEPOINT, raw_tracepoint) \
	X(FENTRY, fentry) \
	X(FEXIT, fexit) \
	X(PERF_EVENT, perf_event) \
	X(CGROUP_SKB, cgroup_skb) \
	X(STREAM, stream)
#define __REX_AT(upper, lower) REX_AT_##upper,
enum rex_at { REX_PLACES(__REX_AT) __REX_AT_MAX };

enum rex_xdp_mode { REX_XDP_ANY, REX_XDP_NATIVE, REX_XDP_GENERIC, REX_XDP_OFFLOAD };
enum rex_side { REX_SIDE_ANY, REX_INGRESS, REX_EGRESS };
/* Which place among the programs of a tcx side. */
enum rex_order { REX_ORDER_ANY, REX_FIRST, REX_LAST, REX_BEFORE, REX_AFTER };
/* In ->actions: that bits 1 << XDP_PASS and so on are said at all; libxdp has it set, too. */
#define REX_ACTIONS_SAID (1u << 31)

#define REX_TARGET_LEN 1024
#define REX_SYMBOL_LEN 512		/* as long as the kernel's symbols */

/* A server's sockets. */
struct rex_stream_place {
	int pid;			/* 0: of any process; in a rex_link always */
	uint16_t port;			/* the local one */
	/* Of the first socket, as IPv6; looked up where the process can be seen. */
	bool has_address, is_listener;
	uint8_t address[16];
	uint64_t netns_ino;		/* network namespace; 0: not looked up */
};

/*
 * One place, as the user names it. In a pattern for detaching, what was not said
 * agrees with everything.
 */
struct rex_target {
	enum rex_at at;
	/*
	 * Interface; symbol (kprobe, fentry, ...); file (uprobe); CATEGORY:NAME
	 * (tracepoint); name (raw_tracepoint); event (perf_event); path (cgroup_skb);
	 * PID:PORT, and in a rex_link ADDRESS:PORT (stream)
	 */
	char name[REX_TARGET_LEN];
	char symbol[REX_SYMBOL_LEN];	/* uprobe: in the file; empty: only the offset is known */
	uint64_t offset;		/* kprobe: from the symbol; uprobe: in the file */
	bool in_file;			/* uprobe: ->name is a file */
	enum rex_xdp_mode mode;		/* xdp */
	enum rex_side side;		/* tc, tcx, cgroup_skb */
	int pid;			/* uprobe, perf_event; -1: of all processes */
	int cpu;			/* perf_event; -1: all CPUs */
	uint64_t freq, period;		/* perf_event; both 0: not said */
	uint64_t cgroup_id;		/* cgroup_skb; 0: not looked up */
	struct rex_stream_place stream;
	/* xdp: in the chain, the lowest first (libxdp's default: 50); tc: the filter's pref; 0: not said */
	uint32_t priority;
	uint32_t actions;		/* xdp: after which verdicts the chain continues; 0: not said */
	uint32_t handle;		/* tc; 0: not said */
	uint32_t block;			/* tc: a shared block, in place of interface and side; 0: none */
	enum rex_order order;		/* tcx; of what is attached, REX_ORDER_ANY */
	uint32_t relative;		/* tcx, REX_BEFORE and REX_AFTER: a BPF link, or */
	bool relative_is_program;	/* a BPF program without one */
};

/**
 * @words (@n of them): HOOK TARGET..., as rexctl takes them. Looks at the words only:
 * whether there is such a place turns out when attaching.
 */
int rex_target_parse(const char *const *words, size_t n, struct rex_target *target);
/** Whether nothing is missing that attaching needs: -EINVAL. */
int rex_target_complete(const struct rex_target *target);
/** The words back, with a blank between them; returns @text. */
const char *rex_target_text(const struct rex_target *target, char *text, size_t size);
/** Whether the place @is is one of those that @wanted names. */
bool rex_target_matches(const struct rex_target *wanted, const struct rex_target *is);
/**
 * Make paths absolute and symbols of files offsets, as far as they can be found, and any name of an
 * interface (alternative ones, too) its own name. -ENODEV when there is no such interface here.
 */
int rex_target_resolve(struct rex_target *target);
/** "kretprobe", ... */
const char *rex_at_name(enum rex_at at);
/** The words behind it, for a usage text: "SYMBOL[+OFFSET]". */
const char *rex_at_args(enum rex_at at);
/** The hook (enum rex_hook) whose entries go there. */
uint32_t rex_at_hook(enum rex_at at);
/** What rex_target.name is: "interface", "symbol", ... */
const char *rex_at_noun(enum rex_at at);

/* ---- attachments ----------------------------------------------------------------- */

#define REX_NETNS_LEN 128
#define REX_IFNAME_LEN 128		/* of alternative names */

/* What rex.ko says of the sockets that one entry serves. */
struct rex_stream_counts {
	uint32_t id;			/* 0: no stream */
	uint32_t protocol;		/* IPPROTO_* of the first socket */
	uint32_t listeners, sockets;	/* those that listen, and all others */
	uint64_t missed;		/* connections for which there was no memory at first */
	uint64_t answered, bytes;	/* replies sent, and their bytes */
	uint64_t waited;		/* replies of which a part had to wait for the client */
	uint64_t no_room;		/* not answered: the send buffer was full, or no memory */
};

/* One place where an entry is attached, by a shim of ours if the hook has one, or what keeps one that is attached nowhere. */
struct rex_link {
	struct rex_target target;
	bool unknown;			/* a BPF link of a kind that librex does not make */
	/*
	 * xdp: pins of libxdp keep it, and its dispatcher is at no interface any more (that was
	 * deleted, or XDP switched off); it never runs. rex_detach() removes the pins.
	 */
	bool leftover;
	/*
	 * In no place that can be seen from here, but loaded; unknown, too. A process or pin has it
	 * (->note), or it runs where nobody can look. rex_detach() only says so.
	 */
	bool held;
	uint32_t ifindex;		/* xdp, tc, tcx; leftover: that it had */
	uint32_t prog_id;		/* of the shim; 0: a stream, which has none */
	uint32_t link_id;		/* of the BPF link; 0: attached without one */
	uint32_t slot;
	uint64_t cookie;
	bool chained;			/* xdp: in libxdp's dispatcher */
	uint32_t dispatcher;		/* its BPF program; 0: none */
	uint32_t handle, priority;	/* tc filter; priority: in a chain of xdp, too */
	char pin[512];			/* what keeps the link; empty: no pin of ours */
	/* xdp, tc, tcx: in another network namespace, as "rexctl --netns" takes it; 0: in ours */
	char netns[REX_NETNS_LEN];
	uint64_t netns_ino;
	char note[128];			/* xdp: why it is generic; held: by whom; stream: the counts */
	struct rex_stream_counts stream;
	uint32_t position;		/* xdp, tcx: the first is 1; 0: unknown, or no chain */
	uint32_t actions;		/* xdp: as in struct rex_target; 0: unknown, or no chain */
};

/**
 * Every attachment of a shim on this machine: to interfaces of all network namespaces that can be
 * entered, with a dispatcher of libxdp or without, wherever its pins are; and what is left of such.
 * The kernel tells: its lists of links, filters and XDP programs, and the instructions of the
 * programs in them. @links is malloc'ed. Shims of programs that are gone are in the list, too: their
 * slot and cookie match no entry.
 */
int rex_link_list(struct rex_link **links, size_t *n);
/** The same, of the caller's network namespace alone, without leftovers and what is held. */
int rex_link_list_here(struct rex_link **links, size_t *n);
/**
 * The same, of what can be at @target, which was resolved: of its interface, or BPF links of any place
 * that is no interface's. How many interfaces there are does not matter.
 */
int rex_link_list_at(const struct rex_target *target, struct rex_link **links, size_t *n);
/** Whether @link calls @entry. */
bool rex_link_is(const struct rex_link *link, const struct rex_entry *entry);
/** The entry of @program that @link calls; NULL: none of them. */
const struct rex_entry *rex_link_entry(const struct rex_link *link,
				       const struct rex_program *program);
/** "xdp veth0 native", "kprobe __x64_sys_dup" into @text; returns @text. */
const char *rex_link_text(const struct rex_link *link, char *text, size_t size);
/** What names it: "12" of a BPF link, "prog-34" without one, "stream-5"; returns @text. */
const char *rex_link_id(const struct rex_link *link, char *text, size_t size);

/**
 * Attach an entry of @program. -EEXIST when it is attached there already. XDP
 * programs chain with others through libxdp; two that attach at once both succeed. Links are pinned below
 * /sys/fs/bpf/rex/PROGRAM/ and so stay when the caller ends.
 */
int rex_attach(const struct rex_program *program, const struct rex_entry *entry,
	       const struct rex_target *target);
/**
 * The targets that @target names: the name of its interface may be several with commas between.
 * An interface whose name has a comma in it goes before. *@list is malloc'ed.
 */
int rex_target_split(const struct rex_target *target, struct rex_target **list, size_t *n);
/** Attach it to all of @targets, or to none. */
int rex_attach_all(const struct rex_program *program, const struct rex_entry *entry,
		   const struct rex_target *targets, size_t n);
/**
 * Add the sockets at the port of @link, a stream, that process @pid has and the stream has not. Attaching
 * finds all but a connection that the process is just accepting: its descriptor does not exist yet. A
 * process that accepts connections one by one has them all in its table when one that came later is
 * answered. 0, or a negative errno.
 */
int rex_stream_rescan(const struct rex_link *link, int pid);
/** Detach one, in whatever network namespace; others that share the place stay. */
int rex_detach(const struct rex_link *link);
/**
 * Detach all of these, interfaces above others first, and wait for the kernel. When one cannot be
 * detached, those that were are attached again, as entries of @program (NULL: they cannot).
 */
int rex_detach_all(const struct rex_program *program, const struct rex_link *links, size_t n);
/**
 * Remove what libxdp left of attachments of @program (NULL: of any program, also such that are gone)
 * to interfaces that are gone or whose XDP was switched off. Returns how many there were. Chains
 * that are attached, or about to be, in any network namespace, and those without a shim stay.
 */
int rex_leftovers_remove(const struct rex_program *program);
/**
 * Detach what calls programs that are gone, in all network namespaces (@here: in the caller's alone),
 * and remove all that libxdp left.
 */
int rex_detach_stale(struct rex *rex, bool here);
/**
 * Give up @program if it is parked and nothing is attached to it any more. @detached (@n of them):
 * what this process has just detached; the kernel may still hold what was there.
 */
int rex_program_release(struct rex *rex, const struct rex_program *program,
			const struct rex_link *detached, size_t n);

struct bpf_object;

/**
 * Load the shim of @entry without attaching it, for those who attach or call it in
 * their own way. The returned fd belongs to *@obj: bpf_object__close() of libbpf.
 */
int rex_shim_load(const struct rex_entry *entry, struct bpf_object **obj, int *fd);

/* A hook that wants to know its place when the shim is loaded: fentry, fexit, raw_tracepoint. */
struct rex_shim_opts {
	size_t sz;
	const char *target;		/* the kernel function or raw tracepoint */
	uint32_t n_args;		/* arguments of the raw tracepoint */
};
/** The same, with options (NULL: none). */
int rex_shim_load_opts(const struct rex_entry *entry, const struct rex_shim_opts *opts,
		       struct bpf_object **obj, int *fd);

/* ---- one shot ----------------------------------------------------------------------- */

struct rex_run {
	size_t sz;
	const void *data_in;
	size_t data_in_len;
	void *data_out;			/* may be NULL */
	size_t data_out_len;		/* in: size of data_out; out: bytes there */
	uint32_t repeat;		/* 0 and 1: once */
	uint32_t retval;		/* the verdict */
	uint32_t duration_ns;		/* of one run, on average */
};

/**
 * Run @entry on a packet with BPF_PROG_TEST_RUN, without attaching it. -EINVAL when the packet is too
 * short (14 bytes) or too long for the hook, -ENOSPC when it does not fit data_out afterwards.
 */
int rex_run(const struct rex_entry *entry, struct rex_run *run);
/** "XDP_PASS", "TC_ACT_OK", ...; NULL when @verdict has no name at @hook. */
const char *rex_verdict_name(uint32_t hook, uint32_t verdict);

/* ---- events --------------------------------------------------------------------------- */

struct rex_event_info {
	uint32_t type;			/* enum rex_event of the ABI header */
	struct rex_program *program;	/* as far as the event tells; a fault is in ->fault */
};

struct rex_events;
/** Listen to rex.ko's events from now on; -ENOENT when it is not loaded. */
int rex_events_open(struct rex_events **events);
/** NULL is none. */
void rex_events_close(struct rex_events *events);
/** For poll(2). */
int rex_events_fd(const struct rex_events *events);
/**
 * Wait for the next event. @timeout_ms: -1 for ever. -EAGAIN at the timeout, -ENOBUFS
 * when events were lost. Free with rex_event_free().
 */
int rex_events_next(struct rex_events *events, int timeout_ms, struct rex_event_info **event);
/** The event and its program; NULL is none. */
void rex_event_free(struct rex_event_info *event);

/* ---- records ----------------------------------------------------------------------------- */

/*
 * One record of a map; @cpu -1: a ring buffer, which has none. @data NULL: @size records
 * were lost. Anything but 0 ends the reading.
 */
typedef int rex_record_fn(const void *data, size_t size, int cpu, void *arg);
struct rex_records;
/** Read from a ring buffer or perf event array; as the only reader of it. */
int rex_records_open(const struct rex_map *map, rex_record_fn *fn, void *arg,
		     struct rex_records **records);
/** Hand out what comes within @timeout_ms (-1: for ever). How many, or a negative errno. */
int rex_records_poll(struct rex_records *records, int timeout_ms);
/** NULL is none. */
void rex_records_close(struct rex_records *records);

/* ---- NIC ---------------------------------------------------------------------------------- */

struct rex_nic_limits {
	uint32_t now, max;		/* max 0: the NIC has none of these */
};

struct rex_nic {
	const char *name;
	uint32_t ifindex;
	const char *kind;		/* "veth", ...; empty for hardware */
	const char *bus, *device;	/* "pci", "0000:00:02.0"; may be empty */
	const char *driver;		/* may be empty */
	const char *address;
	uint32_t mtu;
	bool up, carrier;
	uint32_t rx_queues, tx_queues;	/* allocated */
	bool has_channels, has_rings;
	struct rex_nic_limits combined, rx, tx, other;
	struct rex_nic_limits rx_ring, tx_ring;	/* entries */
	const char *firmware;		/* may be empty */
};

/** The network interface @ifname (or an alternative name); -ENODEV when there is none here. Free
 * with rex_nic_free(). */
int rex_nic_get(const char *ifname, struct rex_nic **nic);
/** NULL is none. */
void rex_nic_free(struct rex_nic *nic);
/** @n queues each way, as combined channels or as rx and tx channels, what the NIC has. */
int rex_nic_set_channels(const char *ifname, uint32_t n);

/* Something that can be set: "rings", "rx", "512". */
struct rex_nic_setting {
	const char *group;		/* "channels", "rings", ... */
	char key[48];			/* channels: "" for as many as that of each kind */
	char *value;
};
/** All settings of an interface as they are. Free with rex_nic_settings_free(). */
int rex_nic_settings(const char *ifname, struct rex_nic_setting **list, size_t *n);
/** NULL is none. */
void rex_nic_settings_free(struct rex_nic_setting *list, size_t n);
/**
 * Change all of these, or none. What was set before the first change is in a file below
 * /var/lib/rex/nic from then on, until rex_nic_restore() has put it back.
 */
int rex_nic_set(const char *ifname, const struct rex_nic_setting *wanted, size_t n);
/** Into @changed (@n of them): whether rex_nic_set() would change something with each. */
int rex_nic_changed(const char *ifname, const struct rex_nic_setting *wanted, size_t n, bool *changed);
/**
 * 1 when there is something that rex_nic_restore() would put back, else 0. What is set now where it differs
 * from that into @list; free it with rex_nic_settings_free().
 */
int rex_nic_kept(const char *ifname, struct rex_nic_setting **list, size_t *n);
/** Write all settings to the file @path, or (NULL) to where rex_nic_restore() finds them. */
int rex_nic_save(const char *ifname, const char *path);
/** Put back what is in the file @path, or (NULL) what was set before; how many in *@changed. */
int rex_nic_restore(const char *ifname, const char *path, size_t *changed);

enum rex_plan_state {
	REX_PLAN_SAME,			/* it is so already */
	REX_PLAN_CHANGE, REX_PLAN_CHANGED,
	REX_PLAN_LACKS,			/* the NIC has nothing to set here */
	REX_PLAN_REFUSED,		/* it refused, and ->why says how */
	REX_PLAN_NOTE,
};
/* What a plan has to say of one group of settings. */
struct rex_plan_step {
	const char *group;
	enum rex_plan_state state;
	char why[512];
	size_t first, n;		/* which of the plan's settings */
};
/* The difference in one setting. */
struct rex_plan_row {
	const char *group;
	char key[48], now[64], wanted[64];
};
struct rex_nic_plan {
	char cores[256];		/* a list of CPUs, as 0-3,5 */
	uint32_t n_cores, queues;
	size_t n_steps, n_rows, n_settings;
	struct rex_plan_step *steps;
	struct rex_plan_row *rows;
	struct rex_nic_setting *settings;	/* what rex_nic_set() makes it so with */
};
/**
 * Queues, RSS, interrupts and XPS of an interface for these CPUs ("0-3,5"; NULL: those near the NIC),
 * with @bmc also what the memcached accelerator needs. Changes nothing. Free with rex_nic_plan_free().
 */
int rex_nic_plan(const char *ifname, const char *cores, bool bmc, struct rex_nic_plan **plan);
/**
 * Make it so, as rex_nic_set() does: all, or nothing; but a step that the NIC refuses is left out and
 * becomes REX_PLAN_REFUSED, unless it is the number of queues.
 */
int rex_nic_plan_apply(const char *ifname, struct rex_nic_plan *plan);
/** NULL is none. */
void rex_nic_plan_free(struct rex_nic_plan *plan);

struct rex_nic_counter {
	char name[32];
	uint64_t value;
};
/** The driver's counters. *@list is malloc'ed. */
int rex_nic_counters(const char *ifname, struct rex_nic_counter **list, size_t *n);

/* ---- checks ------------------------------------------------------------------------------ */

enum rex_grade { REX_GOOD, REX_NOTE, REX_WARNING, REX_BAD };
/* Whether a requirement is met, and the command that meets it. */
struct rex_check {
	const char *name;
	enum rex_grade grade;
	char text[256];
	char fix[192];			/* may be empty */
};
/** What is in the way of XDP at an interface, or makes it slow. *@list is malloc'ed. */
int rex_check_nic(const char *ifname, struct rex_check **list, size_t *n);
/** NETDEV_XDP_ACT_* of its driver into @features; -EOPNOTSUPP when the kernel does not report them. */
int rex_nic_xdp_features(const char *ifname, uint64_t *features);
/**
 * Whether this kernel, its rex.ko and (if not NULL) the interface @ifname fit the program in @path; loads
 * nothing. *@list is malloc'ed. -EINVAL when the file is no program.
 */
int rex_check_program(const char *path, const char *ifname, struct rex_check **list, size_t *n);
/** Whether this machine can run Rex. *@list is malloc'ed. */
int rex_check_machine(struct rex_check **list, size_t *n);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif /* _REX_LIBREX_H */
