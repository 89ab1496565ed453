/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The one ABI header of Rex. Three parties meet here:
 *
 *   - a program module (NAME.ko, built by rexc): the section layouts below;
 *   - rex.ko: fills in struct rex_map_def and struct rex_ctx;
 *   - user space (librex): the generic netlink family "rex".
 *
 * The crate's Rust view is generated from this file and from rex_prog.h, so no
 * layout is repeated by hand. A change of any layout here raises REX_ABI_VERSION;
 * rex.ko refuses programs built for another one.
 */
#ifndef _UAPI_REX_H
#define _UAPI_REX_H

#include <linux/types.h>

#include "rex_hooks.h"

#define REX_ABI_VERSION	6

/* Names are NUL-terminated and fit these sizes with the NUL. */
#define REX_NAME_LEN	32	/* programs and entries */
#define REX_MAP_NAME_LEN 16	/* maps: BPF_OBJ_NAME_LEN */

#define REX_MAX_ENTRIES	64	/* entries of one program */
#define REX_MAX_MAPS	64	/* maps of one program */
#define REX_MAX_SLOTS	1024	/* entries of all loaded programs */

/* Where a program may be attached: rex_hooks.h. A hook has one context type. */
#define __REX_HOOK(number, ID, ...)	REX_HOOK_##ID = number,
#define __REX_ONE(...)			+ 1
enum rex_hook {
	REX_HOOKS(__REX_HOOK)
	__REX_HOOK_MAX = REX_HOOKS(__REX_ONE),
};
#undef __REX_HOOK
#undef __REX_ONE

/* ---- program module: section layouts ------------------------------------ */

/*
 * Which packets an entry is for: TCP segments or UDP datagrams, to any port or to these. The shim
 * of an entry with a filter does not call it for a packet that is certainly another.
 */
#define REX_FILTER_PORTS	5	/* of constants */
#define REX_FILTER_MAP		10	/* longest name of a map with ports */
#define REX_FILTER_MAP_PORTS	8	/* and most ports in it */

struct rex_filter {
	__u8	protocol;		/* IPPROTO_TCP, IPPROTO_UDP; 0: there is no filter, all is 0 */
	__u8	n_ports;		/* valid elements of @ports; 0: those in @map */
	union {
		__u16	ports[REX_FILTER_PORTS];	/* destination ports, host order */
		/* an array of one element, __be16[], where 0 is no port; empty: any port is meant */
		char	map[REX_FILTER_MAP];
	};
};

/*
 * Section ".rex.entries": one per attachable function. Plain data but for @fn,
 * which the kernel's module loader relocates.
 */
struct rex_entry_def {
	char	name[REX_NAME_LEN];
	__u32	hook;			/* enum rex_hook */
	__u32	flags;			/* REX_ENTRY_* */
	__u64	fn;			/* __s32 (*)(context of the hook *) */
	__u32	ctx_size;		/* tracepoint: bytes of the record that it reads;
					   stream: of its own record per socket; else 0 */
	struct rex_filter filter;	/* xdp, tc; else 0 */
};

#define REX_ENTRY_FRAGS	1u		/* XDP: also takes frames of several buffers */
#define REX_ENTRY_LEAF	4u		/* XDP: calls nothing and never jumps back (rexc has looked): it
					   needs neither a stack of its own nor a watchdog */

/*
 * Sections ".rex.lines" and ".rex.files": where in the source the program's code
 * comes from. The lines are sorted by @offset; one holds until the next one's.
 */
struct rex_line {
	__u32	offset;			/* from the first byte of the program's own text */
	__u32	file;			/* of the name's first byte in .rex.files, NUL-terminated */
	__u32	line;			/* 0: no line is known from here on */
};

/*
 * Section ".rex.maps" (writable): one per map static. The first part is a
 * constant that librex reads to create the map (the user may want another size
 * of an array or hash map); the part from @map on is zero in the file. Both are
 * what rex.ko makes them when a map is bound, before the program can run for the
 * first time. Programs read it, and never write it.
 */
struct rex_map_def {
	char	name[REX_MAP_NAME_LEN];
	__u32	type;			/* enum bpf_map_type */
	__u32	key_size;		/* bytes */
	__u32	value_size;		/* bytes */
	__u32	max_entries;		/* arrays and hash maps: that of the map which is bound */
	__u32	flags;			/* BPF_F_* of map creation */
	__u32	__reserved;		/* 0 */
	/* bound at run time */
	__u64	map;			/* struct bpf_map * */
	__u64	base;			/* array: first value; per-CPU array: first per-CPU pointer */
	__u32	stride;			/* array: bytes from value to value; per-CPU array: 8 */
	__u32	index_mask;		/* array, per-CPU array: speculation mask */
};

