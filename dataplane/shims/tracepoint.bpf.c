// SPDX-License-Identifier: GPL-2.0-only
#include "shim.h"

SEC("tracepoint")
int rex_shim(void *ctx)
{
	/* For what it tells the verifier; the value is of no use. */
	asm volatile("r0 = *(u8 *)(%[ctx] + %[last])"
		     : : [ctx] "r"(ctx), [last] "i"(REX_SHIM_LAST) : "r0");
	return rex_tracepoint(ctx, REX_SHIM_SLOT, REX_SHIM_COOKIE);
}

char _license[] SEC("license") = "GPL";
