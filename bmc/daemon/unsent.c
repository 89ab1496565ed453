// SPDX-License-Identifier: GPL-2.0-only
/* What a server's TCP connections have not sent yet. */
#include <stdlib.h>
#include <string.h>

#include "server.h"
#include "sockets.h"
#include "unsent.h"
#include "why.h"

/* ESTABLISHED, FIN_WAIT1, FIN_WAIT2, CLOSE_WAIT, LAST_ACK: accepted, and not over. */
#define CONNECTIONS	(1u << 1 | 1u << 4 | 1u << 5 | 1u << 8 | 1u << 9)

static int add_unsent(const struct socket_line *l, void *arg)
{
	struct bmc_unsent *u = arg;

	if (!make_room((void **)&u->at, u->n, sizeof(*u->at))) {
		u->failed = true;
		return 1;
	}
	u->at[u->n].ports = (uint32_t)l->socket.port << 16 | l->remote_port;
	u->at[u->n++].bytes = l->unsent;
	return 0;
}

static int by_ports(const void *a, const void *b)
{
	uint32_t x = ((const struct bmc_unsent_at *)a)->ports;
	uint32_t y = ((const struct bmc_unsent_at *)b)->ports;

	return (x > y) - (x < y);
}

int unsent_read(const struct bmc_server *server, struct bmc_unsent *u)
{
	memset(u, 0, sizeof(*u));
	for (size_t i = 0; i < server->n_sockets; i++) {
		bool again = server->sockets[i].udp;

		for (size_t k = 0; k < i; k++)
			again |= !server->sockets[k].udp &&
				 server->sockets[k].port == server->sockets[i].port;
		if (!again)
			each_tcp(CONNECTIONS, server->sockets[i].port, add_unsent, u);
	}
	if (u->failed) {
		free(u->at);
		return refuse("out of memory");
	}
	if (u->n)
		qsort(u->at, u->n, sizeof(*u->at), by_ports);
	return 0;
}

bool unsent_is_none(const struct bmc_unsent *u, uint16_t local, uint16_t remote)
{
	const struct bmc_unsent_at key = { .ports = (uint32_t)local << 16 | remote };
	const struct bmc_unsent_at *found, *end = u->at + u->n;

	found = u->n ? bsearch(&key, u->at, u->n, sizeof(key), by_ports) : NULL;
	/* One that was passed over while others came and went is asked about again. */
	if (!found)
		return false;
	while (found > u->at && found[-1].ports == key.ports)
		found--;
	for (; found < end && found->ports == key.ports; found++)
		if (found->bytes)
			return false;
	return true;
}