/*
 * What a program gets from its hook. Lives in rex.ko, one per running
 * invocation. @data and @data_end bound the linear part of the packet (both 0
 * where the hook has no packet); every helper that may move the packet
 * refreshes them before it returns, whether it fails or not. @raw is rex.ko's
 * own and no program reads it; but in XDP, where all this is the beginning of
 * struct xdp_buff, it is data_meta: the metadata ends at @data, and there is
 * none when data_meta is not below @data.
 */
struct rex_ctx {
	__u64	data;			/* address of the first byte */
	__u64	data_end;		/* one past the last */
	__u64	raw;			/* private to rex.ko: the hook's own context */
};

/*
 * The contexts of the hooks, as programs get them:
 *
 *	xdp			struct xdp_buff: data, data_end, data_meta come first
 *	tc, cgroup_skb		struct rex_ctx
 *	kprobe			struct pt_regs
 *	tracepoint		the record, as tracefs' "format" file describes it; the
 *				first 8 bytes are the kernel's own
 *	perf_event		opaque: rex_perf_*() of rex_prog.h
 *	fentry, fexit, raw_tracepoint	struct rex_args
 *	stream			struct rex_stream
 */
#define REX_MAX_ARGS	12

struct rex_args {
	__u32	n;			/* valid elements of @arg */
	__u32	__reserved;
	__u64	ret;			/* fexit: what the function returned; else 0 */
	__u64	arg[REX_MAX_ARGS];
};

/*
 * What happens at a socket of the hook "stream". The socket is locked: of one socket, one
 * invocation runs at a time. A program changes nothing by itself: what it asks for is done after
 * it returned, and only with its verdict.
 */
enum rex_stream_event {
	REX_STREAM_READY,		/* TCP: unread bytes that the server could be spared. Not while a
					   call of its is half-way, nor within @skip */
	REX_STREAM_READ,		/* the server is about to get these bytes; UDP: or finds nothing */
	REX_STREAM_WROTE,		/* the kernel accepted these bytes from the server; UDP: is about to */
	REX_STREAM_CLOSED,		/* the socket goes; no bytes, and no other event follows. A listener
					   has no other. Of a connection without any other there is none,
					   unless with REX_STREAM_DETACHED */
};

/* The verdicts. 0, the safe one, says that the program did not run to its end. */
#define REX_STREAM_PASS		1
#define REX_STREAM_ANSWER	2	/* READY: send the reply, take @consume bytes off the queue */

#define REX_STREAM_NEW		1u	/* no event came before, and none of the socket's bytes is missing */
#define REX_STREAM_LOST		2u	/* events are missing since the last one that ran to its end, or
					   the program is another: its record is zero. READ without bytes:
					   the server may be about to get some that cannot be shown */
#define REX_STREAM_MORE		4u	/* @data is not all of this read or write: more events follow */
#define REX_STREAM_FULL		8u	/* READ: there are as many bytes as the read asks for: of the whole
					   read, whatever part of it @data is */
#define REX_STREAM_UDP		16u	/* one event is one datagram, or its part that is read */
#define REX_STREAM_IPV6		32u
#define REX_STREAM_DETACHED	64u	/* CLOSED: the hook leaves the socket, which goes on without it when
					   the program has returned */
#define REX_STREAM_LISTENER	128u	/* CLOSED: of a listener */
#define REX_STREAM_NAMED	256u	/* READ of UDP: the server asks who sent the datagram */

/* Events that a program can do without: @quiet. */
#define REX_STREAM_QUIET_READY	1u
#define REX_STREAM_QUIET_WROTE	2u
#define REX_STREAM_QUIET_BYTES	4u	/* the first write is shown, without bytes, but no later one */
#define REX_STREAM_QUIET	(REX_STREAM_QUIET_READY | REX_STREAM_QUIET_WROTE | REX_STREAM_QUIET_BYTES)

#define REX_STREAM_BYTES	16384	/* most of @data in one event */
#define REX_STREAM_ROOM		(80 * 1024) /* most of a reply */
#define REX_STREAM_RECORD	4096	/* most of a record */

