/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _REX_BMC_SETTINGS_H
#define _REX_BMC_SETTINGS_H

#include <stdint.h>

struct bmc_server;

/* Ask the server what it is; refuses what cannot be accelerated safely. */
int settings_check(struct bmc_server *server);
/* Seconds until a flush_all with delay that it was given comes due; < 0: due, or none was given. */
int settings_flush(const struct bmc_server *server, int64_t *flush_in);

#endif /* _REX_BMC_SETTINGS_H */
