/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _REX_BMC_NOW_H
#define _REX_BMC_NOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../shared.h"
#include "config.h"
#include "devs.h"
#include "parts.h"
#include "runfile.h"

struct bmc_now {
	struct bmc_parts parts;		/* of bmc_open() */
	struct bmc_runfile runfile;
	bool known;			/* there is a run file */
	pid_t daemon;			/* 0: none */
	uint32_t state;
	int32_t server;
	uint64_t memory, values[__BMC_STATS];
	char reason[1200];		/* "": hits are given */
	struct bmc_dev devs[BMC_MAX_DEVS];
	size_t n_devs;
};
/* All but the parts, which are there. Goes to the network namespace where it was started. */
int now_collect(struct bmc_now *now);
/* "running", ... */
const char *now_state(const struct bmc_now *now);

#endif /* _REX_BMC_NOW_H */
