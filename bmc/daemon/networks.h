/* SPDX-License-Identifier: GPL-2.0-only */
/* VLANs above the interfaces, and broadcast addresses, for the program. */
#ifndef _REX_BMC_NETWORKS_H
#define _REX_BMC_NETWORKS_H

struct bmc_config;
struct bmc_meta;
struct rex_program;

int networks_write(const struct rex_program *p, const struct bmc_config *c, struct bmc_meta *meta);

#endif /* _REX_BMC_NETWORKS_H */
