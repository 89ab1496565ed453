// SPDX-License-Identifier: GPL-2.0-only
/*
 * The registry of programs. A program is registered by the init function of its module and
 * unregistered by the exit function; rex_mutex protects everything in between, except the
 * crash of a program, which happens in any context.
 */
#include <linux/in.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/trace_events.h>

#include "internal.h"

DEFINE_MUTEX(rex_mutex);
LIST_HEAD(rex_progs);

static u64 rex_last_id;

struct rex_prog *rex_prog_find(const char *name)
{
	struct rex_prog *prog;

	lockdep_assert_held(&rex_mutex);
	list_for_each_entry(prog, &rex_progs, list)
		if (!strcmp(prog->name, name))
			return prog;
	return NULL;
}

/* ---- state -------------------------------------------------------------------- */

static void rex_prog_slots_off(struct rex_prog *prog)
{
	u32 i;

	for (i = 0; i < prog->entries; i++)
		rex_slot_disable(prog->slots[i]);
}

/* Any context. The state comes before the slots: rex_prog_go() looks in the other order. */
void rex_prog_crash(struct rex_prog *prog)
{
	WRITE_ONCE(prog->tainted, true);
	atomic_set(&prog->state, REX_STATE_CRASHED);
	smp_mb();
	rex_prog_slots_off(prog);
}

/* Nobody runs in it: its slots are off, and who came before has left. */
static void rex_prog_go(struct rex_prog *prog)
{
	u32 i;

	WRITE_ONCE(*prog->generation_word, ++prog->generation);
	atomic_set(&prog->state, REX_STATE_ENABLED);
	smp_mb();
	for (i = 0; i < prog->entries; i++)
		rex_slot_enable(prog->slots[i]);
	smp_mb();
	/* It may have crashed on another CPU already. */
	if (atomic_read(&prog->state) == REX_STATE_CRASHED)
		rex_prog_slots_off(prog);
}

int rex_prog_enable(struct rex_prog *prog, struct netlink_ext_ack *extack)
{
	prog->disabled = false;
	switch (atomic_read(&prog->state)) {
	case REX_STATE_UNBOUND:
		NL_SET_ERR_MSG_FMT(extack, "program '%s' has maps that are not bound yet",
				   prog->name);
		return -ENOTCONN;
	case REX_STATE_CRASHED:
		/* The invocations from before the crash end first: they would crash it again. */
		synchronize_rcu_expedited();
		rex_fault_collect(prog);
		fallthrough;
	case REX_STATE_DISABLED:
		rex_prog_go(prog);
		rex_netlink_event(prog, REX_EVENT_STATE);
	}
	return 0;
}

void rex_prog_disable(struct rex_prog *prog)
{
	prog->disabled = true;
	if (atomic_cmpxchg(&prog->state, REX_STATE_ENABLED, REX_STATE_DISABLED) !=
	    REX_STATE_ENABLED)
		return;
	rex_prog_slots_off(prog);
	synchronize_rcu();
	rex_netlink_event(prog, REX_EVENT_STATE);
}

/* Called when a map was bound, and once at the start for programs without maps. */
void rex_prog_bound(struct rex_prog *prog)
{
	if (prog->bound < prog->maps || atomic_read(&prog->state) != REX_STATE_UNBOUND)
		return;
	if (prog->disabled)
		atomic_set(&prog->state, REX_STATE_DISABLED);
	else
		rex_prog_go(prog);
	rex_netlink_event(prog, REX_EVENT_STATE);
}

void rex_prog_set_budget(struct rex_prog *prog, u32 us)
{
	prog->budget_us = us;
	WRITE_ONCE(prog->budget_ticks, DIV_ROUND_UP(us, REX_TICK_US));
	WRITE_ONCE(prog->wait_ticks, DIV_ROUND_UP(max(us, (u32)REX_WAIT_US), REX_TICK_US));
}

void rex_prog_set_timing(struct rex_prog *prog, bool on)
{
	u32 i;

	prog->timing = on;
	for (i = 0; i < prog->entries; i++)
		rex_slot_set_timing(prog->slots[i], on);
}

/* ---- registration ---------------------------------------------------------------- */

bool rex_in_core(const struct module *mod, const void *start, const void *end)
{
	return start <= end && within_module_core((unsigned long)start, mod) &&
	       within_module_core((unsigned long)end - 1, mod);
}

/* NUL-terminated and of characters that need no quoting anywhere. */
static bool rex_name_ok(const char *name, size_t size)
{
	size_t len = strnlen(name, size), i;

	if (!len || len == size)
		return false;
	for (i = 0; i < len; i++)
		if (!isalnum(name[i]) && name[i] != '_' && name[i] != '-' && name[i] != '.' &&
		    name[i] != ':')
			return false;
	return true;
}

