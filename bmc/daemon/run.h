/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _REX_BMC_RUN_H
#define _REX_BMC_RUN_H

#include <stdbool.h>

struct bmc_parts;
struct bmc_server;
struct patience;

bool server_lives(const struct bmc_server *server);
/* Attach the program to the server's sockets, and see that it sees what is read. State is TRACK. */
int run_test(struct bmc_parts *parts, const struct bmc_server *server);
/* When all is done that was read before: state RUN. */
int run_begin(struct bmc_parts *parts, const struct bmc_server *server,
	      const struct patience *p);

#endif /* _REX_BMC_RUN_H */