struct rex_stream {
	__u64	data;			/* address of the bytes, all of them in one piece; read-only */
	__u64	reply;			/* READY: address of the room for a reply */
	__u64	record;			/* address of the socket's own record, 8-byte aligned, zero at first */
	__u64	socket;			/* an id of the socket, never used twice */
	__u64	sock;			/* address of its struct sock, to compare */
	__u32	len;			/* bytes of @data */
	__u32	room;			/* READY: bytes of @reply; what does not fit the send buffer is not offered */
	__u32	event;			/* enum rex_stream_event */
	__u32	flags;			/* REX_STREAM_* */
	__u32	asked;			/* READ: bytes that the server asked for, at most U32_MAX */
	__u32	tid;			/* READ, WROTE: the calling thread; else 0 */
	/* what the program asks for; 0 at first, but @limit */
	__u32	consume;		/* READY: bytes of @data that are answered */
	__u32	reply_len;		/* READY: bytes of @reply */
	__u32	limit;			/* READ: how many of @data the server gets, at first @len; > 0 */
	__u32	skip;			/* READ, WROTE: so many bytes behind @data are not to be shown,
					   nor those of later reads or writes; not with a smaller @limit */
	__u32	quiet;			/* READ of TCP: REX_STREAM_QUIET_*: events that are left out from
					   here to the next READ. What they would have shown, and @skip
					   would have left out, passes unseen, and nothing counts as lost */
	__u32	__reserved;
};

/* ---- generic netlink family ---------------------------------------------- */

#define REX_GENL_NAME		"rex"
#define REX_GENL_VERSION	1
#define REX_GENL_MCGRP_EVENTS	"events"

/*
 * All commands, and hearing events, need CAP_SYS_ADMIN in the initial user namespace, from any
 * network namespace. Whoever has it in a user namespace of its own can join the group there, and
 * hears nothing.
 */
enum rex_cmd {
	REX_CMD_UNSPEC,
	REX_CMD_INFO_GET,		/* do: -> INFO_* */
	REX_CMD_PROG_GET,		/* do: PROG_NAME; dump: all -> PROG_* */
	REX_CMD_PROG_SET,		/* PROG_NAME, any of PROG_ENABLED, PROG_BUDGET_US, PROG_TIMING, PROG_PARK */
	REX_CMD_MAP_BIND,		/* PROG_NAME, MAP_INDEX, FD of a BPF map */
	REX_CMD_HELPER_BIND,		/* HOOK, HELPER_ID (BPF_FUNC_*), FD of a BPF program calling just it */
	REX_CMD_EVENT,			/* multicast: EVENT_TYPE, PROG_*, for faults FAULT */
	REX_CMD_STREAM_ADD,		/* FD of a socket with ENTRY_SLOT and ENTRY_COOKIE, or STREAM_ID:
					   -> STREAM_ID. -EEXIST: it is in a stream already */
	REX_CMD_STREAM_GET,		/* dump: all -> STREAM_* */
	REX_CMD_STREAM_DEL,		/* STREAM_ID: gives up its sockets, which go on without */
	__REX_CMD_MAX,
};
#define REX_CMD_MAX (__REX_CMD_MAX - 1)

enum rex_attr {
	REX_A_UNSPEC,
	REX_A_PAD,

	REX_A_INFO_ABI,			/* u32: REX_ABI_VERSION of the module */
	REX_A_INFO_REFUSED,		/* u64: sum of ENTRY_REFUSED, also of what is unloaded */
	REX_A_INFO_STALE,		/* u64: shim calls with an unknown slot or cookie */
	REX_A_INFO_HELPER,		/* nest, several: HOOK, HELPER_ID of each bound helper */

	REX_A_PROG_NAME,		/* string: the module's name */
	REX_A_PROG_ID,			/* u64: never used twice while rex.ko is loaded */
	REX_A_PROG_STATE,		/* u32: enum rex_state */
	REX_A_PROG_ENABLED,		/* u8: 0 or 1; 1 also clears a crash */
	REX_A_PROG_BUDGET_US,		/* u32: longest run of one invocation, microseconds */
	REX_A_PROG_TIMING,		/* u8: measure run time (RUN_NS) */
	REX_A_PROG_TAINTED,		/* u8: crashed at least once since loading: maps may be half-written */
	REX_A_PROG_STACK,		/* u32: worst-case stack in bytes; 0: unbounded, checked at run time */
	REX_A_PROG_ENTRY,		/* nest, several: ENTRY_* */
	REX_A_PROG_MAP,			/* nest, several: MAP_* */
	REX_A_PROG_FAULT,		/* nest: the last fault, FAULT_* */

	REX_A_ENTRY_NAME,		/* string */
	REX_A_ENTRY_HOOK,		/* u32: enum rex_hook */
	REX_A_ENTRY_SLOT,		/* u32 */
	REX_A_ENTRY_COOKIE,		/* u64 */
	REX_A_ENTRY_RUNS,		/* u64: invocations that reached the program */
	REX_A_ENTRY_NS,			/* u64: nanoseconds spent, while PROG_TIMING was on */
	REX_A_ENTRY_PANICS,		/* u64 */
	REX_A_ENTRY_OVERRUNS,		/* u64: stopped by the watchdog */
	REX_A_ENTRY_OVERFLOWS,		/* u64: stack overflows */

