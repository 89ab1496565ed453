/* SPDX-License-Identifier: GPL-2.0-only */
/* What the eBPF programs and the driver share. The Rex programs repeat these figures. */
#ifndef MICRO_H
#define MICRO_H

#define MICRO_CHAIN	512		/* elements of each chain map: a power of two */
#define MICRO_FRAME	64		/* bytes of the packet; a depth is added to them */
#define MICRO_RING	(1 << 22)	/* bytes of the ring buffer */
#define MICRO_FEW	8		/* operations of NAME_few ... */
#define MICRO_MANY	40		/* ... and of NAME_many; the difference is what is measured */

struct micro_record {
	__u64 sequence, check;
};

#endif /* MICRO_H */
