/* SPDX-License-Identifier: GPL-2.0-only */
/* What the two BPF programs of livegen share with their user-space part. */
#ifndef LIVE_H
#define LIVE_H

#define LIVE_FRAME	320	/* longest request frame, bytes */
#define LIVE_REPLY	1536	/* longest reply, bytes, a multiple of LIVE_CHUNK */
#define LIVE_CHUNK	64
#define LIVE_PORTS	8	/* source ports, a power of two */
#define LIVE_DIGITS	10

struct live_config {
	__u32 ifindex;		/* where the requests go */
	__u32 keys;
	__u32 frame_len;
	__u32 id_at;		/* offset of memcached's request id in the frame */
	__u32 port_at;		/* offset of the UDP source port */
	__u32 digits_at;	/* offset of the key's last @digits characters */
	__u32 digits;
	__u32 key_in_reply;	/* offset of the digits in a reply's UDP payload */
	__u32 src_port;		/* the first of LIVE_PORTS, host byte order */
	__u32 dst_port;
	__u8 frame[LIVE_FRAME];	/* the request for key 0 */
};

/* What the reply to key i must be: length of the UDP payload, sum of it without the id. */
struct live_expect {
	__u32 len;
	__u32 sum;
};

enum live_count {
	LIVE_SENT,
	LIVE_GOOD,
	LIVE_MISSING,
	LIVE_WRONG,
	LIVE_COUNTS,
};

#endif
