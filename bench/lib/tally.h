/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BENCH_TALLY_H
#define BENCH_TALLY_H

#include "loadloop.h"

/* What a received datagram is judged by. */
struct tally {
	const struct keyset *keys;
	struct track *track;
	struct counts *counts[2];	/* by slot->phase */
	uint16_t phase;			/* the one that runs: strays are booked there */
	struct samples *bad;
	uint64_t last_reply;		/* when the last reply in time came */
};

/* Compare a datagram with what was asked, in time or not, and count it. */
void tally_datagram(struct tally *t, const struct datagram *d, uint64_t now);

#endif
