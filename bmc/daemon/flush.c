// SPDX-License-Identifier: GPL-2.0-only
/* flush: all that is cached is dead at once. memcached keeps its values. */
#include "bmc.h"

int bmc_flush(int argc, char **argv)
{
	struct bmc_parts parts;
	int err = no_arguments(argc, argv);

	if (!err)
		err = bmc_open(&parts);
	if (err)
		return err;
	meta_new_epoch(parts.program, parts.meta);
	parts_release(&parts);
	rex_close(parts.rex);
	return 0;
}
