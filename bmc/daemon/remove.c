// SPDX-License-Identifier: GPL-2.0-only
/* All that a start made is taken away. */
#include <cli/cli.h>
#include <errno.h>
#include <rex/librex.h>
#include <stdlib.h>
#include <unistd.h>

#include "../shared.h"
#include "meta.h"
#include "program.h"
#include "remove.h"
#include "why.h"

static int detach_all(const struct rex_program *p)
{
	struct rex_link *links = NULL, *mine;
	size_t n = 0;
	int err;

	if (rex_link_list(&links, &n))
		return refuse_rex();
	mine = calloc(n ? n : 1, sizeof(*mine));
	err = mine ? 0 : refuse("out of memory");
	/* XDP first, so that nothing is answered that is not followed. */
	for (int others = 0; others < 2 && !err; others++) {
		size_t k = 0;

		for (size_t i = 0; i < n; i++) {
			bool xdp = !links[i].unknown && links[i].target.at == REX_AT_XDP;

			if (rex_link_entry(&links[i], p) && !links[i].held && xdp != others)
				mine[k++] = links[i];
		}
		if (rex_detach_all(p, mine, k))
			err = refuse_rex();
	}
	free(mine);
	free(links);
	return err;
}

int remove_all(struct rex *rex)
{
	struct rex_program *p;
	struct bmc_meta *meta;
	int err = rex_program_get(rex, BMC_PROGRAM, &p);

	if (err && err != -ENOENT)
		return refuse_rex();
	/* Taken away by rmmod: what it was attached to leads nowhere, but is in the way of a start. */
	if (err)
		return access("/sys/module/rex", F_OK) || !rex_detach_stale(rex, netns) ? 0 :
		       refuse_rex();
	/* A program without that map gives no hits of ours; it goes all the same. */
	if (!meta_map(p, &meta)) {
		meta_set(meta->state, BMC_OFF);
		meta_unmap(meta);
	}
	err = detach_all(p);
	rex_program_free(p);
	if (!err && rex_program_unload(rex, BMC_PROGRAM, false))
		err = refuse_rex();
	return err;
}
