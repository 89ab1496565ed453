// SPDX-License-Identifier: GPL-2.0-only
/* Loading and unloading a program: all steps, or none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	return rex_fail(-EEXIST, "%s: a kernel module \"%s\" is already loaded that is not a Rex "
			"program; build the program under another name", path, name);
}

/* Leaves the error text alone. */
static void undo(struct rex *rex, const char *name, uint64_t instance, bool keep)
{
	char text[1024];

	snprintf(text, sizeof(text), "%s", rex_errmsg());
	if (keep && rex_module_instance(name) == instance)
		rex_program_park(rex, name, true);
	rex_module_undo(name, instance);
	rex_fail(-1, "%s", text);
}

int rex_insert_and_bind(struct rex *rex, const struct image *image, const char *path,
			const struct rex_file *file, const struct rex_map_size *sizes, size_t n_sizes,
			bool keep, struct rex_program **program)
{
	struct rex_program *p = NULL;
	uint64_t instance;
	int err;

	err = rex_module_insert(image, path, file->name, file->vermagic, "");
	if (err)
		return err;
	instance = rex_module_instance(file->name);
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
		undo(rex, file->name, instance, keep);
		return err;
	}
	*program = p;
	return 0;
}

int rex_program_load_opts(struct rex **rexp, const char *path, const struct rex_load_opts *given,
			  struct rex_program **program)
{
	struct rex_program *p = NULL, *parked = NULL;
	struct rex *rex = *rexp;
	struct rex_load_opts opts;
	struct own_file *file;
	struct image image = {};
	uint64_t runtime = 0;		/* rex.ko, when it was loaded here */
	int err = rex_opts(&opts, sizeof(opts), given);

	if (err)
		return err;
	file = malloc(sizeof(*file));
	if (!file)
		return rex_fail(-ENOMEM, "out of memory");
	err = rex_image_read(path, &image);
	if (!err)
		err = rex_check_image(image.data, image.size, path, file);
	if (err)
		goto out;

	if (!rex) {
		err = rex_runtime_load(NULL);
		if (err == 1)
			runtime = rex_module_instance("rex");
		if (err >= 0)
			err = rex_open(&rex);
	}
	if (!err && rex_module_present(file->pub.name))
		err = refuse_present(rex, path, file->pub.name);
	/* Without a module it is parked. */
	if (!err && !rex_program_get(rex, file->pub.name, &parked))
		err = rex_check_successor(parked, &file->pub, path);
	if (!err)
		err = rex_helpers_bind(rex, file);
	if (!err)
		err = rex_insert_and_bind(rex, &image, path, &file->pub, opts.sizes, opts.n_sizes,
					  parked, &p);
	rex_program_free(parked);
out:
	rex_image_free(&image);
	free(file);
	if (err) {
		if (!*rexp)
			rex_close(rex);
		/* Not if somebody uses it by now. */
		rex_module_undo("rex", runtime);
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
	return rex_program_load_opts(rex, path, NULL, program);
}

/* ---- unload ------------------------------------------------------------------------ */

static bool is_one_of(const struct rex_link *link, const struct rex_link *links, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (links[i].prog_id == link->prog_id)
			return true;
	return false;
}

int rex_program_release(struct rex *rex, const struct rex_program *p,
			const struct rex_link *detached, size_t n)
{
	struct rex_link *links = NULL;
	size_t count = 0, left = 0;
	int err;

	if (p->state != REX_STATE_PARKED)
		return 0;
	err = rex_link_list(&links, &count);
	for (size_t i = 0; !err && i < count; i++)
		left += rex_link_entry(&links[i], p) && !is_one_of(&links[i], detached, n);
	free(links);
	return err || left ? err : rex_program_park(rex, p->name, false);
}

/* The links of @p to the front: first the attached ones, then leftovers, then what is held. */
struct uses {
	struct rex_link *links;
	size_t attached, leftover, held;
};

static int rank(const struct rex_link *link)
{
	return link->held ? 2 : link->leftover ? 1 : 0;
}

static int by_rank(const void *a, const void *b)
{
	return rank(a) - rank(b);
}

static int find_uses(const struct rex_program *p, struct uses *u)
{
	size_t n = 0, mine = 0;
	int err;

	memset(u, 0, sizeof(*u));
	err = rex_link_list(&u->links, &n);
	if (err)
		return err;
	for (size_t i = 0; i < n; i++)
		if (rex_link_entry(&u->links[i], p))
			u->links[mine++] = u->links[i];
	qsort(u->links, mine, sizeof(*u->links), by_rank);
	for (size_t i = 0; i < mine; i++)
		(*(rank(&u->links[i]) == 2 ? &u->held : rank(&u->links[i]) ? &u->leftover :
		   &u->attached))++;
	return 0;
}

static const char *places(const struct rex_link *links, size_t n, char *text, size_t size)
{
	char one[REX_TARGET_LEN];

	*text = '\0';
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(text);

		snprintf(text + len, size - len, "%s%s", len ? ", " : "",
			 rex_link_text(&links[i], one, sizeof(one)));
	}
	return text;
}

/* Nothing attached and nothing held, or the places in the error text. Leftovers go. */
static int make_free(const struct rex_program *p, const struct uses *u)
{
	char text[2048];

	if (u->attached)
		return rex_fail(-EBUSY, "program \"%s\" is attached: %s; \"rexctl detach %s\" first, or "
				"unload it with --force", p->name, places(u->links, u->attached, text,
				sizeof(text)), p->name);
	if (u->held)
		return rex_fail(-EBUSY, "program \"%s\" is in use, but attached to nothing that can be "
				"seen from here: %s (\"bpftool prog show id ID\"); end that, or unload it "
				"with --force: its hooks then give the safe verdict", p->name,
				places(u->links + u->leftover, u->held, text, sizeof(text)));
	return rex_detach_all(p, u->links, u->leftover);
}

int rex_program_unload(struct rex *rex, const char *name, bool force)
{
	struct rex_program *p = NULL;
	struct uses u = {};
	int err;

	err = rex_program_get(rex, name, &p);
	if (err)
		return err;
	err = find_uses(p, &u);
	if (!err)
		err = force ? rex_detach_all(p, u.links, u.attached + u.leftover) : make_free(p, &u);
	if (!err && force)
		rex_pins_remove(name);
	/* Nobody wants its slots. */
	if (!err)
		err = rex_program_park(rex, name, false);
	if (!err && p->state != REX_STATE_PARKED)
		err = rex_module_remove(name);
	free(u.links);
	rex_program_free(p);
	return err;
}
