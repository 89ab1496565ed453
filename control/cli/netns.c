// SPDX-License-Identifier: GPL-2.0-only
/* --netns: the network namespace to work in. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

const char *netns;

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
