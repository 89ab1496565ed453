// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exchanging a program without touching what it is attached to: rex.ko keeps its slots while the
 * module is exchanged (kmod/park.c).
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* A file, and what it says of itself. */
struct candidate {
	const char *path;
	struct image image;
	struct own_file file;
};

static void candidate_free(struct candidate *c)
{
	if (!c)
		return;
	rex_image_free(&c->image);
	free(c);
}

static int candidate_read(const char *path, struct candidate **out)
{
	struct candidate *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return rex_fail(-ENOMEM, "out of memory");
	c->path = path;
	err = rex_image_read(path, &c->image);
	if (!err)
		err = rex_check_image(c->image.data, c->image.size, path, &c->file);
	if (!err)
		err = rex_module_check_kernel(-ENOEXEC, path, c->file.pub.vermagic);
	if (err)
		candidate_free(c);
	else
		*out = c;
	return err;
}

/* The module of @p goes, its slots stay. */
static int park(struct rex *rex, const struct rex_program *p)
{
	int err;

	if (p->state == REX_STATE_PARKED)
		return 0;
	err = rex_program_park(rex, p->name, true);
	if (err)
		return err;
	err = rex_module_remove(p->name);
	if (err) {
		char text[512];

		strncpy(text, rex_errmsg(), sizeof(text) - 1);
		text[sizeof(text) - 1] = '\0';
		rex_program_park(rex, p->name, false);
		return rex_fail(err, "%s", text);
	}
	return 0;
}

/* Whoever loaded the old one chose them. */
static size_t sizes_to_keep(const struct rex_program *old, const struct rex_file *file,
			    struct rex_map_size sizes[REX_MAX_MAPS])
{
	size_t n = 0;

	for (uint32_t i = 0; i < old->n_maps; i++) {
		const struct rex_map *m = old->maps[i];

		for (uint32_t k = 0; m->sized && k < file->n_maps; k++) {
			const struct rex_map *f = file->maps[k];

			if (!strcmp(f->name, m->name) && f->type == m->type &&
			    f->key_size == m->key_size && f->value_size == m->value_size)
				sizes[n++] = (struct rex_map_size){ m->name, m->max_entries };
		}
	}
	return n;
}

static int insert(struct rex *rex, const struct rex_program *old, const struct candidate *c,
		  struct rex_program **program)
{
	struct rex_map_size sizes[REX_MAX_MAPS];
	size_t n = sizes_to_keep(old, &c->file.pub, sizes);

	return rex_insert_and_bind(rex, &c->image, c->path, &c->file.pub, sizes, n, true, program);
}

static int exchange(struct rex *rex, const struct rex_program *old, const struct candidate *c,
		    const struct candidate *fallback, struct rex_program **program)
{
	char text[1024];
	int err = park(rex, old);

	if (err)
		return err;
	err = insert(rex, old, c, program);
	if (!err)
		return 0;
	strncpy(text, rex_errmsg(), sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	if (!fallback)
		return rex_fail(err, "%s; program \"%s\" is parked now: what it is attached to gives "
				"the safe verdict, until \"rexctl replace\" finds a file that loads, or "
				"\"rexctl unload %s\"", text, old->name, old->name);
	if (insert(rex, old, fallback, program))
		return rex_fail(err, "%s; nor does the fallback: %s; program \"%s\" is parked now",
				text, rex_errmsg(), old->name);
	rex_program_free(*program);
	*program = NULL;
	return rex_fail(err, "%s; \"%s\" was loaded in its place", text, fallback->path);
}

int rex_program_replace(struct rex *rex, const char *path, const char *fallback,
			struct rex_program **program)
{
	struct candidate *c = NULL, *back = NULL;
	struct rex_program *old = NULL, *new = NULL;
	sigset_t all, mask;
	int err;

	err = candidate_read(path, &c);
	if (!err && fallback)
		err = candidate_read(fallback, &back);
	if (!err && back && strcmp(back->file.pub.name, c->file.pub.name))
		err = rex_fail(-EINVAL, "\"%s\" is program \"%s\" and no fallback for program \"%s\"",
			       fallback, back->file.pub.name, c->file.pub.name);
	if (!err)
		err = rex_program_get(rex, c->file.pub.name, &old);
	if (!err)
		err = rex_check_successor(old, &c->file.pub, path);
	if (!err && back)
		err = rex_check_successor(old, &back->file.pub, fallback);
	if (!err)
		err = rex_helpers_bind(rex, &c->file);
	if (!err && back)
		err = rex_helpers_bind(rex, &back->file);
	if (!err) {
		/* Nobody stops us in the middle. */
		sigfillset(&all);
		sigprocmask(SIG_BLOCK, &all, &mask);
		err = exchange(rex, old, c, back, &new);
		sigprocmask(SIG_SETMASK, &mask, NULL);
	}
	if (!err && program)
		*program = new;
	else
		rex_program_free(new);
	rex_program_free(old);
	candidate_free(back);
	candidate_free(c);
	return err;
}
