/* SPDX-License-Identifier: GPL-2.0-only */
/* The program's entry at the server's sockets. */
#ifndef _REX_BMC_STREAM_H
#define _REX_BMC_STREAM_H

#include <stdbool.h>
#include <stdint.h>

struct bmc_parts;
struct bmc_server;

/* Away from any other process's sockets, before the program is told of @server. */
int stream_prepare(struct bmc_parts *parts, const struct bmc_server *server);
/* At all ports that @server has. */
int stream_attach(struct bmc_parts *parts, const struct bmc_server *server);
/* At what memcached has accepted meanwhile, and had before the program was there. */
int stream_rescan(const struct bmc_parts *parts, const struct bmc_server *server);
/* One that was found again: whether it is at all ports that @server has. */
bool stream_hold(struct bmc_parts *parts, const struct bmc_server *server);
/* Whether it is where it was attached. */
bool stream_attached(const struct bmc_parts *parts);
/* Connections that it serves, and how many there are at all. */
int stream_connections(const struct bmc_parts *parts, uint32_t *ours, uint32_t *all);

#endif /* _REX_BMC_STREAM_H */
