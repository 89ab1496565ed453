/* SPDX-License-Identifier: GPL-2.0-only */
/* What the two BPF programs of livegen share with their user-space part. */
#ifndef LIVE_H
#define LIVE_H

#include "samples.h"

#define LIVE_FRAME	320	/* longest request frame, bytes */
#define LIVE_REPLY	1536	/* longest UDP payload, bytes, a multiple of 8 */
#define LIVE_PORTS	32	/* source ports, a power of two */
#define LIVE_PORT_BITS	5
#define LIVE_SLOTS	(LIVE_PORTS << 16)
#define LIVE_DIGITS	10
#define LIVE_MAC	6

/*
 * Request number n leaves from port n % LIVE_PORTS with id n / LIVE_PORTS & 0xffff: slot
 * n % LIVE_SLOTS, a word of state, phase and key. A reply that is older than LIVE_SLOTS
 * requests would be taken for one to its successor.
 */
#define SLOT_STATE	0xc0000000u
#define SLOT_FREE	0x00000000u
#define SLOT_PENDING	0x40000000u
#define SLOT_DONE	0x80000000u
#define SLOT_LOST	0xc0000000u
#define SLOT_RUN	0x20000000u	/* the run's, else the warm-up's */
#define SLOT_KEY	0x1fffffffu

struct live_config {
	__u32 ifindex;		/* where the requests go */
	__u32 keys;
	__u32 frame_len;
	__u32 id_at;		/* offset of memcached's request id in the frame */
	__u32 port_at;		/* offset of the UDP source port */
	__u32 digits_at;	/* offset of the key's last @digits characters */
	__u32 digits;
	__u32 src_port;		/* the first of LIVE_PORTS, host byte order */
	__u32 dst_port;
	__u32 src_ip, dst_ip;	/* network byte order */
	__u8 src_mac[LIVE_MAC], dst_mac[LIVE_MAC];
	__u64 end_hash;		/* of the text of a miss */
	__u8 frame[LIVE_FRAME];	/* the request for key 0 */
};

/* What the reply to key i must be: length of the UDP payload, hash of the text in it. */
struct live_expect {
	__u32 len;
	__u64 hash;
};

/* A changed word always changes the hash, and words count by their place. */
static inline __u64 live_hash(__u64 hash, __u64 word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15;
	return hash ^ hash >> 32;
}

/* Of the warm-up, and LIVE_COUNTS further of the run. */
enum live_count {
	LIVE_SENT,
	LIVE_GOOD,
	LIVE_MISSING,
	LIVE_WRONG,
	LIVE_LOST,	/* of these only those whose slot was needed again */
	LIVE_LATE,
	LIVE_LATE_WRONG,
	LIVE_DUPLICATE,
	LIVE_DUPLICATE_WRONG,
	LIVE_STRAY,
	LIVE_STRAY_PORT,
	LIVE_STRAY_ADDRESS,
	LIVE_COUNTS,
};

enum live_why {
	WHY_RIGHT,
	WHY_MISSING,
	WHY_MAC,
	WHY_FRAGMENT,
	WHY_LENGTH,
	WHY_IP_SUM,
	WHY_UDP_SUM,
	WHY_HEAD,
	WHY_TEXT,
	WHY_STRAY,
	WHYS,
};

struct live_sample {
	__u32 why;		/* enum live_why */
	__u32 key;
	__u32 src_ip, dst_ip;	/* these four in network byte order */
	__u16 src_port, dst_port;
	__u16 id;		/* host byte order */
};

#endif
