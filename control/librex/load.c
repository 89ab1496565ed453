// SPDX-License-Identifier: GPL-2.0-only
/* Loading and unloading a program: all steps, or none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "internal.h"

/* A module of that name is there: is it this program, or something else? */
static int refuse_present(struct rex *rex, const char *path, const char *name)
{
	struct rex_program *p;

	if (!rex_program_get(rex, name, &p)) {
		rex_program_free(p);
		return rex_fail(-EEXIST, "%s: program \"%s\" is loaded already; \"rexctl "
				"replace\" exchanges it, or build it under another name", path, name);
	}
	return rex_fail(-EEXIST, "%s: a kernel module \"%s\" is loaded already that is no Rex "
			"program; build the program under another name", path, name);
}

/* Leaves the error text alone. */
static void undo(struct rex *rex, const char *name, bool keep)
{
	char text[1024];

	snprintf(text, sizeof(text), "%s", rex_errmsg());
	if (keep)
		rex_program_park(rex, name, true);
	rex_module_undo(name);
	rex_fail(-1, "%s", text);
}

int rex_insert_and_bind(struct rex *rex, const struct image *image, const char *path,
			const struct rex_file *file, const struct rex_map_size *sizes, size_t n_sizes,
			bool keep, struct rex_program **program)
{
	struct rex_program *p = NULL;
	int err;

	err = rex_module_insert(image, path, file->name, file->vermagic, "");
	if (err)
		return err;
	err = rex_program_get(rex, file->name, &p);
	if (!err)
		err = rex_maps_bind(rex, p, sizes, n_sizes);
	if (!err) {
		/* Once more: the maps have ids now, and the state tells whether all is bound. */
		rex_program_free(p);
		p = NULL;
		err = rex_program_get(rex, file->name, &p);
	}
	/* Disabled: what it takes the place of was. */
	if (!err && p->state != REX_STATE_ENABLED && !(keep && p->state == REX_STATE_DISABLED))
		err = rex_fail(-EIO, "program \"%s\" is %s after loading", p->name,
			       rex_state_name(p->state));
	if (err) {
		rex_program_free(p);
		rex_fail_in(err, "%s", path);
		undo(rex, file->name, keep);
		return err;
	}
	*program = p;
	return 0;
}

int rex_program_load_sized(struct rex **rexp, const char *path, const struct rex_map_size *sizes,
			   size_t n_sizes, struct rex_program **program)
{
	struct rex_program *p = NULL, *parked = NULL;
	struct rex *rex = *rexp;
	struct rex_file *file;
	struct image image = {};
	int err;

	file = calloc(1, sizeof(*file));
	if (!file)
		return rex_fail(-ENOMEM, "out of memory");
	err = rex_image_read(path, &image);
	if (!err)
		err = rex_check_image(image.data, image.size, path, file);
	if (err)
		goto out;

	if (!rex) {
		err = rex_runtime_load(NULL);
		if (err >= 0)
			err = rex_open(&rex);
	}
	if (!err && rex_module_present(file->name))
		err = refuse_present(rex, path, file->name);
	/* Without a module it is parked. */
	if (!err && !rex_program_get(rex, file->name, &parked))
		err = rex_check_successor(parked, file, path);
	if (!err)
		err = rex_helpers_bind(rex);
	if (!err)
		err = rex_insert_and_bind(rex, &image, path, file, sizes, n_sizes, parked, &p);
	rex_program_free(parked);
out:
	rex_image_free(&image);
	free(file);
	if (err) {
		if (!*rexp)
			rex_close(rex);
		return err;
	}
	*rexp = rex;
	if (program)
		*program = p;
	else
		rex_program_free(p);
	return 0;
}

int rex_program_load(struct rex **rex, const char *path, struct rex_program **program)
{
	return rex_program_load_sized(rex, path, NULL, 0, program);
}

/* ---- unload ------------------------------------------------------------------------ */

