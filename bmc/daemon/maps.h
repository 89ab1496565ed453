/* SPDX-License-Identifier: GPL-2.0-only */
/* The maps of the program. */
#ifndef _REX_BMC_MAPS_H
#define _REX_BMC_MAPS_H

struct rex_map;
struct rex_program;

const struct rex_map *find_map(const struct rex_program *p, const char *name);
int map_fd(const struct rex_program *p, const char *name);

#endif /* _REX_BMC_MAPS_H */
