/* SPDX-License-Identifier: GPL-2.0-only */
/* Sockets to a memcached. Failures are -1 with errno: how to say it, and to whom, is the caller's. */
#ifndef MC_CONN_H
#define MC_CONN_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

union mc_addr {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* An IPv4 or IPv6 address as text; false if it is neither. */
bool mc_addr_set(union mc_addr *a, const char *text, uint16_t port);

/* Enter the network namespace that "ip netns" knows by @name. */
int mc_enter(const char *name);

#define CONNECT_MS 20000	/* a busy machine can take long, and none of it is memcached's */

/*
 * Connected; @type SOCK_STREAM (without delay) or SOCK_DGRAM. @ms: the limit of each read and
 * write, 0: none. Connecting may take CONNECT_MS.
 */
int mc_connect(const union mc_addr *to, int type, unsigned int ms);

/* All of @bytes. */
int mc_send(int fd, const void *bytes, size_t len);

/* Reads @n times STORED, all that may come; EPROTO if something else does. */
int mc_stored(int fd, unsigned int n);

/* The value of one line of "stats", as text, over TCP. ENOENT if it has no such line. */
int mc_stat(int fd, const char *name, char *value, size_t size);

/* UDP: one request of one datagram ... */
int mc_ask(int fd, uint16_t id, const void *text, size_t len);
/*
 * ... and its whole reply, without frame headers; what comes with another id is ignored. Returns
 * the length. *@datagrams, unless NULL: how many it took.
 */
ssize_t mc_answer(int fd, uint16_t id, void *reply, size_t size, unsigned int *datagrams);

/* CLOCK_MONOTONIC */
uint64_t now_ns(void);

#endif
