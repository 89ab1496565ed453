/* SPDX-License-Identifier: GPL-2.0-only */
/* PROGRAM HOOK TARGET..., of attach and detach. */
#ifndef _REXCTL_TARGET_H
#define _REXCTL_TARGET_H

#include "rexctl.h"

struct target_args {
	struct spec program;
	struct rex_target target;
	bool has_target, stale, json;
	const char *link, *dev;		/* instead of a program */
};
cli_parse parse_target;			/* ->target and ->has_target, of a struct target_args */

#endif /* _REXCTL_TARGET_H */
