// SPDX-License-Identifier: GPL-2.0-only
/* flush: all that is cached is dead at once. memcached keeps its values. */
#include <cli/cli.h>
#include <rex/librex.h>

#include "meta.h"
#include "open.h"
#include "parts.h"

static int flush(const void *args)
{
	struct bmc_parts parts;
	int err = bmc_open(&parts);

	(void)args;
	if (err)
		return err;
	meta_new_epoch(parts.program, parts.meta);
	parts_release(&parts);
	rex_close(parts.rex);
	return 0;
}

const struct cli_command cmd_flush = {
	.name = "flush", .help = "forget all values; memcached keeps its own", .run = flush,
};
