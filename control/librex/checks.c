// SPDX-License-Identifier: GPL-2.0-only
/* A list of checks: what is required, whether it is so, and the command for it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"

void check_add(struct checks *checks, const char *name, enum rex_grade grade, const char *fix,
	       const char *fmt, ...)
{
	struct rex_check *grown = realloc(checks->list, (checks->n + 1) * sizeof(*grown));
	const char *at = strstr(fix, "%s");
	va_list ap;

	if (!grown) {
		checks->failed = true;
		return;
	}
	checks->list = grown;
	grown += checks->n++;
	*grown = (struct rex_check){ .name = name, .grade = grade };
	va_start(ap, fmt);
	vsnprintf(grown->text, sizeof(grown->text), fmt, ap);
	va_end(ap);
	if (at)
		snprintf(grown->fix, sizeof(grown->fix), "%.*s%s%s", (int)(at - fix), fix, checks->ifname, at + 2);
	else
		snprintf(grown->fix, sizeof(grown->fix), "%s", fix);
}

int checks_give(struct checks *checks, int err, struct rex_check **list, size_t *n)
{
	if (!err && checks->failed)
		err = rex_fail(-ENOMEM, "out of memory");
	if (err) {
		free(checks->list);
		return err;
	}
	*list = checks->list;
	*n = checks->n;
	return 0;
}
