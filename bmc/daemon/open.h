/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _REX_BMC_OPEN_H
#define _REX_BMC_OPEN_H

struct bmc_parts;

/* 0, or an exit status. */
int need_root(void);
/* The loaded accelerator for a command that looks at it. Returns an exit status. */
int bmc_open(struct bmc_parts *parts);

#endif /* _REX_BMC_OPEN_H */
