/* SPDX-License-Identifier: GPL-2.0-only */
/* What TCP connections have not sent yet. */
#ifndef _REX_BMC_UNSENT_H
#define _REX_BMC_UNSENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bmc_server;

struct bmc_unsent {
	struct bmc_unsent_at {
		uint32_t ports;
		uint32_t bytes;
	} *at;				/* by ports; malloc'ed */
	size_t n;
	bool failed;
};
/* How much the TCP connections of @server have not sent yet. */
int unsent_read(const struct bmc_server *server, struct bmc_unsent *u);
/* Whether it is known that connections of port @local to port @remote have sent all. */
bool unsent_is_none(const struct bmc_unsent *u, uint16_t local, uint16_t remote);

#endif /* _REX_BMC_UNSENT_H */
