/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether several CPUs answer. */
#ifndef _REX_BMC_QUEUES_H
#define _REX_BMC_QUEUES_H

#include "config.h"

/* Warns of each interface that leaves all of its GETs to one CPU. */
void queues_warn(const struct bmc_config *c);

#endif /* _REX_BMC_QUEUES_H */
