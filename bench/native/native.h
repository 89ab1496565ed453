/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One packet through one accelerator, many times, on this machine's own CPU.
 *
 * A runner is a way to do that. Each runs its program and its @stub, which does what is around the
 * program: the packet is made the request again, and grows to the length of its reply. What
 * the program takes is the difference.
 */
#ifndef NATIVE_H
#define NATIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "counted.h"
#include "insn.h"

struct packet {
	char name[32];
	struct frame request, reply;
	bool hit;			/* answered with @reply, else passed */
};

struct runner {
	const char *name;
	/* Once, before the others: puts the reply into the cache. */
	void (*fill)(const struct runner *r, const struct packet *p);
	/* Runs @p @n times. Returns the nanoseconds; @out, if not NULL, is the last result. */
	double (*run)(const struct runner *r, const struct packet *p, bool stub, unsigned int n,
		      struct frame *out);
	void *self;
};

#define NATIVE_ENTRIES	(1 << 12)	/* of each eBPF cache */

double now_ns(void);

/* eBPF in this kernel: the object at @path; with the checks it is told the server's address. */
struct runner ebpf_runner(const char *name, const char *path);
/* The same C, compiled for this CPU. */
struct runner ebpf_c_runner(void);
/* The machine code of rex_bmc.ko. */
struct runner rex_runner(void);
/* Calls @begin before, and @end behind each run of it; NULL: no longer. */
void rex_trace(void (*begin)(void), void (*end)(void));

/* Prints "PACKET\tADDRESS\tTIMES" for each instruction that @rex runs for a packet. Returns 0. */
int profile(const struct runner *rex, const struct packet *packets, int n);

/* Whether both answer variants of @hit that are right, and pass on those that are not. Returns 0. */
int compare_checks(const struct packet *hit, const struct runner *ebpf_checked, const struct runner *rex);

/*
 * A frame in memory as drivers have them, and what both native runners do around their programs.
 * In the low 4 GiB: struct xdp_md has 32-bit pointers.
 */
struct room {
	unsigned char *data, *end, *page;
};
struct room *room(void);
/* As the kernel's: more bytes are zeroed. Returns 0, or -1 when there is no room. */
int room_adjust_tail(struct room *room, int delta);

/* How a native runner is measured: @call gets the frame in room(). */
double native_run(const struct packet *p, bool stub, unsigned int n, struct frame *out,
		  unsigned int (*call)(struct room *room));

#endif /* NATIVE_H */
