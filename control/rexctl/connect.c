// SPDX-License-Identifier: GPL-2.0-only
/* To rex.ko, and into the network namespace of --netns. */
#include "rexctl.h"

int fail_rex(void)
{
	return fail("%s", rex_errmsg());
}

int connect_rex(struct rex **rex)
{
	int err;

	/* First, because rex.ko answers in the first namespace; the mounts stay ours. */
	if (rex_open(rex))
		return fail_rex();
	err = enter_netns();
	if (err)
		rex_close(*rex);
	return err;
}
