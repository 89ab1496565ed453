/* SPDX-License-Identifier: GPL-2.0-only */
/* What the eBPF accelerator (bmc.bpf.c) and its loader (ebpf-bmc.c) share. */
#ifndef BMC_H
#define BMC_H

#define BMC_PORT	11211
#define BMC_MAX_KEY	250
/* memcached never puts more than this into one UDP datagram, behind the frame header */
#define BMC_MAX_REPLY	1392

/* Index into the per-CPU array bmc_stats; each is a __u64 count of packets or events. */
enum bmc_stat {
	BMC_HITS,		/* GETs answered */
	BMC_MISSES,		/* well-formed GETs not in the cache */
	BMC_PASS_FORM,		/* to our UDP port, but no GET of one key: passed */
	BMC_PASS_ROOM,		/* hits whose reply does not fit the frame: passed */
	BMC_PASS_BUSY,		/* hits whose entry was being written: passed */
	BMC_FILLS,		/* replies put into the cache */
	BMC_FILL_SKIPPED,	/* replies in another form, too long, or the entry was busy */
	BMC_INVALIDATIONS,	/* SETs seen */
	__BMC_STATS
};

#define BMC_STAT_NAMES { "hits", "misses", "pass_form", "pass_room", "pass_busy", \
			 "fills", "fill_skipped", "invalidations" }

/*
 * bmc.bpf.c is built twice: as the program that an expert would ship, and with BMC_CHECKS as one
 * that makes the same checks as the Rex accelerator: see checks.h.
 */

/*
 * A bucket of the direct-mapped cache. @seq is odd while a reply is written.
 * Valid while @filled == @gen: an invalidation only adds to @gen, so it needs no
 * lock and also defeats a fill that is under way. @reply is the text behind the
 * frame header, from "VALUE " to "END\r\n".
 */
struct bmc_entry {
	__u32	seq;
	__u32	gen;
	__u32	filled;
	__u16	key_len;
	__u16	len;			/* bytes of @reply, 0: never filled */
#ifdef BMC_CHECKS
	__u64	sum;			/* ones' complement sum of @reply, not folded */
#endif
	__u8	reply[BMC_MAX_REPLY];
};

/* What the loader tells the program, in its read-only data. */
struct bmc_config {
	__u64	seed;			/* of the hash, random */
	__u32	mask;			/* entries of the cache - 1 */
	__u32	addr;			/* with BMC_CHECKS: the server's, network order */
	__u8	mac[8];			/* with BMC_CHECKS: of the interface; two zeros behind it */
};

#endif /* BMC_H */
