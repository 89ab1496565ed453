/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BENCH_TALLY_H
#define BENCH_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "dataset.h"
#include "hist.h"
#include "samples.h"
#include "track.h"

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
	uint64_t sets, deletes;	/* of the sent; the others are GETs */
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

/* Is there a reply that no server may send? Losses and missing keys are not meant. */
bool counts_faulty(const struct counts *c);

/* What a received datagram is judged by. */
struct tally {
	const struct keyset *keys;
	struct track *track;
	struct counts *counts;		/* by slot->phase */
	uint16_t phase;			/* the one that runs: strays are booked there */
	struct samples *bad;
	uint64_t last_reply;		/* when the last reply in time came */
};

/* Compare a datagram with what was asked, in time or not, and count it. */
void tally_datagram(struct tally *t, const struct datagram *d, uint64_t now);

#endif
