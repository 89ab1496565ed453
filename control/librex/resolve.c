// SPDX-License-Identifier: GPL-2.0-only
/* From the words of a target to what the kernel calls the place. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "internal.h"

int rex_target_resolve(struct rex_target *t)
{
	char path[PATH_MAX], real[IF_NAMESIZE];
	struct stat st;
	int err;

	if (rex_at_is_interface(t->at)) {
		err = rex_if_name(t->name, real);
		if (!err)
			strcpy(t->name, real);
		return err;
	}
	if (t->at != REX_AT_UPROBE && t->at != REX_AT_URETPROBE && t->at != REX_AT_CGROUP_SKB)
		return 0;
	/* What is not found stays as it is: whoever uses it says what is wrong with it. */
	if (realpath(t->name, path) && strlen(path) < sizeof(t->name))
		strcpy(t->name, path);
	if (t->at == REX_AT_CGROUP_SKB)
		t->cgroup_id = stat(t->name, &st) ? 0 : st.st_ino;
	else if (*t->symbol)
		rex_elf_symbol(t->name, t->symbol, &t->offset);
	return 0;
}
