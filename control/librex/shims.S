/* SPDX-License-Identifier: GPL-2.0-only */
/* The shim objects, inside librex: rexctl is one file and searches no path for them. */
#include <rex_hooks.h>

	.section .rodata
	.macro	shim name
	.balign	8
	.globl	rex_shim_\name
	.hidden	rex_shim_\name
rex_shim_\name:
	.incbin	"\name\().bpf.o"
	.globl	rex_shim_\name\()_end
	.hidden	rex_shim_\name\()_end
rex_shim_\name\()_end:
	.endm

#define SHIM(number, ID, name, ...) shim name;
	REX_HOOKS_SHIM(SHIM)
	shim xdp_leaf

	.section .note.GNU-stack, "", @progbits
