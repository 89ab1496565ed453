/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel, the memory, the interfaces. */
#ifndef _REX_BMC_MACHINE_H
#define _REX_BMC_MACHINE_H

struct bmc_config;
struct rex;

int machine_check(const struct bmc_config *config);
/* Whether processes have the numbers here that the kernel gives them. */
int machine_check_pidns(void);
/* Preemption that lets the kernel skip a tracker. */
int machine_check_preemption(struct rex *rex);

#endif /* _REX_BMC_MACHINE_H */