/* The most that ctx_size of an entry may be. */
static u32 rex_ctx_max(u32 hook)
{
	return hook == REX_HOOK_TRACEPOINT ? PERF_MAX_TRACE_SIZE :
	       hook == REX_HOOK_STREAM ? REX_STREAM_RECORD : 0;
}

/* User space makes shims of it, and looks at the rest. */
static bool rex_filter_ok(const struct rex_entry_def *def)
{
	const struct rex_filter *f = &def->filter;

	if (!f->protocol)
		return !memchr_inv(f, 0, sizeof(*f));
	return (def->hook == REX_HOOK_XDP || def->hook == REX_HOOK_TC) &&
	       (f->protocol == IPPROTO_TCP || f->protocol == IPPROTO_UDP) &&
	       f->n_ports <= REX_FILTER_PORTS;
}

static int rex_entries_check(const struct rex_prog *prog, const struct rex_entry_def *def, u32 n)
{
	u32 i, j;

	for (i = 0; i < n; i++) {
		if (!rex_name_ok(def[i].name, sizeof(def[i].name))) {
			pr_err("program %s: entry %u has no valid name\n", prog->name, i);
			return -EINVAL;
		}
		for (j = 0; j < i; j++)
			if (!strcmp(def[i].name, def[j].name)) {
				pr_err("program %s: two entries are called %s\n", prog->name,
				       def[i].name);
				return -EEXIST;
			}
		if (def[i].hook >= __REX_HOOK_MAX || !rex_hooks[def[i].hook].supported) {
			pr_err("program %s: entry %s is for hook %u, which this rex.ko does not have\n",
			       prog->name, def[i].name, def[i].hook);
			return -EOPNOTSUPP;
		}
		if (def[i].flags & ~(def[i].hook == REX_HOOK_XDP ? REX_ENTRY_FRAGS | REX_ENTRY_LEAF : 0)) {
			pr_err("program %s: entry %s has unknown flags %#x\n", prog->name,
			       def[i].name, def[i].flags);
			return -EINVAL;
		}
		if (def[i].ctx_size > rex_ctx_max(def[i].hook)) {
			pr_err("program %s: entry %s reads %u bytes of its context, more than hook %s has\n",
			       prog->name, def[i].name, def[i].ctx_size,
			       rex_hooks[def[i].hook].name);
			return -EINVAL;
		}
		if (!rex_filter_ok(&def[i])) {
			pr_err("program %s: entry %s has a filter that this rex.ko does not know\n",
			       prog->name, def[i].name);
			return -EINVAL;
		}
		if (!rex_prog_has_text(prog, def[i].fn)) {
			pr_err("program %s: entry %s is not in the program's text\n", prog->name,
			       def[i].name);
			return -EFAULT;
		}
	}
	return 0;
}

/* Whether [start, end) is an array of whole elements inside the module, of at most max. */
static int rex_array_check(const struct rex_prog *prog, const char *what, const void *start,
			   const void *end, size_t size, u32 min, u32 max)
{
	size_t bytes = end - start;

	if (start == end && !min)
		return 0;
	if (!start || !rex_in_core(prog->owner, start, end) || bytes % size ||
	    bytes / size < min || bytes / size > max) {
		pr_err("program %s: its %s table is damaged, empty or longer than %u\n",
		       prog->name, what, max);
		return -EINVAL;
	}
	return 0;
}

static int rex_prog_check(struct rex_prog *prog, const struct rex_program_def *def)
{
	int ret;

	if (def->abi != REX_ABI_VERSION) {
		pr_err("program %s was built for ABI %u, this rex.ko has %u: build it again\n",
		       prog->name, def->abi, REX_ABI_VERSION);
		return -ENOEXEC;
	}
	if (rex_require_signed && !rex_module_signed(prog->owner)) {
		pr_err("program %s has no signature by a key that this kernel trusts, but rex.require_signed is set\n",
		       prog->name);
		return -EKEYREJECTED;
	}
	ret = rex_array_check(prog, "entry", def->entries, def->entries_end,
			      sizeof(*def->entries), 1, REX_MAX_ENTRIES);
	if (ret)
		return ret;
	ret = rex_array_check(prog, "map", def->maps, def->maps_end, sizeof(*def->maps), 0,
			      REX_MAX_MAPS);
	if (ret)
		return ret;
	ret = rex_entries_check(prog, def->entries, def->entries_end - def->entries);
	if (ret)
		return ret;
	if (!rex_in_core(prog->owner, def->generation, def->generation + 1)) {
		pr_err("program %s: its generation is not in the module\n", prog->name);
		return -EINVAL;
	}
	prog->generation_word = def->generation;
	ret = rex_maps_check(prog, def->maps, def->maps_end);
	return ret ?: rex_lines_take(prog, def);
}

