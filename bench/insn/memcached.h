/* SPDX-License-Identifier: GPL-2.0-only */
/* The real memcached in the counting VM: the Rex accelerator is filled by its replies only. */
#ifndef MEMCACHED_H
#define MEMCACHED_H

#include <stddef.h>

/* Sets @key to a value of @len bytes of value_bytes(), over TCP. */
void server_set(const char *key, size_t len);
/* GETs it over UDP, by the server's own loopback, where no XDP program is. */
void server_get(const char *key);
/*
 * Instructions that a SET of a key of 16 bytes takes from the call to the reply, on both sides: the
 * least of many, without what the scheduler does now and then. To the memcached at MC_PORT, where the key is in the accelerator's cache, or to one at
 * OTHER_PORT that the accelerator has nothing to do with.
 */
unsigned int server_count_sets(unsigned int port, size_t value_len);

#define SERVER		"10.77.0.1"	/* the server's end of topology/veth/lab */
#define OTHER_PORT	11311
#define SETS		500			/* of which server_count_sets() takes the least */

#endif /* MEMCACHED_H */
