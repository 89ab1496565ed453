/* SPDX-License-Identifier: GPL-2.0-only */
/* Where GETs are answered. */
#ifndef _REX_BMC_DEVS_H
#define _REX_BMC_DEVS_H

#include <net/if.h>
#include <rex/librex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"

struct bmc_dev {
	char wanted[BMC_DEV_LEN];	/* as it was given */
	enum rex_xdp_mode fixed;	/* by --mode, or REX_XDP_ANY */
	char name[IF_NAMESIZE];		/* as it is called */
	uint32_t index;			/* of the interface where XDP was attached; 0: there is none now */
	bool ours;			/* our program runs there */
	enum rex_xdp_mode mode;
	char note[512];			/* why not, behind "DEV, " */
	/* of the daemon */
	bool off;			/* to be attached */
	int64_t try_at, vlans_at;
	unsigned int errors;
	uint32_t seen;			/* of which interface the following were seen; 0: none */
	uint32_t xdp[3], link;
};
/* @d->wanted is there. A failure is for the caller to undo. */
int devs_attach(const struct rex_program *p, struct bmc_dev *devs, size_t n);
/* Look again, and attach where it is due. */
void dev_look(const struct rex_program *p, struct bmc_dev *d);
/* Only look, for others than the daemon; it may have left a note. */
void dev_see(const struct rex_program *p, struct bmc_dev *d);
bool devs_answer(const struct bmc_dev *devs, size_t n);
/* "native", "generic", "none" */
const char *dev_mode_name(const struct bmc_dev *d);
/* "eth0 (native)", "eth0, where ..." */
const char *dev_text(const struct bmc_dev *d, char *text, size_t size);

#endif /* _REX_BMC_DEVS_H */
