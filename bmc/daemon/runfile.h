/* SPDX-License-Identifier: GPL-2.0-only */
/* What a start leaves for later commands, and the lock of the daemon. */
#ifndef _REX_BMC_RUNFILE_H
#define _REX_BMC_RUNFILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "config.h"
#include "devs.h"

#define BMC_RUN_DIR	"/run/rex"
#define BMC_RUN_FILE	BMC_RUN_DIR "/bmc"

struct bmc_runfile {
	struct bmc_config config;
	struct bmc_dev devs[BMC_MAX_DEVS];	/* of each: index, note */
	uint64_t netns;			/* inode */
	bool runtime;			/* rex.ko was loaded by this start */
	char reason[1024];		/* why hits are off, as far as the daemon knows */
};
/* An fd that holds the lock; -1, refused: another process has it. */
int runfile_lock(void);
/* The daemon's pid, 0: none. */
pid_t runfile_daemon(void);
int runfile_write(const struct bmc_runfile *r);
/* false: there is none. */
bool runfile_read(struct bmc_runfile *r);
void runfile_remove(void);
uint64_t netns_inode(void);
/* Into the network namespace where start worked: ours, the daemon's, that of @server, a named one. */
int runfile_enter_netns(const struct bmc_runfile *r, pid_t server);

#endif /* _REX_BMC_RUNFILE_H */
