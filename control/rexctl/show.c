// SPDX-License-Identifier: GPL-2.0-only
/* How a fault looks, for status, run and monitor alike; and a filter. */
#include "rexctl.h"

const char *entry_text(const struct rex_entry *e, char *text, size_t size)
{
	char what[100];

	snprintf(text, size, "%s%s%s", e->flags & REX_ENTRY_LEAF ? ", leaf" : "",
		 e->filter.protocol ? ", filter " : "",
		 e->filter.protocol ? rex_filter_text(&e->filter, what, sizeof(what)) : "");
	return text;
}

void json_filter(json_t *entry, const struct rex_entry *e)
{
	char what[100];

	if (entry && e->filter.protocol)
		json_object_set_new(entry, "filter",
				    json_string(rex_filter_text(&e->filter, what, sizeof(what))));
}

const char *fault_place(const struct rex_fault_info *f, char *text, size_t size)
{
	if (*f->file && f->column)
		snprintf(text, size, "%s:%u:%u", f->file, f->line, f->column);
	else if (*f->file)
		snprintf(text, size, "%s:%u", f->file, f->line);
	else
		snprintf(text, size, "an unknown place");
	return text;
}

void show_fault(const struct rex_fault_info *f, const char *indent)
{
	char place[320];

	out("%s%s in entry %s at %s, CPU %u\n", indent, rex_fault_name(f->kind), f->entry,
	       fault_place(f, place, sizeof(place)), f->cpu);
	if (*f->message)
		out("%s  %s\n", indent, f->message);
	for (uint32_t i = 0; i < f->n_frames; i++) {
		out("%s  #%u %s\n", indent, i, f->frames[i]->symbol);
		if (*f->frames[i]->file)
			out("%s     at %s:%u\n", indent, f->frames[i]->file, f->frames[i]->line);
	}
}

json_t *json_fault(const struct rex_fault_info *f)
{
	json_t *frames = json_array(), *fault;

	for (uint32_t i = 0; i < f->n_frames; i++) {
		json_t *frame = json_pack("{s:o}", "symbol", json_text(f->frames[i]->symbol));

		if (frame && *f->frames[i]->file) {
			json_object_set_new(frame, "file", json_text(f->frames[i]->file));
			json_object_set_new(frame, "line", json_integer(f->frames[i]->line));
		}
		json_array_append_new(frames, frame);
	}
	fault = json_pack("{s:s,s:s,s:o,s:I,s:o}", "kind", rex_fault_name(f->kind), "entry",
			  f->entry, "message", json_text(f->message), "cpu", (json_int_t)f->cpu, "frames",
			  frames);
	if (fault && *f->file) {
		json_object_set_new(fault, "file", json_text(f->file));
		json_object_set_new(fault, "line", json_integer(f->line));
	}
	if (fault && f->column)
		json_object_set_new(fault, "column", json_integer(f->column));
	return fault;
}
