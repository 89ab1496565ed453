// SPDX-License-Identifier: GPL-2.0-only
/* status: what is loaded, its state, and where it is attached. */
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "attached.h"

struct status {
	struct rex_info info;
	struct attached all;
};

/* ---- JSON ---------------------------------------------------------------------------------- */

static json_t *json_entry(const struct status *s, const struct rex_entry *e)
{
	json_t *attached = json_array(), *left = json_array(), *o;

	for (size_t i = 0; i < s->all.n_links; i++)
		if (rex_link_is(&s->all.links[i], e))
			json_array_append_new(s->all.links[i].leftover ? left : attached,
					      json_link(&s->all.links[i]));
	o = json_pack("{s:s,s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:o,s:o}", "name", e->name, "hook",
		      rex_hook_name(e->hook), "slot", (json_int_t)e->slot, "runs",
		      (json_int_t)e->runs, "ns", (json_int_t)e->ns, "panics",
		      (json_int_t)e->panics, "overruns", (json_int_t)e->overruns, "overflows",
		      (json_int_t)e->overflows, "refused", (json_int_t)e->refused, "attached",
		      attached, "left_over", left);
	json_filter(o, e);
	return o;
}

static json_t *json_map(const struct rex_map *m)
{
	return json_pack("{s:s,s:s,s:I,s:I,s:I,s:I,s:I}", "name", m->name, "type",
			 rex_map_type_name(m->type), "key_size", (json_int_t)m->key_size,
			 "value_size", (json_int_t)m->value_size, "max_entries",
			 (json_int_t)m->max_entries, "flags", (json_int_t)m->flags, "bpf_map",
			 (json_int_t)m->bpf_id);
}

static json_t *json_program(const struct status *s, const struct rex_program *p)
{
	json_t *entries = json_array(), *maps = json_array(), *o;

	for (uint32_t i = 0; i < p->n_entries; i++)
		json_array_append_new(entries, json_entry(s, p->entries[i]));
	for (uint32_t i = 0; i < p->n_maps; i++)
		json_array_append_new(maps, json_map(p->maps[i]));
	o = json_pack("{s:s,s:I,s:s,s:I,s:b,s:b,s:I,s:I,s:o,s:o}", "name", p->name, "id",
		      (json_int_t)p->id, "state", rex_state_name(p->state), "budget_us",
		      (json_int_t)p->budget_us, "timing", p->timing, "tainted", p->tainted,
		      "generation", (json_int_t)p->generation, "stack", (json_int_t)p->stack,
		      "entries", entries, "maps", maps);
	if (o && p->fault)
		json_object_set_new(o, "fault", json_fault(p->fault));
	return o;
}

static int print_status_json(const struct status *s)
{
	json_t *programs = json_array(), *stale = json_array(), *o;

	for (size_t i = 0; i < s->all.n_programs; i++)
		json_array_append_new(programs, json_program(s, s->all.programs[i]));
	for (size_t i = 0; i < s->all.n_links; i++)
		if (!attached_owner(&s->all, &s->all.links[i], NULL))
			json_array_append_new(stale, json_link(&s->all.links[i]));
	o = json_pack("{s:{s:i,s:I,s:I,s:I,s:s},s:o,s:o}", "runtime", "abi", s->info.abi, "helpers",
		      (json_int_t)s->info.n_helpers, "refused", (json_int_t)s->info.refused,
		      "stale_calls", (json_int_t)s->info.stale, "preempt",
		      rex_preempt_name(s->info.preempt), "programs", programs, "stale", stale);
	return print_json(o);
}

/* ---- text ------------------------------------------------------------------------------------ */

static void print_budget(uint32_t us)
{
	if (us % 1000)
		out("budget %u us", us);
	else
		out("budget %u ms", us / 1000);
}

/* " (BPF program 7)", where there is one. */
static const char *shim_text(const struct rex_link *link, char *text, size_t size)
{
	snprintf(text, size, link->prog_id ? " (BPF program %u)" : "", link->prog_id);
	return text;
}

