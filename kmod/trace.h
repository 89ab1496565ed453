/* SPDX-License-Identifier: GPL-2.0-only */
/* How each tracing hook sets up the program's context. */
#ifndef _REX_TRACE_H
#define _REX_TRACE_H

#include <linux/bpf_perf_event.h>
#include <linux/ptrace.h>

#include "internal.h"

/* What the hook has is what the program gets. */
static __always_inline struct rex_ctx *rex_raw_setup(struct rex_frame *frame, void *raw)
{
	return raw;
}

/*
 * The same, remembered for helpers, who need not trust the program: rex_override_return() changes
 * these registers and no others.
 */
static __always_inline struct rex_ctx *rex_kept_setup(struct rex_frame *frame, void *raw)
{
	frame->ctx.raw = (u64)raw;
	return raw;
}

/* In dispatch_64.S: does nothing but return. */
asmlinkage void rex_bare_return(void);

void rex_trace_exit(void);

#endif /* _REX_TRACE_H */
