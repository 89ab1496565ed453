// SPDX-License-Identifier: GPL-2.0-only
/* No helper returns the number of a tracepoint's arguments; see shim.h for what librex does. */
#include "shim.h"

SEC("tp_btf")
int rex_shim(const volatile __u64 *ctx)
{
	struct rex_args args = {};
	int i;

	asm volatile("%[n] = %[args]" : [n] "=r"(args.n) : [args] "i"(REX_SHIM_ARGS));
#pragma clang loop unroll(full)
	for (i = 0; i < REX_MAX_ARGS; i++)
		args.arg[i] = ctx[i];
	rex_raw_tracepoint(&args, REX_SHIM_SLOT, REX_SHIM_COOKIE);
	return 0;
}

char _license[] SEC("license") = "GPL";
