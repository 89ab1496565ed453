/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The load loop: which request leaves when, what became of it. It knows nothing of
 * how datagrams travel; a struct wire does (DPDK port, sockets).
 */
#ifndef BENCH_LOADLOOP_H
#define BENCH_LOADLOOP_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "mc/conn.h"
#include "tally.h"

#define BURST	32

struct wire {
	const char *client;	/* "af_xdp", "af_packet", "socket" ... */
	void *ctx;
	const struct keyset *keys;
	uint32_t ports;
	/* Send the first of @n requests; returns how many left (0..n) or -errno. */
	int (*send)(struct wire *w, const struct request *r, unsigned int n);
	/* Up to @max (<= BURST) datagrams, or -errno. With @idle it may sleep a little. */
	int (*recv)(struct wire *w, struct datagram *d, unsigned int max, bool idle);
	bool more;		/* the last recv may have left datagrams behind */
};

struct load {
	uint32_t window;	/* closed loop: requests in flight */
	double rate;		/* open loop: requests per second; 0 = closed loop */
	double seconds;		/* stop sending after this time */
	uint64_t requests;	/* and after so many; 0 = no such limit */
	double theta;		/* zipf exponent, 0 = uniform */
	uint64_t seed;
	uint64_t timeout_ns;	/* a request without reply is lost after this time */
	bool may_lose;		/* a closed loop may lose requests: overload is intended */
	bool warm_up;		/* first ask for every key once, counted apart */
	bool progress;		/* a line a second to standard error */
};

struct result {
	struct counts warm, run;
	struct samples bad;	/* the first bad replies of each kind */
	bool interrupted;
};

/* Set by a signal handler: stop sending, collect what is in flight, report. */
extern volatile sig_atomic_t drive_stop;

/* Install that handler for SIGINT and SIGTERM. */
void drive_catch_signals(void);

/* Run the load. Returns 0 if it ran (however bad the replies were) or -errno. */
int drive(struct wire *w, const struct load *l, struct result *res);

#endif
