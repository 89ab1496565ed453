// SPDX-License-Identifier: GPL-2.0-only
/* To rex.ko, and into the network namespace of --netns. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "rexctl.h"

const char *netns;

int fail_rex(void)
{
	return fail("%s", rex_errmsg());
}

int enter_netns(void)
{
	char path[256];
	int fd, err = 0;

	if (!netns)
		return 0;
	if (strchr(netns, '/'))
		snprintf(path, sizeof(path), "%s", netns);
	else
		snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail("cannot open network namespace \"%s\" (%s): %s; \"ip netns\" lists them",
			    netns, path, strerror(errno));
	if (setns(fd, CLONE_NEWNET))
		err = fail("cannot enter network namespace \"%s\": %s", netns, strerror(errno));
	close(fd);
	return err;
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
