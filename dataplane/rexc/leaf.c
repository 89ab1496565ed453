// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leaves: XDP entries whose code calls nothing and never jumps back. Such an entry cannot panic, holds
 * nothing, and ends within as many instructions as it has; rex.ko runs it without a frame. insn.c has
 * looked at each instruction.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uapi/rex.h>

#include "diag.h"
#include "object.h"
#include "rexc.h"

/* It runs on the stack of whoever received the packet. */
#define LEAF_FRAME	128
/* A few thousand instructions: some microseconds. */
#define LEAF_SIZE	4096

static bool is_leaf(const struct object *o, const struct section *s, size_t at,
		    const struct rex_entry_def *e)
{
	const struct reloc *r = object_reloc(s, at + offsetof(struct rex_entry_def, fn),
					     at + offsetof(struct rex_entry_def, fn) + 8);
	long to = r ? object_reloc_function(o, r, 0) : -1;
	const struct function *f = &o->functions[to < 0 ? 0 : to];

	return to >= 0 && e->hook == REX_HOOK_XDP && !f->not_leaf && !f->ncalls && !f->indirect &&
	       f->frame <= LEAF_FRAME && f->size <= LEAF_SIZE;
}

void leaf_find(const struct object *o, struct job *job)
{
	struct rex_entry_def e;

	job->nleaves = 0;
	for (size_t i = 1; i < o->nsections; i++) {
		const struct section *s = &o->sections[i];

		for (size_t k = 0; s->data && !strcmp(s->name, ".rex.entries") && k + sizeof(e) <= s->size;
		     k += sizeof(e)) {
			memcpy(&e, s->data + k, sizeof(e));
			if (job->nleaves == REX_MAX_ENTRIES || !is_leaf(o, s, k, &e))
				continue;
			diag_step("entry %s is a leaf", e.name);
			memcpy(job->leaves[job->nleaves++], e.name, sizeof(e.name));
		}
	}
}

static bool is_named(const struct job *job, const char *name)
{
	for (size_t i = 0; i < job->nleaves; i++)
		if (!strncmp(job->leaves[i], name, REX_NAME_LEN))
			return true;
	return false;
}

int leaf_mark(const struct job *job, const struct object *o, const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = fd < 0 ? -errno : 0;

	for (size_t i = 1; !err && i < o->nsections; i++) {
		const struct section *s = &o->sections[i];
		struct rex_entry_def e;

		for (size_t k = 0; !err && s->data && !strcmp(s->name, ".rex.entries") &&
				   k + sizeof(e) <= s->size; k += sizeof(e)) {
			memcpy(&e, s->data + k, sizeof(e));
			e.flags |= REX_ENTRY_LEAF;
			if (is_named(job, e.name) &&
			    pwrite(fd, &e, sizeof(e), s->header.sh_offset + k) != sizeof(e))
				err = errno ? -errno : -EIO;
		}
	}
	if (fd >= 0 && close(fd) && !err)
		err = -errno;
	if (err)
		diag_error(path, 0, 0, "%s", strerror(-err));
	return err;
}
