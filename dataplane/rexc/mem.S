/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the compiler calls to copy, fill and compare memory. A program has its own, in its own
 * text, and not the kernel's: the watchdog cuts a program wherever in its text it is, and a
 * program may spend all of its time here. Nothing is pushed, and the direction flag stays clear.
 *
 * Up to 32 bytes, everything is read before anything is written, and the last words overlap the
 * previous ones, so source and destination may overlap.
 */
#define REP_MIN	256		/* from so many bytes on, string instructions are faster */

	.macro function name
	.p2align 4
	.globl \name
	.hidden \name
	.type \name, @function
\name:
	.endm

	.macro end name
	.size \name, . - \name
	.endm

	.macro return
	jmp __x86_return_thunk
	int3
	.endm

	.text

/* void *memmove(void *to, const void *from, size_t len) */
function memmove
	cmpq $32, %rdx
	jbe memcpy
	movq %rdi, %rax
	subq %rsi, %rax
	cmpq %rdx, %rax
	jae memcpy
	/* @to lies within what is to be read: from the end, and the first 16 bytes at last. */
	movq %rdi, %rax
	movq (%rsi), %r8
	movq 8(%rsi), %r9
1:	movq -8(%rsi,%rdx), %r10
	movq -16(%rsi,%rdx), %r11
	movq %r10, -8(%rdi,%rdx)
	movq %r11, -16(%rdi,%rdx)
	subq $16, %rdx
	cmpq $16, %rdx
	ja 1b
	movq %r8, (%rdi)
	movq %r9, 8(%rdi)
	return
end memmove

/* void *memcpy(void *to, const void *from, size_t len) */
function memcpy
	cmpq $32, %rdx
	jbe 8f
	movq %rdi, %rax
	movq -8(%rsi,%rdx), %r8
	movq -16(%rsi,%rdx), %r9
	leaq -16(%rdi,%rdx), %r10
	cmpq $REP_MIN, %rdx
	jae 2f
1:	movq (%rsi), %rcx
	movq 8(%rsi), %rdx
	movq %rcx, (%rdi)
	movq %rdx, 8(%rdi)
	addq $16, %rsi
	addq $16, %rdi
	cmpq %r10, %rdi
	jb 1b
	movq %r9, (%r10)
	movq %r8, 8(%r10)
	return
2:	leaq -1(%rdx), %rcx
	shrq $3, %rcx
	rep movsq
	movq %r9, (%r10)
	movq %r8, 8(%r10)
	return

8:	movq %rdi, %rax
	cmpl $16, %edx
	ja 3f
	cmpl $8, %edx
	jae 4f
	cmpl $4, %edx
	jae 5f
	testl %edx, %edx
	je 6f
	movzbl (%rsi), %ecx
	movzbl -1(%rsi,%rdx), %r8d
	cmpl $3, %edx
	jne 7f
	movzbl 1(%rsi), %r9d
	movb %r9b, 1(%rdi)
7:	movb %cl, (%rdi)
	movb %r8b, -1(%rdi,%rdx)
6:	return
5:	movl (%rsi), %ecx
	movl -4(%rsi,%rdx), %r8d
	movl %ecx, (%rdi)
	movl %r8d, -4(%rdi,%rdx)
	return
4:	movq (%rsi), %rcx
	movq -8(%rsi,%rdx), %r8
	movq %rcx, (%rdi)
	movq %r8, -8(%rdi,%rdx)
	return
3:	movq (%rsi), %rcx
	movq 8(%rsi), %r8
	movq -16(%rsi,%rdx), %r9
	movq -8(%rsi,%rdx), %r10
	movq %rcx, (%rdi)
	movq %r8, 8(%rdi)
	movq %r9, -16(%rdi,%rdx)
	movq %r10, -8(%rdi,%rdx)
	return
end memcpy

/* void *memset(void *to, int byte, size_t len) */
function memset
	movzbl %sil, %esi
	movabsq $0x0101010101010101, %r8
	imulq %rsi, %r8
	movq %rdi, %rax
	cmpq $16, %rdx
	jb 3f
	leaq -16(%rdi,%rdx), %r10
	cmpq $REP_MIN, %rdx
	jae 2f
1:	movq %r8, (%rdi)
	movq %r8, 8(%rdi)
	addq $16, %rdi
	cmpq %r10, %rdi
	jb 1b
	movq %r8, (%r10)
	movq %r8, 8(%r10)
	return
2:	movq %rdx, %rcx
	shrq $3, %rcx
	xchgq %rax, %r8
	rep stosq
	movq %rax, 8(%r10)
	movq %r8, %rax
	return
3:	cmpl $8, %edx
	jae 4f
	cmpl $4, %edx
	jae 5f
	testl %edx, %edx
	je 6f
	movb %r8b, (%rdi)
	movb %r8b, -1(%rdi,%rdx)
	shrl $1, %edx
	movb %r8b, (%rdi,%rdx)
6:	return
5:	movl %r8d, (%rdi)
	movl %r8d, -4(%rdi,%rdx)
	return
4:	movq %r8, (%rdi)
	movq %r8, -8(%rdi,%rdx)
	return
end memset

/* int memcmp(const void *a, const void *b, size_t len) */
function memcmp
	cmpq $8, %rdx
	jb 3f
	leaq -8(%rdx), %r8
	xorl %ecx, %ecx
	jmp 2f
1:	movq (%rdi,%rcx), %rax
	movq (%rsi,%rcx), %r9
	cmpq %r9, %rax
	jne 5f
	addq $8, %rcx
2:	cmpq %r8, %rcx
	jb 1b
	movq (%rdi,%r8), %rax
	movq (%rsi,%r8), %r9
	cmpq %r9, %rax
	jne 5f
	xorl %eax, %eax
	return
	/* The first byte that differs is the lowest in memory. */
5:	bswapq %rax
	bswapq %r9
	cmpq %r9, %rax
	sbbl %eax, %eax
	orl $1, %eax
	return
3:	xorl %ecx, %ecx
	jmp 2f
1:	movzbl (%rdi,%rcx), %eax
	movzbl (%rsi,%rcx), %r9d
	subl %r9d, %eax
	jne 4f
	incl %ecx
2:	cmpl %edx, %ecx
	jb 1b
	xorl %eax, %eax
4:	return
end memcmp

	.section .note.GNU-stack, "", @progbits