	REX_A_MAP_INDEX,		/* u32: position in .rex.maps */
	REX_A_MAP_NAME,			/* string */
	REX_A_MAP_TYPE,			/* u32 */
	REX_A_MAP_KEY_SIZE,		/* u32 */
	REX_A_MAP_VALUE_SIZE,		/* u32 */
	REX_A_MAP_MAX_ENTRIES,		/* u32 */
	REX_A_MAP_FLAGS,		/* u32 */
	REX_A_MAP_BPF_ID,		/* u32: id of the bound BPF map; absent when none is bound */

	REX_A_HOOK,			/* u32: enum rex_hook */
	REX_A_HELPER_ID,		/* u32: enum bpf_func_id */
	REX_A_FD,			/* u32: a file descriptor of the calling process */

	REX_A_EVENT_TYPE,		/* u32: enum rex_event */

	REX_A_FAULT_KIND,		/* u32: enum rex_fault */
	REX_A_FAULT_ENTRY,		/* string */
	REX_A_FAULT_FILE,		/* string; absent when unknown */
	REX_A_FAULT_LINE,		/* u32 */
	REX_A_FAULT_COLUMN,		/* u32; absent when unknown */
	REX_A_FAULT_MESSAGE,		/* string */
	REX_A_FAULT_CPU,		/* u32 */
	REX_A_FAULT_FRAME,		/* nest, several, innermost first: FRAME_* */

	REX_A_FRAME_SYMBOL,		/* string: symbol+offset */
	REX_A_FRAME_FILE,		/* string; absent when unknown */
	REX_A_FRAME_LINE,		/* u32 */

	REX_A_ENTRY_CTX_SIZE,		/* u32: as in struct rex_entry_def */
	REX_A_ENTRY_REFUSED,		/* u64: not run: nested too deep, or no CPU to look after it */
	REX_A_ENTRY_FLAGS,		/* u32: as in struct rex_entry_def */
	REX_A_INFO_PREEMPT,		/* u32: enum rex_preempt */
	REX_A_PROG_GENERATION,		/* u32: how often it was enabled */
	REX_A_PROG_PARK,		/* u8: 1: when its module goes, park it; 0: do not, or end that */
	REX_A_MAP_SIZED,		/* flag: who bound it chose another size than the program says */

	REX_A_STREAM_ID,		/* u32: of a set of sockets that one entry serves; never used twice */
	REX_A_STREAM_ADDRESS,		/* 16 bytes: local address of its first socket; IPv4 as ::ffff:a.b.c.d */
	REX_A_STREAM_PORT,		/* u16: local port of its first socket, host order */
	REX_A_STREAM_PROTOCOL,		/* u32: IPPROTO_* of its first socket */
	REX_A_STREAM_NETNS,		/* u64: inode number of the network namespace */
	REX_A_STREAM_LISTENERS,		/* u32: sockets that listen */
	REX_A_STREAM_SOCKETS,		/* u32: all others */
	REX_A_STREAM_MISSED,		/* u64: connections without memory until the server's first call */
	REX_A_STREAM_ANSWERED,		/* u64: replies sent */
	REX_A_STREAM_BYTES,		/* u64: bytes of them */
	REX_A_STREAM_SHORT,		/* u64: replies of which a part had to wait */
	REX_A_STREAM_NO_ROOM,		/* u64: not answered: no room in the send buffer, or no memory */

	REX_A_ENTRY_FILTER,		/* struct rex_filter; absent when there is none */

	__REX_A_MAX,
};
#define REX_A_MAX (__REX_A_MAX - 1)

enum rex_state {
	REX_STATE_UNBOUND,		/* a map is not bound yet: safe verdict */
	REX_STATE_ENABLED,
	REX_STATE_DISABLED,		/* by the user: safe verdict */
	REX_STATE_CRASHED,		/* by a fault: safe verdict until enabled again */
	REX_STATE_PARKED,		/* its module is gone; its slots wait for the next one: safe verdict */
};

/* Where the kernel can be preempted at the moment (boot parameter preempt=). */
enum rex_preempt {
	REX_PREEMPT_NONE,
	REX_PREEMPT_VOLUNTARY,
	REX_PREEMPT_LAZY,
	REX_PREEMPT_FULL,
	REX_PREEMPT_RT,
};

enum rex_event {
	REX_EVENT_LOADED,
	REX_EVENT_UNLOADED,
	REX_EVENT_STATE,		/* enabled, disabled or bound */
	REX_EVENT_FAULT,
};

enum rex_fault {
	REX_FAULT_PANIC,
	REX_FAULT_OVERRUN,		/* ran longer than its budget */
	REX_FAULT_STACK,		/* stack overflow */
};

#endif /* _UAPI_REX_H */
