/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The load loop: which request leaves when, what became of it. It knows nothing of
 * how datagrams travel; a struct wire does (DPDK port, sockets).
 */
#ifndef BENCH_DRIVE_H
#define BENCH_DRIVE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "hist.h"
#include "keys.h"
#include "track.h"

#define BURST	32

struct datagram {
	uint32_t port;		/* our source port's number, 0..ports-1 */
	const uint8_t *payload;	/* UDP payload, valid until the next recv */
	uint32_t len;
	const char *broken;	/* a reason (bad checksum ...) or NULL */
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
};

struct counts {
	uint64_t sent;
	uint64_t received;	/* replies to a request in flight: verified + missing + wrong */
	uint64_t verified;	/* every byte compared and right */
	uint64_t missing;	/* END instead of a value */
	uint64_t wrong;		/* any other content */
	uint64_t lost;		/* no reply within the timeout */
	uint64_t late;		/* of the lost: came after all */
	uint64_t duplicate;	/* second reply to one request */
	uint64_t stray;		/* reply to nothing we asked */
	double seconds;		/* first request to last reply */
	struct hist latency;	/* ns, from the time the request was due */
};

struct load {
	uint32_t window;	/* closed loop: requests in flight */
	double rate;		/* open loop: requests per second; 0 = closed loop */
	double seconds;		/* stop sending after this time */
	uint64_t requests;	/* and after so many; 0 = no such limit */
	double theta;		/* zipf exponent, 0 = uniform */
	uint64_t seed;
	uint64_t timeout_ns;	/* a request without reply is lost after this time */
	bool warm_up;		/* first ask for every key once, counted apart */
	bool progress;		/* a line a second to standard error */
};

struct result {
	struct counts warm, run;
	char first_wrong[256];	/* what the first wrong or missing reply was, "" if none */
	bool interrupted;
};

/* Set by a signal handler: stop sending, collect what is in flight, report. */
extern volatile sig_atomic_t drive_stop;

/* Install that handler for SIGINT and SIGTERM. */
void drive_catch_signals(void);

/* Run the load. Returns 0 if it ran (however bad the replies were) or -errno. */
int drive(struct wire *w, const struct load *l, struct result *res);

uint64_t now_ns(void);

#endif