static bool calls_program(const struct rex_link *link, const struct rex_program *p)
{
	for (uint32_t i = 0; i < p->n_entries; i++)
		if (rex_link_is(link, &p->entries[i]))
			return true;
	return false;
}

/*
 * Shims of @p that are loaded but not in @links: attached in another network
 * namespace, pinned, or held by some process. Appends to @text.
 */
static int find_elsewhere(const struct rex_program *p, const struct rex_link *links, size_t n,
			  char *text, size_t size)
{
	uint32_t ids[64];
	int found = 0;

	for (uint32_t i = 0; i < p->n_entries; i++) {
		int count = rex_shim_ids(&p->entries[i], ids, ARRAY_SIZE(ids));

		if (count < 0)
			return count;
		for (int k = 0; k < count && k < (int)ARRAY_SIZE(ids); k++) {
			bool here = false;
			size_t len = strlen(text);

			for (size_t l = 0; l < n; l++)
				here |= links[l].prog_id == ids[k];
			if (here)
				continue;
			found++;
			snprintf(text + len, size - len, "%sBPF program %u", len ? ", " : "",
				 ids[k]);
		}
	}
	return found;
}

/* The kernel frees a shim a little after its last link: give it time before it counts. */
static int wait_elsewhere(const struct rex_program *p, const struct rex_link *links, size_t n,
			  char *text, size_t size)
{
	const struct timespec pause = { .tv_nsec = 10000000 };
	int found = 0;

	for (int tries = 0; tries < 100; tries++) {
		*text = '\0';
		found = find_elsewhere(p, links, n, text, size);
		if (found <= 0)
			break;
		nanosleep(&pause, NULL);
	}
	return found;
}

int rex_program_release(struct rex *rex, const struct rex_program *p,
			const struct rex_link *detached, size_t n)
{
	char places[64];
	int left;

	if (p->state != REX_STATE_PARKED)
		return 0;
	left = wait_elsewhere(p, detached, n, places, sizeof(places));
	return left ? left < 0 ? left : 0 : rex_program_park(rex, p->name, false);
}

int rex_program_unload(struct rex *rex, const char *name, bool force)
{
	struct rex_program *p = NULL;
	struct rex_link *links = NULL;
	char places[2048] = "", one[REX_TARGET_LEN];
	size_t n = 0;
	int err, elsewhere;

	err = rex_program_get(rex, name, &p);
	if (err)
		return err;
	err = rex_link_list(&links, &n);
	for (size_t i = 0; !err && i < n; i++) {
		size_t len = strlen(places);

		if (!calls_program(&links[i], p))
			continue;
		if (force)
			err = rex_detach(&links[i]);
		else
			snprintf(places + len, sizeof(places) - len, "%s%s", len ? ", " : "",
				 rex_link_text(&links[i], one, sizeof(one)));
	}
	if (!err && *places)
		err = rex_fail(-EBUSY, "program \"%s\" is attached: %s; \"rexctl detach %s\" first, "
			       "or unload it with --force", name, places, name);
	if (!err && force)
		rex_pins_remove(name);
	if (!err) {
		elsewhere = wait_elsewhere(p, force ? NULL : links, force ? 0 : n, places,
					   sizeof(places));
		if (elsewhere < 0)
			err = elsewhere;
		else if (elsewhere && !force)
			err = rex_fail(-EBUSY, "program \"%s\" is in use outside of this network "
				       "namespace or by a process: %s (\"bpftool prog show id ID\", "
				       "\"bpftool net\" in the other namespace); detach it there, or "
				       "unload it with --force: its hooks then give the safe verdict",
				       name, places);
	}
	/* Nobody wants its slots. */
	if (!err)
		err = rex_program_park(rex, name, false);
	if (!err && p->state != REX_STATE_PARKED)
		err = rex_module_remove(name);
	free(links);
	rex_program_free(p);
	return err;
}
