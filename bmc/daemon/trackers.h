/* SPDX-License-Identifier: GPL-2.0-only */
/* The program's trackers. */
#ifndef _REX_BMC_TRACKERS_H
#define _REX_BMC_TRACKERS_H

#include <stdbool.h>

struct bmc_parts;

int trackers_attach(struct bmc_parts *parts);
int trackers_hold(struct bmc_parts *parts);
/* false: one is not pinned any more. @which: its function. */
bool trackers_attached(const struct bmc_parts *parts, const char **which);

#endif /* _REX_BMC_TRACKERS_H */
