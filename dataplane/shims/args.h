/* SPDX-License-Identifier: GPL-2.0-only */
/* The arguments of a traced function or raw tracepoint: see shim.h for who copies them. */
#ifndef _REX_SHIM_ARGS_H
#define _REX_SHIM_ARGS_H

#include "shim.h"

#define REX_ARGS(ctx, args)							\
	register struct rex_args *to asm("r5") = &args;				\
	asm volatile(".rept %[room]\n"						\
		     "goto +0\n"						\
		     ".endr"							\
		     : "+r"(ctx), "+r"(to) : [room] "i"(REX_SHIM_ARGS_ROOM)	\
		     : "r0", "r2", "r3", "r4", "r6", "r7", "memory")

#endif /* _REX_SHIM_ARGS_H */
