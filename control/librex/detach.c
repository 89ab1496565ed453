// SPDX-License-Identifier: GPL-2.0-only
/* Detaching several at once: all of them, or none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/*
 * The kernel changes nothing at an interface while one above it has an XDP program. So it goes
 * round until nothing more comes off. Returns how many are left, with the first one's error.
 */
static size_t detach_rounds(const struct rex_link *links, size_t n, bool *off, int *err)
{
	size_t left = n, before;
	char text[1024];

	do {
		before = left;
		left = 0;
		for (size_t i = 0; i < n; i++) {
			int ret = off[i] ? 0 : rex_detach(&links[i]);

			off[i] = !ret;
			if (ret && !left++) {
				*err = ret;
				snprintf(text, sizeof(text), "%s", rex_errmsg());
			}
		}
	} while (left && left < before);
	if (left)
		rex_fail(*err, "%s", text);
	return left;
}

static const struct rex_entry *entry_of(const struct rex_program *p, const struct rex_link *link)
{
	for (uint32_t i = 0; p && i < p->n_entries; i++)
		if (rex_link_is(link, &p->entries[i]))
			return &p->entries[i];
	return NULL;
}

static int attach_again(const struct rex_program *p, const struct rex_link *link)
{
	const struct rex_entry *entry = entry_of(p, link);
	int back, err;

	if (!entry || link->unknown)
		return -ENOENT;
	err = rex_netns_enter(link, &back);
	if (err)
		return err;
	err = rex_attach(p, entry, &link->target);
	rex_netns_leave(back);
	return err;
}

/* Each that came off, the lowest first: the other way round than it was possible. */
static void undo(const struct rex_program *p, const struct rex_link *links, size_t n, const bool *off,
		 int err)
{
	char text[1024], lost[512] = "", one[REX_TARGET_LEN];
	size_t again = 0;

	snprintf(text, sizeof(text), "%s", rex_errmsg());
	for (size_t i = n; i-- > 0;) {
		size_t len = strlen(lost);

		if (!off[i] || links[i].leftover)
			continue;
		if (!attach_again(p, &links[i]))
			again++;
		else
			snprintf(lost + len, sizeof(lost) - len, "%s%s", len ? ", " : "",
				 rex_link_text(&links[i], one, sizeof(one)));
	}
	if (*lost)
		rex_fail(err, "%s; detached, and could not be attached again: %s", text, lost);
	else
		rex_fail(err, "%s%s", text, again ? "; nothing was changed: the others are attached again" :
			 "");
}

int rex_detach_all(const struct rex_program *program, const struct rex_link *links, size_t n)
{
	bool *off = calloc(n ? n : 1, sizeof(*off));
	int err = 0;

	if (!off)
		return rex_fail(-ENOMEM, "out of memory");
	if (detach_rounds(links, n, off, &err)) {
		undo(program, links, n, off, err);
	} else {
		err = 0;		/* what an earlier round was refused */
		rex_detach_wait(links, n);
	}
	free(off);
	return err;
}

int rex_leftovers_remove(const struct rex_program *program)
{
	struct rex_link *links = NULL;
	size_t n = 0, removed = 0;
	int err = rex_link_list(&links, &n);

	for (size_t i = 0; !err && i < n; i++) {
		if (!links[i].leftover || (program && !entry_of(program, &links[i])))
			continue;
		err = rex_detach(&links[i]);
		if (!err)
			links[removed++] = links[i];
	}
	if (!err)
		rex_detach_wait(links, removed);
	free(links);
	rex_dispatcher_clean();
	return err ? err : (int)removed;
}
