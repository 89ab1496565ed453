/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's sockets, in this network namespace. */
#ifndef _REX_BMC_SOCKETS_H
#define _REX_BMC_SOCKETS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bmc_socket {
	struct in6_addr address;	/* IPv4 as ::ffff:a.b.c.d */
	uint16_t port;
	bool udp, v6;
	unsigned long inode;
};

/* "10.0.0.1:11211", "[::1]:11211" */
const char *socket_text(const struct bmc_socket *s, char *text, size_t size);

struct bmc_sockets {
	struct bmc_socket *at;		/* by inode; malloc'ed */
	size_t n;
	bool failed;
};
/* All that wait for anybody: TCP that listens, UDP. */
int sockets_read(struct bmc_sockets *s);
const struct bmc_socket *sockets_find(const struct bmc_sockets *s, unsigned long inode);
/* Whether anybody listens on TCP port @port. */
bool sockets_listen(uint16_t port);

struct socket_line {
	struct bmc_socket socket;
	unsigned int state, remote_port;
	unsigned long unsent;
};
/* Not 0: no more. */
typedef int see_socket(const struct socket_line *l, void *arg);
/* Each TCP socket in one of @states, at @port (0: any), until @see says stop. */
void each_tcp(uint32_t states, uint16_t port, see_socket *see, void *arg);
/* For one more behind the @n elements of @size bytes at *@at; false: out of memory. */
bool make_room(void **at, size_t n, size_t size);

#endif /* _REX_BMC_SOCKETS_H */
