/* SPDX-License-Identifier: GPL-2.0-only */
/* The eBPF accelerator (bmc/ebpf), which Rex is measured beside. */
#ifndef INSN_BASELINE_H
#define INSN_BASELINE_H

#include <linux/types.h>

#include "bmc.h"
#include "counted.h"

struct bpf_object;

/* Of a cache with @entries, a power of two, on the server of counted.c's frames. */
#define BASELINE_CONFIG(entries)						\
	{ .seed = 0x0123456789abcdefULL, .mask = (entries) - 1,			\
	  .addr = SERVER_ADDR, .mac = SERVER_MAC }

/* Loads what bpf_object__open...() gave, with so many entries. Dies, also when that is NULL. */
void baseline_load(struct bpf_object *obj, const char *name, __u32 entries);
/* The fd of a program of it. */
int baseline_prog(struct bpf_object *obj, const char *name);

#endif
