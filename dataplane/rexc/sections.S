/* SPDX-License-Identifier: GPL-2.0-only */
/* Even a program without maps has the section, of the right kind. */
	.section .rex.entries, "a", @progbits
	.section .rex.maps, "aw", @progbits

/* What the line table counts from. The kernel wants a landing pad where data points to code. */
	.text
	.p2align 4
	.globl __rex_text_start
	.type __rex_text_start, @function
__rex_text_start:
	endbr64
	ud2
	.size __rex_text_start, . - __rex_text_start
	.section .note.GNU-stack, "", @progbits
