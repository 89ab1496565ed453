// SPDX-License-Identifier: GPL-2.0-only
/* No helper returns the number of a tracepoint's arguments; see shim.h for what librex does. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "../../kmod/include/uapi/rex.h"
#include "shim.h"

extern int rex_raw_tracepoint(const struct rex_args *args, __u32 slot, __u64 cookie) __ksym;

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
