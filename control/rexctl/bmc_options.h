/* SPDX-License-Identifier: GPL-2.0-only */
/* What the accelerator was started with; asked of rex-bmc, which also starts and stops it. */
#ifndef _REXCTL_BMC_OPTIONS_H
#define _REXCTL_BMC_OPTIONS_H

#include "rexctl.h"

struct bmc_options {
	uint32_t port, max_age_us;
	uint64_t bytes;
	bool tcp, udp;
	char mode[16];			/* "any": not said */
	char dev[2048];			/* with commas between; may be empty */
};
/* Of the one that runs, malloc'ed; *@options NULL: none does. An exit status. */
int bmc_now(struct rex *rex, struct bmc_options **options);
/* Exit statuses, and the user was told. */
int bmc_start(const struct bmc_options *options);
int bmc_stop(void);
/* As rex.conf(5) has it; returns @text. */
const char *bmc_max_age(const struct bmc_options *o, char text[32]);

#endif /* _REXCTL_BMC_OPTIONS_H */
