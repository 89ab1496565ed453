/* SPDX-License-Identifier: GPL-2.0-only */
/* The arguments of a traced function, for fentry and fexit. */
#ifndef _REX_SHIM_ARGS_H
#define _REX_SHIM_ARGS_H

#include "shim.h"

static __always_inline void rex_args_get(void *ctx, struct rex_args *args)
{
	int i;

	__builtin_memset(args, 0, sizeof(*args));
	args->n = bpf_get_func_arg_cnt(ctx);
	/* A loop in the shim: librex reads its instructions, the fewer the better. */
#pragma clang loop unroll(disable)
	for (i = 0; i < REX_MAX_ARGS; i++)
		if (bpf_get_func_arg(ctx, i, &args->arg[i]))
			break;
}

#endif /* _REX_SHIM_ARGS_H */
