/* SPDX-License-Identifier: GPL-2.0-only */
/* The loaded BPF maps, and the counters of an accelerator: a per-CPU array of u64. Needs -lbpf. */
#ifndef MC_COUNTER_H
#define MC_COUNTER_H

#include <linux/bpf.h>
#include <stdint.h>

/* The fd of the first map behind @id that can be opened, with its @id and @info; -1: no more. */
int next_map(uint32_t *id, struct bpf_map_info *info);

/* A loaded array by its name, in any case (Rust's statics are upper case): its fd, or -1. */
int counters_open(const char *name);
/* The sum over all CPUs. 0, or -1 with errno. */
int counter_sum(int fd, uint32_t index, uint64_t *sum);

#endif
