// SPDX-License-Identifier: GPL-2.0-only
/* Attaching and detaching several at once: all of them, or none. */
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

static int attach_again(const struct rex_program *p, const struct rex_link *link)
{
	const struct rex_entry *entry = p ? rex_link_entry(link, p) : NULL;
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

/* What was just attached to @targets. */
static int detach_these(const struct rex_entry *entry, const struct rex_target *targets, size_t n)
{
	int err = 0;

	while (!err && n--) {
		struct rex_target target = targets[n];
		struct rex_link *links = NULL;
		size_t n_links = 0;

		target.priority = target.actions = target.handle = 0;
		err = rex_target_resolve(&target);
		if (!err)
			err = rex_link_list_at(&target, &links, &n_links);
		for (size_t i = 0; !err && i < n_links; i++)
			if (rex_link_is(&links[i], entry) && rex_target_matches(&target, &links[i].target))
				err = rex_detach(&links[i]);
		free(links);
	}
	return err;
}

int rex_attach_all(const struct rex_program *program, const struct rex_entry *entry,
		   const struct rex_target *targets, size_t n)
{
	char text[1024], more[1024];
	int err = 0;

	for (size_t i = 0; !err && i < n; i++) {
		err = rex_attach(program, entry, &targets[i]);
		if (!err || !i)
			continue;
		snprintf(text, sizeof(text), "%s", rex_errmsg());
		if (!detach_these(entry, targets, i))
			return rex_fail(err, "%s; nothing was changed: it is detached from the others again",
					text);
		snprintf(more, sizeof(more), "%s", rex_errmsg());
		rex_fail(err, "%s; and it could not be detached from the others: %s", text, more);
	}
	return err;
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
		if (!links[i].leftover || (program && !rex_link_entry(&links[i], program)))
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

/* ---- what calls programs that are gone ----------------------------------------------------------- */

static bool is_stale(const struct rex_link *link, struct rex_program *const *programs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (rex_link_entry(link, programs[i]))
			return false;
	return true;
}

/* What is attached to nothing that we could see: by a process it is only used. */
static bool is_lost(const struct rex_link *link)
{
	return link->held && strncmp(link->note, "process", strlen("process"));
}

/* Says of each that it cannot be detached. */
static int refuse_held(const struct rex_link *links, size_t n, bool all)
{
	char text[1024] = "";
	int err = 0;

	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(text);
		int ret = links[i].held && (all || is_lost(&links[i])) ? rex_detach(&links[i]) : 0;

		if (!ret)
			continue;
		err = ret;
		snprintf(text + len, sizeof(text) - len, "%s%s", len ? "; " : "", rex_errmsg());
	}
	return err ? rex_fail(err, "%s", text) : 0;
}

static int detach_stale(struct rex_link *links, size_t n)
{
	struct rex_link *stale = calloc(n ? n : 1, sizeof(*stale));
	size_t k = 0;
	int err;

	if (!stale)
		return rex_fail(-ENOMEM, "out of memory");
	for (size_t i = 0; i < n; i++)
		if (!links[i].held)
			stale[k++] = links[i];
	err = rex_detach_all(NULL, stale, k);
	free(stale);
	return err ? err : refuse_held(links, n, !k);
}

int rex_detach_stale(struct rex *rex, bool here)
{
	struct rex_program **programs = NULL;
	struct rex_link *links = NULL;
	size_t n_programs = 0, n = 0, k = 0;
	int err = rex_program_list(rex, &programs, &n_programs);

	if (!err)
		err = rex_link_list(&links, &n);
	for (size_t i = 0; !err && i < n; i++)
		if (!(here && links[i].netns_ino && !links[i].held) &&
		    is_stale(&links[i], programs, n_programs))
			links[k++] = links[i];
	if (!err)
		err = detach_stale(links, k);
	/* Those of programs that are there are of no use either. */
	if (!err)
		err = rex_leftovers_remove(NULL);
	free(links);
	rex_program_list_free(programs, n_programs);
	return err < 0 ? err : 0;
}
