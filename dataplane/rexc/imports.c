// SPDX-License-Identifier: GPL-2.0-only
/* What a program may import: made from rex_prog.h (dataplane/Makefile). */
#include <stddef.h>

#include "rexc.h"

const char *const rex_imports[] = {
#include "imports.inc"
	NULL,
};
