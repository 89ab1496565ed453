// SPDX-License-Identifier: GPL-2.0-only
/* The maps of the program. */
#include <rex/librex.h>
#include <string.h>

#include "maps.h"
#include "why.h"

const struct rex_map *find_map(const struct rex_program *p, const char *name)
{
	for (uint32_t i = 0; i < p->n_maps; i++)
		if (!strcmp(p->maps[i]->name, name))
			return p->maps[i];
	refuse("program \"%s\" has no map \"%s\": it is not an accelerator of this build", p->name, name);
	return NULL;
}

int map_fd(const struct rex_program *p, const char *name)
{
	const struct rex_map *m = find_map(p, name);
	int fd;

	if (!m)
		return -1;
	fd = rex_map_fd(m);
	if (fd < 0)
		refuse_rex();
	return fd;
}
