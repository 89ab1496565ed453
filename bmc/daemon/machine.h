/* SPDX-License-Identifier: GPL-2.0-only */
/* The memory and the interfaces. */
#ifndef _REX_BMC_MACHINE_H
#define _REX_BMC_MACHINE_H

struct bmc_config;

int machine_check(const struct bmc_config *config);

#endif /* _REX_BMC_MACHINE_H */
