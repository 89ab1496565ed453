// SPDX-License-Identifier: GPL-2.0-only
/* What is loaded and what is attached, and an attachment as JSON: for status, link list and detach. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attached.h"

int attached_read(struct rex *rex, struct attached *all)
{
	memset(all, 0, sizeof(*all));
	return rex_program_list(rex, &all->programs, &all->n_programs) ||
	       rex_link_list(&all->links, &all->n_links) ? fail_rex() : 0;
}

void attached_free(struct attached *all)
{
	rex_program_list_free(all->programs, all->n_programs);
	free(all->links);
}

const struct rex_program *attached_owner(const struct attached *all, const struct rex_link *link,
					 const struct rex_entry **entry)
{
	for (size_t i = 0; i < all->n_programs; i++) {
		const struct rex_entry *found = rex_link_entry(link, all->programs[i]);

		if (!found)
			continue;
		if (entry)
			*entry = found;
		return all->programs[i];
	}
	return NULL;
}

int attached_dev(const char *name, struct rex_target *dev)
{
	*dev = (struct rex_target){ .at = REX_AT_XDP };
	snprintf(dev->name, sizeof(dev->name), "%s", name);
	return rex_target_resolve(dev) ? fail_rex() : 0;
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

	if (t->block)
		set_number(o, "block", t->block);
	else
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

/* After which verdicts the chain continues. */
static json_t *json_actions(uint32_t actions)
{
	static const char *const names[] = { "aborted", "drop", "pass", "tx", "redirect" };
	json_t *list = json_array();

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (actions & 1u << i)
			json_array_append_new(list, json_string(names[i]));
	return list;
}

json_t *json_link(const struct rex_link *link)
{
	char text[REX_TARGET_LEN];
	json_t *o = json_pack("{s:o,s:I}", "place", json_text(rex_link_text(link, text, sizeof(text))),
			      "bpf_program", (json_int_t)link->prog_id);

	if (link->held)
		json_object_set_new(o, "held_by", json_text(link->note));
	else if (*link->note)
		json_object_set_new(o, "note", json_text(link->note));
	json_object_set_new(o, "id", json_string(rex_link_id(link, text, sizeof(text))));
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
	if (link->priority)
		set_number(o, "priority", link->priority);
	if (link->handle)
		set_number(o, "handle", link->handle);
	if (link->position)
		set_number(o, "position", link->position);
	if (link->actions)
		json_object_set_new(o, "actions", json_actions(link->actions));
	return o;
}