static void print_entry(const struct status *s, const struct rex_entry *e)
{
	char text[REX_TARGET_LEN], shim[32];
	bool attached = false;

	out("  entry %s (%s%s): %" PRIu64 " runs", e->name, rex_hook_name(e->hook),
	    entry_text(e, text, sizeof(text)), e->runs);
	if (e->ns && e->runs)
		out(", %" PRIu64 " ns in all", e->ns);
	if (e->panics)
		out(", %" PRIu64 " panics", e->panics);
	if (e->overruns)
		out(", %" PRIu64 " overruns", e->overruns);
	if (e->overflows)
		out(", %" PRIu64 " stack overflows", e->overflows);
	if (e->refused)
		out(", %" PRIu64 " not run (nested too deep, or no other CPU to look after it)",
		       e->refused);
	out("\n");
	for (size_t i = 0; i < s->all.n_links; i++) {
		const struct rex_link *link = &s->all.links[i];

		if (!rex_link_is(link, e))
			continue;
		rex_link_text(link, text, sizeof(text));
		attached |= !link->leftover;
		if (link->held)
			out("    in use: %s\n", text);
		else if (link->leftover)
			out("    left over: %s (BPF program %u); \"rexctl detach --stale\" removes it\n",
			       text, link->prog_id);
		else
			out("    attached: %s%s%s%s\n", text, shim_text(link, shim, sizeof(shim)),
			       *link->note ? "; " : "", link->note);
	}
	if (!attached)
		out("    not attached\n");
}

static void print_program(const struct status *s, const struct rex_program *p)
{
	out("program %s: %s, ", p->name, rex_state_name(p->state));
	print_budget(p->budget_us);
	if (p->stack)
		out(", stack %u B", p->stack);
	else
		out(", stack checked at run time");
	if (p->timing)
		out(", timing on");
	out("\n");
	if (p->state == REX_STATE_PARKED)
		out("  the new program failed to load: \"rexctl replace NAME.ko\" tries "
		       "another one, \"rexctl unload %s\" gives it up\n", p->name);
	for (uint32_t i = 0; i < p->n_entries; i++)
		print_entry(s, p->entries[i]);
	for (uint32_t i = 0; i < p->n_maps; i++)
		out("  map %s: %s, key %u B, value %u B, %u entries (BPF map %u)%s\n",
		       p->maps[i]->name, rex_map_type_name(p->maps[i]->type), p->maps[i]->key_size,
		       p->maps[i]->value_size, p->maps[i]->max_entries, p->maps[i]->bpf_id,
		       p->tainted ? ", may be half-written by a crash" : "");
	if (p->fault) {
		out("  last fault:\n");
		show_fault(p->fault, "    ");
		if (p->state == REX_STATE_CRASHED)
			out("    \"rexctl enable %s\" lets it run again\n", p->name);
	}
}

static int print_status(const struct status *s)
{
	char text[REX_TARGET_LEN], shim[32];

	for (size_t i = 0; i < s->all.n_programs; i++)
		print_program(s, s->all.programs[i]);
	if (!s->all.n_programs)
		out("no program is loaded\n");
	for (size_t i = 0; i < s->all.n_links; i++)
		if (!attached_owner(&s->all, &s->all.links[i], NULL))
			out("stale: %s%s calls a program that is gone; \"rexctl "
			       "detach --stale\" removes it\n",
			       rex_link_text(&s->all.links[i], text, sizeof(text)),
			       shim_text(&s->all.links[i], shim, sizeof(shim)));
	return flush_output();
}

static int print_all(struct rex *rex, bool json)
{
	struct status s = { .info.sz = sizeof(s.info) };
	int err;

	err = rex_info(rex, &s.info) ? fail_rex() : attached_read(rex, &s.all);
	if (!err)
		err = json ? print_status_json(&s) : print_status(&s);
	attached_free(&s.all);
	return err;
}

struct status_args {
	bool json;
};

static int status(const void *args)
{
	const struct status_args *a = args;
	struct rex *rex;
	int err = rex_open(&rex);

	/* Not loaded is an answer, not an error. */
	if (err == -ENOENT) {
		if (a->json)
			return print_json(json_pack("{s:[]}", "programs"));
		out("rex.ko is not loaded\n");
		return flush_output();
	}
	if (err)
		return fail_rex();
	err = enter_netns();
	if (!err)
		err = print_all(rex, a->json);
	rex_close(rex);
	return err;
}

const struct cli_command cmd_status = {
	.name = "status", .help = "what is loaded and where it is attached",
	.args = (const struct cli_arg[]){
		CLI_JSON(status_args, "one line of JSON"),
		{}
	},
	.size = sizeof(struct status_args), .run = status,
};
