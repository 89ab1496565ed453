// SPDX-License-Identifier: GPL-2.0-only
/* The table of slots; see struct rex_slot. */
#include <linux/random.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "internal.h"

struct rex_slot rex_slots[REX_MAX_SLOTS];

static void rex_slot_fill_dead(struct rex_slot *slot)
{
	u64 dead = get_random_u64();
	int hook;

	for (hook = 0; hook < __REX_HOOK_MAX; hook++)
		WRITE_ONCE(slot->live[hook], dead);
	WRITE_ONCE(slot->leaf, dead);
}

/*
 * What is measured needs a frame; so does what is no leaf. Both, the entry's state and this, may
 * change at once: whoever ends the entry ends @live first, and here it is looked at last.
 */
static void rex_slot_set_leaf(struct rex_slot *slot)
{
	bool may = slot->flags & REX_ENTRY_LEAF && slot->fn == slot->entry;

	WRITE_ONCE(slot->leaf, may ? READ_ONCE(slot->live[slot->hook]) : ~rex_slot_cookie(slot));
	smp_mb();
	if (READ_ONCE(slot->live[slot->hook]) != rex_slot_cookie(slot))
		WRITE_ONCE(slot->leaf, ~rex_slot_cookie(slot));
}

void rex_slots_init(void)
{
	int i;

	for (i = 0; i < REX_MAX_SLOTS; i++)
		rex_slot_fill_dead(&rex_slots[i]);
}

/* A slot for one entry; it is not live yet. NULL with no memory or no free slot. */
struct rex_slot *rex_slot_get(struct rex_prog *prog, const struct rex_entry_def *def)
{
	struct rex_slot *slot;
	int i;

	lockdep_assert_held(&rex_mutex);
	for (i = 0; i < REX_MAX_SLOTS && rex_slots[i].prog; i++)
		;
	if (i == REX_MAX_SLOTS)
		return NULL;
	slot = &rex_slots[i];
	slot->counts = alloc_percpu(struct rex_counts);
	if (!slot->counts)
		return NULL;
	rex_slot_fill_dead(slot);
	slot->hook = def->hook;
	slot->flags = def->flags;
	slot->ctx_size = def->ctx_size;
	rex_slot_take(slot, prog, def);
	return slot;
}

/*
 * A slot that nobody runs in, for an entry of the same hook. Who has its cookie keeps it; so
 * @flags and @ctx_size stay what the shims were made for. But whether it is a leaf is for the entry
 * to say: the shim of one calls any.
 */
void rex_slot_take(struct rex_slot *slot, struct rex_prog *prog, const struct rex_entry_def *def)
{
	slot->entry = (rex_fn)def->fn;
	slot->fn = slot->entry;
	slot->flags = (slot->flags & ~REX_ENTRY_LEAF) | (def->flags & REX_ENTRY_LEAF);
	slot->name = def->name;
	WRITE_ONCE(slot->prog, prog);
}

/* Its module goes. Nobody may be running in the slot any more. */
void rex_slot_park(struct rex_slot *slot, const char *name)
{
	slot->fn = NULL;
	slot->entry = NULL;
	slot->name = name;
}

/* Nobody may be running in the slot any more. */
void rex_slot_put(struct rex_slot *slot)
{
	WRITE_ONCE(slot->prog, NULL);
	rex_slot_fill_dead(slot);
	free_percpu(slot->counts);
	slot->counts = NULL;
	slot->fn = NULL;
	slot->entry = NULL;
	slot->name = NULL;
}

void rex_slot_enable(struct rex_slot *slot)
{
	WRITE_ONCE(slot->live[slot->hook], rex_slot_cookie(slot));
	rex_slot_set_leaf(slot);
}

void rex_slot_disable(struct rex_slot *slot)
{
	WRITE_ONCE(slot->live[slot->hook], ~rex_slot_cookie(slot));
	smp_mb();
	WRITE_ONCE(slot->leaf, ~rex_slot_cookie(slot));
}

/* Stands in for the entry while its run time is measured; runs on the program's stack. */
static s32 rex_timed(struct rex_ctx *ctx)
{
	struct rex_slot *slot = rex_frame_slot(rex_this_frame());
	u64 start = ktime_get_mono_fast_ns();
	s32 ret = slot->entry(ctx);

	this_cpu_add(slot->counts->ns, ktime_get_mono_fast_ns() - start);
	return ret;
}

void rex_slot_set_timing(struct rex_slot *slot, bool on)
{
	WRITE_ONCE(slot->fn, on ? rex_timed : slot->entry);
	rex_slot_set_leaf(slot);
}

void rex_slot_sum(const struct rex_slot *slot, struct rex_counts *sum)
{
	int cpu;

	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu) {
		const struct rex_counts *c = per_cpu_ptr(slot->counts, cpu);

		sum->runs += READ_ONCE(c->runs);
		sum->ns += READ_ONCE(c->ns);
		sum->panics += READ_ONCE(c->panics);
		sum->overruns += READ_ONCE(c->overruns);
		sum->overflows += READ_ONCE(c->overflows);
		sum->refused += READ_ONCE(c->refused);
	}
}
