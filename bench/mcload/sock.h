/* SPDX-License-Identifier: GPL-2.0-only */
/* Ordinary UDP sockets as the wire: the generator for where DPDK cannot run. */
#ifndef MCLOAD_SOCK_H
#define MCLOAD_SOCK_H

#include <netinet/in.h>

#include "drive.h"

struct sock {
	struct wire wire;
	int fd[64];		/* one per source port, connected to the server */
	int epoll;
	uint8_t buf[BURST][2048];
};

/* Open @ports (1..64) sockets to @server and fill @s->wire. Returns 0 or -errno. */
int sock_open(struct sock *s, const struct sockaddr_in *server, uint32_t ports);
void sock_close(struct sock *s);

#endif
