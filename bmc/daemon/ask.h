/* SPDX-License-Identifier: GPL-2.0-only */
/* Memcached's own answers. */
#ifndef _REX_BMC_ASK_H
#define _REX_BMC_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bmc_server;
struct bmc_socket;
struct patience;

/* A connection to @s (TCP), or a bound and connected UDP socket. -1: refused. */
int ask_connect(const struct bmc_socket *s);
/* To the first of @server's TCP sockets. -1: refused. */
int ask_server(const struct bmc_server *server);
bool ask_is_mptcp(const struct bmc_socket *s);
/* Send @command (without CRLF) and read until END or a line that is no STAT. malloc'ed. */
char *ask(int fd, const char *command);
/* The same as ask(), while there is patience (NULL: until nothing has come for 2 s). */
char *ask_within(int fd, const char *command, const struct patience *p);
/* The value of "STAT @name value" in an answer. */
bool ask_stat(const char *answer, const char *name, char *value, size_t size);

#endif /* _REX_BMC_ASK_H */
