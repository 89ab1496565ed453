/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The load as a file, for other generators to send (Pktgen-DPDK, TRex, testpmd, tcpreplay), and
 * what they captured back.
 */
#ifndef REXGEN_CAPTURE_H
#define REXGEN_CAPTURE_H

#include "options.h"
#include "path.h"

/* Write the first options' load.requests frames to @file (pcap). Returns 0 or -errno. */
int capture_write(const char *file, const struct options *o, const struct path *p);

/*
 * Compare the replies in @file (pcap) with what the same options ask for, as if they had just
 * come, and report. Returns an exit status or -errno.
 */
int capture_verify(const char *file, struct options *o, const struct path *p);

/* So many requests can be told apart by their source port and request id. */
uint64_t capture_room(const struct options *o);

#endif
