/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files with operations on maps share. */
#ifndef _REX_MAPS_H
#define _REX_MAPS_H

#include <linux/bitops.h>
#include <linux/irqflags.h>

#include "internal.h"

/* The map if it is of one of @kinds (bits by type), NULL otherwise. Types are below 32. */
static inline struct bpf_map *rex_map(const struct rex_map_def *def, u32 kinds)
{
	return BIT(def->type) & kinds ? (struct bpf_map *)def->map : NULL;
}

/* Whether this CPU is within an operation whose locks its interrupters must not touch. */
DECLARE_PER_CPU(int, rex_maps_busy);

/* Interrupts are off inside: only an NMI, a kprobe or the like finds the CPU busy. */
static __always_inline bool rex_maps_enter(unsigned long *irq)
{
	local_irq_save(*irq);
	if (likely(this_cpu_inc_return(rex_maps_busy) == 1))
		return true;
	this_cpu_dec(rex_maps_busy);
	local_irq_restore(*irq);
	return false;
}

static __always_inline void rex_maps_leave(unsigned long irq)
{
	this_cpu_dec(rex_maps_busy);
	local_irq_restore(irq);
}

#endif /* _REX_MAPS_H */
