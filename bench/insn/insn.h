/* SPDX-License-Identifier: GPL-2.0-only */
/* What the packet wrapper (wrap.bpf.c) and the counter (main.c) share. */
#ifndef INSN_H
#define INSN_H

#include <linux/types.h>

#define INSN_MAX_PACKET 512

struct insn_packet {
	__u32	len;		/* bytes of @bytes: the packet before each run */
	__u32	reply_len;	/* what the stub makes of it */
	__u32	runs;		/* so far; 0 before the first */
	__u8	bytes[INSN_MAX_PACKET];
};

#ifndef __bpf__
__attribute__((format(printf, 1, 2), noreturn)) void die(const char *format, ...);
#endif

#endif /* INSN_H */
