/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two sides: eBPF objects, and Rex programs behind their shims. Objects, programs and
 * maps have the same names on both, so that a row is measured by the same code.
 */
#ifndef SIDE_H
#define SIDE_H

#include <stdbool.h>
#include <linux/types.h>

enum side { EBPF, REX, SIDES };

struct bpf_object;
struct bpf_program;

/* A program that is loaded by itself: side_unload() ends it, and what is attached with it. */
struct loaded {
	struct bpf_object *obj;
	struct bpf_program *prog;
};

/* Where the built eBPF and Rex objects are. */
void side_init(const char *dir);
/* What is the case on @side, for the rows that cannot be measured; valid until the next call. */
const char *side_why(void);
/* The fd of a program that shares its maps with the others of @object. */
int side_fd(enum side side, const char *object, const char *program);
int side_map(enum side side, const char *object, const char *map);
/*
 * A program of its own. @target: the function or tracepoint that it is for, when its hook
 * wants to know that before it is loaded, or NULL; @n_args: of a tracepoint. False, with
 * side_why(): not possible.
 */
bool side_load(enum side side, const char *object, const char *program, const char *target,
	       int n_args, struct loaded *loaded);
void side_unload(struct loaded *loaded);

/* How often the Rex program itself ran so far. */
__u64 side_rex_runs(const char *object, const char *program);

#endif /* SIDE_H */
