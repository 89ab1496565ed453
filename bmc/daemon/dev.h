/* SPDX-License-Identifier: GPL-2.0-only */
/* Interfaces. */
#ifndef _REX_BMC_DEV_H
#define _REX_BMC_DEV_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

struct bmc_config;

struct bmc_if {
	uint32_t index, below, master;	/* @below: the one that a VLAN is on, a veth's other end */
	int below_netns;		/* id, -1: this one */
	char name[IF_NAMESIZE], kind[16];
	int vlan;			/* id, -1: none */
	bool has_native;		/* an XDP program in native mode */
	uint32_t xdp[3];		/* BPF programs there: the only one; native; generic */
};
/* By @name, which may be an alternative one, or by @index (@name NULL). @i->index 0: there is none. */
int if_find(const char *name, uint32_t index, struct bmc_if *i);
/* Whether replies of a program in native mode would be lost. */
bool if_needs_generic(const struct bmc_if *i);
/* Whether VLANs above it can be told apart by XDP. */
int if_check_vlans(const struct bmc_if *i);
int devs_check(const struct bmc_config *config);
/* VLAN ids of the interfaces above @devs, 4096 bits. How many there are, or -1: refused. */
int devs_vlans(const struct bmc_config *config, uint64_t vlans[64]);

#endif /* _REX_BMC_DEV_H */
