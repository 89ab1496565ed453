/* SPDX-License-Identifier: GPL-2.0-only */
/* The shim objects, inside librex: rexctl is one file and searches no path for them. */
	.section .rodata
	.macro	shim name, file
	.balign	8
	.globl	rex_shim_\name
rex_shim_\name:
	.incbin	"\file"
	.globl	rex_shim_\name\()_end
rex_shim_\name\()_end:
	.endm

	shim	xdp, "xdp.bpf.o"
	shim	tc, "tc.bpf.o"

	.section .note.GNU-stack, "", @progbits
