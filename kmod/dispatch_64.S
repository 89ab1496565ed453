/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/linkage.h>
#include <linux/objtool.h>
#include <asm/nospec-branch.h>
#include "layout.h"

	.text

/*
 * void rex_unwind(struct rex_frame *frame, s32 verdict)
 *
 * Leaves the program from any depth: acts as if the entry function returned
 * @verdict. Its return address lies right below the frame; the registers that it
 * had to preserve were saved in the frame by dispatch.
 */
SYM_FUNC_START(rex_unwind)
	movq	REX_FRAME_REGS+0(%rdi), %rbx
	movq	REX_FRAME_REGS+8(%rdi), %rbp
	movq	REX_FRAME_REGS+16(%rdi), %r12
	movq	REX_FRAME_REGS+24(%rdi), %r13
	movq	REX_FRAME_REGS+32(%rdi), %r14
	movq	REX_FRAME_REGS+40(%rdi), %r15
	movl	%esi, %eax
	leaq	-8(%rdi), %rsp
	UNWIND_HINT_FUNC
	RET
SYM_FUNC_END(rex_unwind)

/*
 * Where the watchdog sends an invocation that it found in program text. The
 * stack pointer may have any alignment, and nothing of the program is needed
 * any more.
 */
SYM_CODE_START(rex_overrun_entry)
	UNWIND_HINT_END_OF_STACK
	ENDBR		/* FRED keeps what an indirect call of the program was waiting for */
	andq	$-16, %rsp
	call	rex_fault_overrun
	ud2
SYM_CODE_END(rex_overrun_entry)

/*
 * struct rex_frame *rex_wake_kept(void): rex_wake(), for dispatch, which keeps no register for it.
 */
SYM_FUNC_START(rex_wake_kept)
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	call	rex_wake
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%rcx
	RET
SYM_FUNC_END(rex_wake_kept)

/* The same of rex_guard_enter(), with the hook in %eax. It keeps what dispatch has no other place for. */
SYM_FUNC_START(rex_guard_kept)
	pushq	%rcx
	pushq	%rsi
	pushq	%rdi
	pushq	%r8
	movl	%eax, %edi
	call	rex_guard_enter
	movzbl	%al, %eax
	popq	%r8
	popq	%rdi
	popq	%rsi
	popq	%rcx
	RET
SYM_FUNC_END(rex_guard_kept)

/*
 * Where rex_override_return() sends the caller of a function that is not to run. Its address is
 * taken, so it begins with a landing pad, which SYM_FUNC_START() gives on older kernels only.
 */
SYM_CODE_START(rex_bare_return)
	UNWIND_HINT_FUNC
	ENDBR
	RET
SYM_CODE_END(rex_bare_return)

/* Around the leaves (rex.lds): code, because objtool lets data point to nothing else in text. */
	.section .text.rex_leaves_start, "ax"
SYM_CODE_START(rex_leaves_start)
	UNWIND_HINT_FUNC
	ENDBR
	ud2
SYM_CODE_END(rex_leaves_start)
	.section .text.rex_leaves_end, "ax"
SYM_CODE_START(rex_leaves_end)
	UNWIND_HINT_FUNC
	ENDBR
	ud2
SYM_CODE_END(rex_leaves_end)
