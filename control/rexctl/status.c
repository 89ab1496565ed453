// SPDX-License-Identifier: GPL-2.0-only
/* status: what is loaded, its state, and where it is attached. */
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "rexctl.h"

struct status {
	struct rex_info info;
	struct rex_program **programs;
	size_t n_programs;
	struct rex_link *links;
	size_t n_links;
};

static bool is_stale(const struct status *s, const struct rex_link *link)
{
	for (size_t p = 0; p < s->n_programs; p++)
		if (rex_link_entry(link, s->programs[p]))
			return false;
	return true;
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static void set_number(json_t *o, const char *key, uint64_t value)
{
	json_object_set_new(o, key, json_integer(value));
}

/* What belongs to the kind of place, under the name that it has in rexctl's words. */
static void set_place(json_t *o, const struct rex_target *t)
{
	static const char *const modes[] = { "any", "native", "generic", "offload" };

	json_object_set_new(o, rex_at_noun(t->at), json_text(t->name));
	if (t->at == REX_AT_XDP)
		json_object_set_new(o, "mode", json_string(modes[t->mode]));
	if (t->side != REX_SIDE_ANY)
		json_object_set_new(o, "side", json_string(t->side == REX_INGRESS ? "ingress" :
							   "egress"));
	if (*t->symbol)
		json_object_set_new(o, "symbol", json_text(t->symbol));
	if (t->offset)
		set_number(o, "offset", t->offset);
	if (t->freq)
		set_number(o, "freq", t->freq);
	if (t->period)
		set_number(o, "period", t->period);
	if (t->cpu >= 0)
		set_number(o, "cpu", t->cpu);
	if (t->pid >= 0)
		set_number(o, "pid", t->pid);
	if (t->cgroup_id)
		set_number(o, "cgroup_id", t->cgroup_id);
}

static json_t *json_stream(const struct rex_stream_counts *c)
{
	return json_pack("{s:I,s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "id", (json_int_t)c->id, "protocol",
			 c->protocol == IPPROTO_UDP ? "udp" : "tcp", "listeners",
			 (json_int_t)c->listeners, "sockets", (json_int_t)c->sockets, "missed",
			 (json_int_t)c->missed, "answered", (json_int_t)c->answered, "bytes",
			 (json_int_t)c->bytes, "waited", (json_int_t)c->waited, "no_room",
			 (json_int_t)c->no_room);
}

static json_t *json_link(const struct rex_link *link)
{
	char text[REX_TARGET_LEN];
	json_t *o = json_pack("{s:o,s:I}", "place", json_text(rex_link_text(link, text, sizeof(text))),
			      "bpf_program", (json_int_t)link->prog_id);

	if (link->held)
		json_object_set_new(o, "held_by", json_text(link->note));
	else if (*link->note)
		json_object_set_new(o, "note", json_text(link->note));
	if (link->netns_ino)
		json_object_set_new(o, "netns", json_text(link->netns));
	if (!link->unknown) {
		json_object_set_new(o, "at", json_string(rex_at_name(link->target.at)));
		json_object_set_new(o, "hook", json_string(rex_hook_name(rex_at_hook(link->target.at))));
		set_place(o, &link->target);
	}
	if (link->stream.id)
		json_object_set_new(o, "stream", json_stream(&link->stream));
	if (link->link_id)
		set_number(o, "bpf_link", link->link_id);
	if (*link->pin)
		json_object_set_new(o, "pin", json_text(link->pin));
	if (link->target.at == REX_AT_XDP && !link->unknown)
		json_object_set_new(o, "chained", json_boolean(link->chained));
	if (link->dispatcher)
		set_number(o, "dispatcher", link->dispatcher);
	if (link->target.at == REX_AT_TC && !link->unknown) {
		set_number(o, "priority", link->priority);
		set_number(o, "handle", link->handle);
	}
	return o;
}

static json_t *json_entry(const struct status *s, const struct rex_entry *e)
{
	json_t *attached = json_array(), *left = json_array();

	for (size_t i = 0; i < s->n_links; i++)
		if (rex_link_is(&s->links[i], e))
			json_array_append_new(s->links[i].leftover ? left : attached,
					      json_link(&s->links[i]));
	return json_pack("{s:s,s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:o,s:o}", "name", e->name, "hook",
			 rex_hook_name(e->hook), "slot", (json_int_t)e->slot, "runs",
			 (json_int_t)e->runs, "ns", (json_int_t)e->ns, "panics",
			 (json_int_t)e->panics, "overruns", (json_int_t)e->overruns, "overflows",
			 (json_int_t)e->overflows, "refused", (json_int_t)e->refused, "attached",
			 attached, "left_over", left);
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

	for (size_t i = 0; i < s->n_programs; i++)
		json_array_append_new(programs, json_program(s, s->programs[i]));
	for (size_t i = 0; i < s->n_links; i++)
		if (is_stale(s, &s->links[i]))
			json_array_append_new(stale, json_link(&s->links[i]));
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

	out("  entry %s (%s): %" PRIu64 " runs", e->name, rex_hook_name(e->hook), e->runs);
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
	for (size_t i = 0; i < s->n_links; i++) {
		const struct rex_link *link = &s->links[i];

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

	for (size_t i = 0; i < s->n_programs; i++)
		print_program(s, s->programs[i]);
	if (!s->n_programs)
		out("no program is loaded\n");
	for (size_t i = 0; i < s->n_links; i++)
		if (is_stale(s, &s->links[i]))
			out("stale: %s%s calls a program that is gone; \"rexctl "
			       "detach --stale\" removes it\n",
			       rex_link_text(&s->links[i], text, sizeof(text)),
			       shim_text(&s->links[i], shim, sizeof(shim)));
	return flush_output();
}

static int print_all(struct rex *rex, bool json)
{
	struct status s = { .info.sz = sizeof(s.info) };
	int err;

	if (rex_info(rex, &s.info) || rex_program_list(rex, &s.programs, &s.n_programs) ||
	    rex_link_list(&s.links, &s.n_links))
		err = fail_rex();
	else
		err = json ? print_status_json(&s) : print_status(&s);
	rex_program_list_free(s.programs, s.n_programs);
	free(s.links);
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
