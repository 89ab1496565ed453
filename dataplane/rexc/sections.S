/* SPDX-License-Identifier: GPL-2.0-only */
/* A program without maps has an empty section, of the right kind all the same. */
	.section .rex.entries, "a", @progbits
	.section .rex.maps, "aw", @progbits
	.section .note.GNU-stack, "", @progbits
