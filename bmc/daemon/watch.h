/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _REX_BMC_WATCH_H
#define _REX_BMC_WATCH_H

struct bmc_parts;
struct bmc_runfile;
struct bmc_server;

/* Until SIGTERM, SIGINT or SIGHUP; then everything is undone. */
int watch(struct bmc_parts *parts, struct bmc_runfile *runfile, struct bmc_server *server);

#endif /* _REX_BMC_WATCH_H */
