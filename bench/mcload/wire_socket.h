/* SPDX-License-Identifier: GPL-2.0-only */
/* Ordinary UDP sockets as the wire: the generator for where DPDK cannot run. */
#ifndef MCLOAD_SOCK_H
#define MCLOAD_SOCK_H

#include <netinet/in.h>

#include "loadloop.h"

#define SOCK_BUF	2048

struct sock {
	struct wire wire;
	struct sockaddr_in server;
	int fd[64];		/* one per source port */
	uint16_t port[64];	/* its number, host byte order */
	int epoll;
	uint8_t buf[BURST][SOCK_BUF];
};

/* Open @ports (1..64) sockets to @server and fill @s->wire. Returns 0 or -errno. */
int sock_open(struct sock *s, const struct sockaddr_in *server, uint32_t ports);
void sock_close(struct sock *s);

#endif
