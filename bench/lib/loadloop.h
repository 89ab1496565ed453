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

#include "choice.h"
#include "mc/conn.h"
#include "tally.h"

struct search;
struct series;

#define BURST	32

struct drops {
	uint64_t missed, errors, no_buffer;
};

struct wire {
	const char *client;	/* "af_xdp", "af_packet", "socket" ... */
	void *ctx;
	const struct keyset *keys;
	uint32_t ports;
	/* Send the first of @n requests; returns how many left (0..n) or -errno. */
	int (*send)(struct wire *w, const struct request *r, unsigned int n);
	/* Up to @max (<= BURST) datagrams, or -errno. With @idle it may sleep a little. */
	int (*recv)(struct wire *w, struct datagram *d, unsigned int max, bool idle);
	bool timeless;		/* the replies are of another time: no latency */
	bool more;		/* the last recv may have left datagrams behind */
	/* Frames that reached the port and not us: no loss of the server's. NULL: it cannot tell. */
	void (*drops)(struct wire *w, struct drops *d);
};

struct load {
	uint32_t window;	/* closed loop: requests in flight */
	double rate;		/* open loop: requests per second; 0 = closed loop */
	bool poisson;		/* open loop: at random times, not at equal distances */
	double seconds;		/* stop sending after this time */
	uint64_t requests;	/* and after so many; 0 = no such limit */
	double discard;		/* load for so many seconds first, counted apart */
	struct mix mix;
	uint64_t seed;
	uint64_t timeout_ns;	/* a request without reply is lost after this time */
	bool may_lose;		/* a closed loop may lose requests: overload is intended */
	bool warm_up;		/* first ask for every key once, counted apart */
	bool progress;		/* a line a second to standard error */
	struct series *series;	/* the run's seconds, or NULL */
};

/* What is counted apart; a late reply belongs to the phase of its request. */
enum phases { PHASE_WARM, PHASE_DISCARD, PHASE_RUN, PHASES };

struct result {
	struct counts counts[PHASES];
	struct samples bad;	/* the first bad replies of each kind */
	bool interrupted;
};

/* Set by a signal handler: stop sending, collect what is in flight, report. */
extern volatile sig_atomic_t drive_stop;

/* Install that handler for SIGINT and SIGTERM. */
void drive_catch_signals(void);

/* Run the load. Returns 0 if it ran (however bad the replies were) or -errno. */
int drive(struct wire *w, const struct load *l, struct result *res);

/*
 * The same, with the highest rate that @s finds: its trials are runs of @l at other rates. The
 * result's run is that of the highest rate that passed, or of the last one that failed if none did.
 */
int drive_search(struct wire *w, const struct load *l, struct search *s, struct result *res);

#endif
