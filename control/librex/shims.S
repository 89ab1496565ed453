/* SPDX-License-Identifier: GPL-2.0-only */
/* The shim objects, inside librex: rexctl is one file and searches no path for them. */
	.section .rodata
	.macro	shim name, file
	.balign	8
	.globl	rex_shim_\name
	.hidden	rex_shim_\name
rex_shim_\name:
	.incbin	"\file"
	.globl	rex_shim_\name\()_end
	.hidden	rex_shim_\name\()_end
rex_shim_\name\()_end:
	.endm

	shim	xdp, "xdp.bpf.o"
	shim	tc, "tc.bpf.o"
	shim	kprobe, "kprobe.bpf.o"
	shim	tracepoint, "tracepoint.bpf.o"
	shim	perf_event, "perf_event.bpf.o"
	shim	fentry, "fentry.bpf.o"
	shim	raw_tracepoint, "raw_tracepoint.bpf.o"
	shim	cgroup_skb, "cgroup_skb.bpf.o"
	shim	fexit, "fexit.bpf.o"

	.section .note.GNU-stack, "", @progbits
