// SPDX-License-Identifier: GPL-2.0-only
#include "args.h"

SEC("fexit")
int rex_shim(void *ctx)
{
	struct rex_args args;

	REX_ARGS(ctx, args);
	rex_fexit(to, REX_SHIM_SLOT, REX_SHIM_COOKIE);
	return 0;
}

char _license[] SEC("license") = "GPL";
