/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the TCP load share. */
#ifndef BENCH_STREAM_LOAD_H
#define BENCH_STREAM_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mc/conn.h"
#include "mc/proto.h"

#define KEY_LEN		16
#define KEYS_MAX	32	/* per GET */
#define WATCHED		8

struct watched {
	const char *name;
	int pid;
	uint64_t before, after;	/* run time of its threads, ns */
};

struct load {
	const char *address;
	union mc_addr server;
	uint16_t port;
	bool preload;
	uint32_t connections, pipeline, keys_per_get, value, keys, hits, sets, seed;
	uint64_t count, warm_up;
	int patience_ms;
	char *tail;		/* every value, and the end of its line */
	struct watched watched[WATCHED];
	unsigned int n_watched;
};

struct request {
	bool is_set;
	uint32_t key[KEYS_MAX];
};

/* Where in the reply to a request a connection is. */
struct expect {
	const struct request *request;
	uint32_t block;		/* of its keys; behind them: the last line */
	bool in_value;
	bool done;
	size_t at;		/* in that line, or in the value with its line end */
	char line[64];
	size_t line_len;
};

struct conn {
	int fd;
	struct request *request;	/* of the batch */
	uint32_t answered;
	struct expect expect;
};

/* Keeps the text for nobody: says it on stderr. Returns -1. */
int load_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* expect.c: the replies, as memcached must give them */
int expect_init(struct load *load);
void expect_begin(const struct load *load, struct expect *e, const struct request *request);
/* How many of @bytes continue the reply; 0: none does. Stops at its end. */
size_t expect_bytes(const struct load *load, struct expect *e, const char *bytes, size_t len);
static inline bool expect_done(const struct expect *e)
{
	return e->done;
}

/* watch.c: run time of threads, from /proc/PID/task/TID/schedstat */
int watch_add(struct load *load, char *spec);
int watch_begin(struct load *load);
int watch_end(struct load *load);
/* NAME, a tab and nanoseconds per request, for each and for "all" of them. */
void watch_print(const struct load *load);

#endif
