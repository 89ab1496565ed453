/* SPDX-License-Identifier: GPL-2.0-only */
/* What the sink (sink.bpf.c) and its loader (sink.c) share. */
#ifndef SINK_REPLY_H
#define SINK_REPLY_H

#include <linux/types.h>

#define SINK_PORT	11211
#define SINK_MAX	512

struct sink_reply {
	__u32	len;
	/* of all that the UDP checksum covers but port and id, folded; 0: no checksum */
	__u32	sum;
	__u8	bytes[SINK_MAX];	/* the frame; destination port and request id are the GET's */
};

#endif /* SINK_REPLY_H */
