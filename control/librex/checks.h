/* SPDX-License-Identifier: GPL-2.0-only */
/* A list of checks, as it grows. */
#ifndef _LIBREX_CHECKS_H
#define _LIBREX_CHECKS_H

#include "internal.h"

struct checks {
	const char *ifname;		/* in place of the %s of a fix */
	struct rex_check *list;
	size_t n;
	bool failed;
};
void check_add(struct checks *checks, const char *name, enum rex_grade grade, const char *fix,
	       const char *fmt, ...) __printf(5, 6);
/* To the caller; or, after @err or for want of memory, nothing. */
int checks_give(struct checks *checks, int err, struct rex_check **list, size_t *n);

#endif /* _LIBREX_CHECKS_H */
