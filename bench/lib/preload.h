/* SPDX-License-Identifier: GPL-2.0-only */
/* memcached over TCP on an ordinary socket: filling the server, reading its counters. */
#ifndef BENCH_PRELOAD_H
#define BENCH_PRELOAD_H

#include <netinet/in.h>
#include <stdint.h>

#include "dataset.h"

/* "ADDRESS" or "ADDRESS:PORT" (IPv4, default port 11211). @what names the option. */
int addr_parse(struct sockaddr_in *a, const char *what, const char *text);

/*
 * The generators put load on what they are pointed at: only addresses of private,
 * link-local, loopback and benchmark networks are accepted.
 */
int addr_allowed(const struct sockaddr_in *a);

/* Set all keys of the set; each must be answered with STORED. Returns 0 or -errno. */
int preload(const struct sockaddr_in *a, const struct keyset *k);

/* The value of one line of memcached's "stats", as text. -ENOENT if it has no such line. */
int server_stat(const struct sockaddr_in *a, const char *name, char *value, size_t size);

#endif
