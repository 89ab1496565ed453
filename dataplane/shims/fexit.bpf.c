// SPDX-License-Identifier: GPL-2.0-only
#include "args.h"

SEC("fexit")
int rex_shim(void *ctx)
{
	struct rex_args args;

	rex_args_get(ctx, &args);
	bpf_get_func_ret(ctx, &args.ret);
	rex_fexit(&args, REX_SHIM_SLOT, REX_SHIM_COOKIE);
	return 0;
}

char _license[] SEC("license") = "GPL";
