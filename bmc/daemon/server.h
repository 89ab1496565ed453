/* SPDX-License-Identifier: GPL-2.0-only */
/* Which process serves the port, and what else it listens on. */
#ifndef _REX_BMC_SERVER_H
#define _REX_BMC_SERVER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sockets.h"

#define BMC_MAX_SOCKETS	64

struct bmc_server {
	pid_t pid;
	int pidfd;			/* -1: none */
	struct bmc_socket sockets[BMC_MAX_SOCKETS];
	size_t n_sockets;
	uint16_t udp_port;
	/* settings.c */
	char version[32];
	uint32_t maxconns, threads, idle_timeout;
};
/* Refuses when it cannot be told, or has sockets that cannot be watched. */
int server_find(uint32_t port, struct bmc_server *server);
/* Whether GETs come to it that can be answered. */
int server_check_udp(const struct bmc_server *server);
void server_forget(struct bmc_server *server);

#endif /* _REX_BMC_SERVER_H */
