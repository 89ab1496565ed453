/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Layout of the program stacks, for C and assembly. From the bottom:
 *
 *	guard page (not mapped)
 *	32 KiB reserve for helpers and interrupts; bit 15 of the address is clear
 *	32 KiB for the program; bit 15 is set; struct rex_frame is at its top
 */
#ifndef _REX_LAYOUT_H
#define _REX_LAYOUT_H

#define REX_STACK_SIZE	0x10000		/* also the alignment */
#define REX_STACK_BIT	0x8000
#define REX_FRAME_SIZE	512
#define REX_LEVELS	4		/* task, softirq, hardirq, NMI */

#define REX_CALL_TAIL	4		/* bytes that rex_call() needs to be back on its own stack */
#define REX_FRAME_REGS	32		/* offset of rex_frame.regs */

#endif /* _REX_LAYOUT_H */
