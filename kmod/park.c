// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exchanging a program without touching its shims. When the module of a program for which that
 * was asked goes, the program stays in the registry without it: parked. Its slots keep their
 * cookies and are dead, so that the hooks give the safe verdict. The next program of that name
 * takes the slots of entries that it has, too; nothing is left parked then. User space gives up
 * what is parked when nothing is attached to it any more. rex_mutex.
 */
#include <linux/slab.h>
#include <linux/string.h>

#include "internal.h"

/* Whether the program is to be parked when its module goes; or what is parked no longer. */
int rex_prog_set_park(struct rex_prog *prog, bool on)
{
	u32 i;

	lockdep_assert_held(&rex_mutex);
	if (atomic_read(&prog->state) == REX_STATE_PARKED) {
		if (!on)
			rex_prog_end(prog);
		return 0;
	}
	if (!on) {
		kfree(prog->park_names);
		prog->park_names = NULL;
	} else if (!prog->park_names) {
		prog->park_names = kcalloc(prog->entries, REX_NAME_LEN, GFP_KERNEL);
		if (!prog->park_names)
			return -ENOMEM;
		for (i = 0; i < prog->entries; i++)
			strscpy(prog->park_names + i * REX_NAME_LEN, prog->slots[i]->name,
				REX_NAME_LEN);
	}
	return 0;
}

/* No slot of @prog is live and nobody runs in it: its module goes, it stays in the list. */
void rex_park(struct rex_prog *prog)
{
	u32 i;

	rex_maps_put(prog);
	prog->maps = prog->bound = 0;
	prog->maps_sized = 0;
	prog->map_defs = NULL;
	for (i = 0; i < prog->entries; i++)
		rex_slot_park(prog->slots[i], prog->park_names + i * REX_NAME_LEN);
	prog->owner = NULL;
	prog->generation_word = NULL;
	prog->text = prog->text_size = 0;
	prog->n_lines = 0;
	prog->has_fault = false;
	atomic_set(&prog->state, REX_STATE_PARKED);
	rex_netlink_event(prog, REX_EVENT_STATE);
}

/*
 * The slot of that entry in @parked (may be NULL), when its shims suit the new one: with them, the
 * kernel has checked how much of a tracepoint's record there is, and was told which frames to bring;
 * the filter is in their instructions.
 */
struct rex_slot *rex_park_find(const struct rex_prog *parked, const struct rex_entry_def *def)
{
	u32 i;

	for (i = 0; parked && i < parked->entries; i++) {
		struct rex_slot *slot = parked->slots[i];

		if (slot->hook == def->hook && !strcmp(slot->name, def->name))
			return slot->ctx_size >= def->ctx_size && !(slot->flags & REX_ENTRY_FRAGS & ~def->flags) &&
			       !memcmp(&parked->filters[i], &def->filter, sizeof(def->filter)) ?
			       slot : NULL;
	}
	return NULL;
}

/* @prog, which has found slots of @parked, gets them, and the settings; @parked is freed. */
void rex_park_take(struct rex_prog *parked, struct rex_prog *prog,
		   const struct rex_entry_def *entries)
{
	u32 i;

	for (i = 0; i < prog->entries; i++)
		if (prog->slots[i]->prog == parked)
			rex_slot_take(prog->slots[i], prog, &entries[i]);
	prog->generation = parked->generation;
	prog->disabled = parked->disabled;
	rex_prog_set_budget(prog, parked->budget_us);
	rex_prog_set_timing(prog, parked->timing);
	list_del(&parked->list);
	rex_prog_free(parked);
}

/* rex.ko goes: no shim is left, so nobody could want these slots. */
void rex_park_exit(void)
{
	struct rex_prog *prog, *next;

	mutex_lock(&rex_mutex);
	list_for_each_entry_safe(prog, next, &rex_progs, list)
		rex_prog_end(prog);
	mutex_unlock(&rex_mutex);
}