/* No slot is live and nobody runs. What is another program's is only looked at. */
void rex_prog_free(struct rex_prog *prog)
{
	u32 i;

	for (i = 0; i < prog->entries; i++)
		if (prog->slots[i]->prog == prog)
			rex_slot_put(prog->slots[i]);
	rex_maps_put(prog);
	kfree(prog->park_names);
	kfree(prog->map_refs);
	kfree(prog->filters);
	kfree(prog->slots);
	/* A tick may still look at it, through the slot of a frame that is not in use. */
	kfree_rcu(prog, rcu);
}

/* @parked: the program before, whose slots are only looked for. */
static int rex_prog_fill(struct rex_prog *prog, const struct rex_program_def *def,
			 const struct rex_prog *parked)
{
	u32 entries = def->entries_end - def->entries, i;

	prog->slots = kcalloc(entries, sizeof(*prog->slots), GFP_KERNEL);
	prog->filters = kcalloc(entries, sizeof(*prog->filters), GFP_KERNEL);
	if (!prog->slots || !prog->filters)
		return -ENOMEM;
	for (i = 0; i < entries; i++)
		prog->filters[i] = def->entries[i].filter;
	prog->maps = def->maps_end - def->maps;
	prog->map_defs = def->maps;
	prog->map_refs = kcalloc(prog->maps, sizeof(*prog->map_refs), GFP_KERNEL);
	if (!prog->map_refs)
		return -ENOMEM;
	for (i = 0; i < entries; i++) {
		prog->slots[i] = rex_park_find(parked, &def->entries[i]) ?:
				 rex_slot_get(prog, &def->entries[i]);
		if (!prog->slots[i]) {
			pr_err("program %s: no memory, or all %u slots are in use\n", prog->name,
			       REX_MAX_SLOTS);
			return -ENOSPC;
		}
		prog->entries++;
	}
	return 0;
}

int rex_program_register(struct module *owner, const struct rex_program_def *def)
{
	struct rex_prog *prog, *parked;
	int ret;

	if (strlen(owner->name) >= REX_NAME_LEN) {
		pr_err("program name %s is longer than %d characters\n", owner->name,
		       REX_NAME_LEN - 1);
		return -ENAMETOOLONG;
	}
	prog = kzalloc(sizeof(*prog), GFP_KERNEL);
	if (!prog)
		return -ENOMEM;
	prog->owner = owner;
	strscpy(prog->name, owner->name, sizeof(prog->name));
	prog->text = (unsigned long)owner->mem[MOD_TEXT].base;
	prog->text_size = owner->mem[MOD_TEXT].size;
	prog->stack = def->stack;
	rex_prog_set_budget(prog, REX_BUDGET_DEFAULT_US);
	ratelimit_state_init(&prog->printk, DEFAULT_RATELIMIT_INTERVAL, DEFAULT_RATELIMIT_BURST);
	ratelimit_set_flags(&prog->printk, RATELIMIT_MSG_ON_RELEASE);
	ratelimit_state_init(&prog->fault_log, DEFAULT_RATELIMIT_INTERVAL, DEFAULT_RATELIMIT_BURST);

	mutex_lock(&rex_mutex);
	/* Two modules never have one name: what is there is parked. */
	parked = rex_prog_find(prog->name);
	ret = rex_prog_check(prog, def);
	if (!ret)
		ret = rex_prog_fill(prog, def, parked);
	if (ret) {
		rex_prog_free(prog);
		goto out;
	}
	rex_imports_take(prog);
	prog->id = ++rex_last_id;
	list_add_tail(&prog->list, &rex_progs);
	if (parked)
		rex_park_take(parked, prog, def->entries);
	rex_netlink_event(prog, REX_EVENT_LOADED);
	rex_prog_bound(prog);
out:
	mutex_unlock(&rex_mutex);
	return ret;
}
REX_EXPORT(rex_program_register);

/* No slot is live and nobody runs. */
void rex_prog_end(struct rex_prog *prog)
{
	list_del(&prog->list);
	rex_netlink_event(prog, REX_EVENT_UNLOADED);
	rex_prog_free(prog);
}

void rex_program_unregister(struct module *owner)
{
	struct rex_prog *prog;

	mutex_lock(&rex_mutex);
	list_for_each_entry(prog, &rex_progs, list)
		if (prog->owner == owner)
			goto found;
	mutex_unlock(&rex_mutex);
	return;

found:
	atomic_set(&prog->state, REX_STATE_DISABLED);
	rex_prog_slots_off(prog);
	/*
	 * The invocations that run now end; they all run with preemption off. rex_mutex is held
	 * meanwhile: a program that is exchanged is never missing.
	 */
	synchronize_rcu();
	/* The last one's texts are the module's. */
	rex_fault_collect(prog);
	rex_imports_put(prog);
	if (prog->park_names)
		rex_park(prog);
	else
		rex_prog_end(prog);
	mutex_unlock(&rex_mutex);
}
REX_EXPORT(rex_program_unregister);
