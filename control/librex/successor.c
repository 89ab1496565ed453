// SPDX-License-Identifier: GPL-2.0-only
/* Whether a file can take the place of a loaded or parked program. */
#include <string.h>

#include "internal.h"

/* Why an entry of @file cannot take over shims of @e; NULL when it can. */
static const char *unlike(const struct rex_entry *e, const struct rex_file *file)
{
	for (uint32_t i = 0; i < file->n_entries; i++) {
		const struct rex_entry *f = file->entries[i];

		if (f->hook != e->hook || strcmp(f->name, e->name))
			continue;
		if (f->ctx_size > e->ctx_size)
			return e->hook == REX_HOOK_STREAM ? "has a longer record of each socket there" :
			       "reads more of the tracepoint's record there";
		if (e->flags & REX_ENTRY_FRAGS & ~f->flags)
			return "does not accept frames of several buffers there";
		if (memcmp(&f->filter, &e->filter, sizeof(f->filter)))
			return "has another filter there";
		return NULL;
	}
	return "has no such entry";
}

struct attached {
	const struct rex_entry *entry;
	int n;
};

static int count_stream(const struct rex_link *link, void *data)
{
	struct attached *at = data;

	at->n += rex_link_is(link, at->entry);
	return 0;
}

/* How often it is attached, at least; or a negative errno. */
static int attached(const struct rex_entry *e)
{
	struct attached at = { .entry = e };
	uint32_t id;
	int err;

	if (e->hook != REX_HOOK_STREAM)
		return rex_shim_ids(e, &id, 1);
	err = rex_streams(count_stream, &at);
	return err ? err : at.n;
}

int rex_check_successor(const struct rex_program *p, const struct rex_file *file, const char *path)
{
	for (uint32_t i = 0; i < p->n_entries; i++) {
		const struct rex_entry *e = p->entries[i];
		const char *why = unlike(e, file);
		int n = why ? attached(e) : 0;

		if (n > 0 && rex_leftovers_remove(p) > 0)
			n = attached(e);
		if (n < 0)
			return n;
		if (n)
			return rex_fail(-EBUSY, "entry \"%s\" (%s) of program \"%s\" is attached, and "
					"\"%s\" %s; detach it first (\"rexctl detach %s:%s\")", e->name,
					rex_hook_name(e->hook), p->name, path, why, p->name, e->name);
	}
	return 0;
}
