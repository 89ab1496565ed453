// SPDX-License-Identifier: GPL-2.0-only
/* HOOK TARGET... */
#include "target.h"

int parse_target(const struct cli_arg *arg, char **words, int n, void *field)
{
	struct target_args *a = field;

	(void)arg;
	if (rex_target_parse((const char *const *)words, n, &a->target))
		return bad_usage("%s", rex_errmsg());
	a->has_target = true;
	return 0;
}
