/* SPDX-License-Identifier: GPL-2.0-only */
/* The map bmc_meta, shared with the program. */
#ifndef _REX_BMC_META_H
#define _REX_BMC_META_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../shared.h"

struct rex_program;

int meta_map(const struct rex_program *p, struct bmc_meta **meta);
void meta_unmap(struct bmc_meta *meta);
#define meta_get(field)		__atomic_load_n(&(field), __ATOMIC_SEQ_CST)
#define meta_set(field, v)	__atomic_store_n(&(field), v, __ATOMIC_SEQ_CST)
/* Whether it was @old, which is what it is otherwise, and is @new now. */
#define meta_exchange(field, old, new) \
	__atomic_compare_exchange_n(&(field), &(old), new, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)
/* Which datagrams are for the program; 0: none. */
int meta_port(const struct rex_program *p, struct bmc_meta *meta, uint16_t port);
void meta_new_epoch(const struct rex_program *p, struct bmc_meta *meta);
/* From TRACK to RUN, unless the server is another one than @pid or has died. */
bool meta_run(struct bmc_meta *meta, pid_t pid, uint32_t generation);

#endif /* _REX_BMC_META_H */
