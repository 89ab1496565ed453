// SPDX-License-Identifier: GPL-2.0-only
/*
 * listener: joins every group of generic netlink that it can, also such as do not exist yet, and
 * says which; then, what it hears that has a program's name in it.
 */
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "guards";
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
	struct sockaddr_nl self = { .nl_family = AF_NETLINK };
	static char buf[65536];
	ssize_t len;

	/* One without a port hears nothing of the kernel's. */
	if (fd < 0 || bind(fd, (void *)&self, sizeof(self))) {
		perror("listener");
		return 1;
	}
	printf("groups");
	for (int group = 1; group <= 1024; group++)
		if (!setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)))
			printf(" %d", group);
	printf(" \nready\n");
	fflush(stdout);
	while ((len = recv(fd, buf, sizeof(buf), 0)) > 0 || len < 0) {
		if (len > 0 && memmem(buf, len, name, strlen(name))) {
			printf("heard %s\n", name);
			fflush(stdout);
		}
	}
	return 1;
}
