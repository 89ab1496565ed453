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

#include "dataset.h"
#include "hist.h"
#include "mc/conn.h"
#include "samples.h"
#include "track.h"

#define BURST	32

enum origin { FROM_SERVER, FROM_PORT, FROM_ADDRESS };

struct datagram {
	enum origin origin;	/* a wrong port or address (either end's) makes it a stray */
	uint32_t port;		/* our source port's number, 0..ports-1; strays have none */
	const uint8_t *payload;	/* UDP payload, valid until the next recv */
	uint32_t len;
	const char *broken;	/* a reason (bad checksum ...) or NULL */
	/* where it came from and went to, in host byte order; strays only */
	uint32_t src_ip, dst_ip;
	uint16_t src_port, dst_port;
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
	bool more;		/* the last recv may have left datagrams behind */
};

/*
 * What became of the requests. These hold at the end of each phase:
 * due >= sent, sent = received + lost, received = verified + missing + wrong.
 */
struct counts {
	uint64_t due;		/* should have left; in a closed loop the same as sent */
	uint64_t sent;
	uint64_t received;	/* replies in time: verified + missing + wrong */
	uint64_t verified;	/* every byte compared and right */
	uint64_t missing;	/* END instead of a value */
	uint64_t wrong;		/* any other content */
	uint64_t lost;		/* no reply within the timeout, from when the request left */
	uint64_t late;		/* of the lost: came after all */
	uint64_t late_wrong;	/* of the late: wrong or missing */
	uint64_t duplicate;	/* second reply to one request */
	uint64_t duplicate_wrong;	/* of the duplicates: wrong or missing */
	uint64_t stray;		/* reply to nothing we asked */
	uint64_t stray_port;	/* of the strays: from or to a wrong port */
	uint64_t stray_address;	/* of the strays: from or to a wrong address */
	double send_seconds;	/* the time of sending: what all rates are over */
	double last_reply_seconds;	/* from the first request to the last reply in time */
	struct hist latency;	/* ns, from the time the request was due */
	struct hist lag;	/* ns, from the time the request was due until it had left */
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
