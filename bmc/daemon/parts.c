// SPDX-License-Identifier: GPL-2.0-only
/* What a running accelerator is made of. */
#include <rex/librex.h>

#include "meta.h"
#include "parts.h"

void parts_release(struct bmc_parts *parts)
{
	meta_unmap(parts->meta);
	parts->meta = NULL;
	rex_program_free(parts->program);
	parts->program = NULL;
}
