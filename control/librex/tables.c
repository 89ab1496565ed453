// SPDX-License-Identifier: GPL-2.0-only
/* The entries and maps of a program or a file. */
#include "internal.h"

void tables_init(struct tables *t)
{
	for (size_t i = 0; i < REX_MAX_ENTRIES; i++) {
		t->entry[i] = &t->entries[i].pub;
		t->entries[i].pub.name = t->entries[i].name;
	}
	for (size_t i = 0; i < REX_MAX_MAPS; i++) {
		t->map[i] = &t->maps[i].pub;
		t->maps[i].pub.name = t->maps[i].name;
	}
}
