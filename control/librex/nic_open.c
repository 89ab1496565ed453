// SPDX-License-Identifier: GPL-2.0-only
/* The ways to an interface's settings: ethtool netlink and ioctl, and sysfs. */
#include <fcntl.h>
#include <linux/ethtool_netlink.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nic_access.h"

/*
 * A sysfs shows the interfaces of the network namespace in which it was mounted, and /sys need not be
 * that one (--netns). So one is mounted in no place but this fd. Without the privilege for it, no
 * other namespace can have been entered either.
 */
static int open_sysfs(void)
{
	int fs = fsopen("sysfs", FSOPEN_CLOEXEC), mount = -1;

	if (fs >= 0 && !fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		mount = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	if (fs >= 0)
		close(fs);
	return mount >= 0 || geteuid() == 0 ? mount : open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int nic_open(struct nic *nic, const char *ifname)
{
	struct iface iface;
	int err = rex_iface_find(ifname, &iface);

	if (err)
		return err;
	*nic = (struct nic){ .ifindex = iface.index, .sysfs = -1, .ioctl_fd = -1 };
	strcpy(nic->name, iface.name);
	strcpy(nic->kind, iface.kind);
	err = nl_open(&nic->ethtool, NETLINK_GENERIC);
	if (err)
		return err;
	err = genl_resolve(&nic->ethtool, ETHTOOL_GENL_NAME, NULL);
	if (err) {
		nl_close(&nic->ethtool);
		return rex_fail(err, "this kernel has no ethtool netlink (CONFIG_ETHTOOL_NETLINK)");
	}
	nic->ioctl_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	nic->sysfs = open_sysfs();
	return 0;
}

void nic_close(struct nic *nic)
{
	nl_close(&nic->ethtool);
	if (nic->ioctl_fd >= 0)
		close(nic->ioctl_fd);
	if (nic->sysfs >= 0)
		close(nic->sysfs);
}

/* ETHTOOL_A_*_HEADER is attribute 1 of every ethtool request. */
struct nlmsghdr *nic_request(struct nic *nic, void *buf, uint8_t cmd)
{
	struct nlmsghdr *nlh = genl_request(&nic->ethtool, buf, cmd, 0);
	struct nlattr *nest = mnl_attr_nest_start(nlh, ETHTOOL_A_CHANNELS_HEADER);

	mnl_attr_put_u32(nlh, ETHTOOL_A_HEADER_DEV_INDEX, nic->ifindex);
	mnl_attr_nest_end(nlh, nest);
	return nlh;
}

int nic_ioctl(const struct nic *nic, void *command)
{
	struct ifreq request = { .ifr_data = command };

	strcpy(request.ifr_name, nic->name);
	return ioctl(nic->ioctl_fd, SIOCETHTOOL, &request) ? -errno : 0;
}

/* ---- sysfs ------------------------------------------------------------------------------------- */

static int open_below(const struct nic *nic, const char *path, int flags)
{
	char full[256];

	snprintf(full, sizeof(full), "class/net/%s/%s", nic->name, path);
	return nic->sysfs < 0 ? -1 : openat(nic->sysfs, full, flags | O_CLOEXEC);
}

bool nic_sysfs_read(const struct nic *nic, const char *path, char *text, size_t size)
{
	int fd = open_below(nic, path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	if (fd >= 0)
		close(fd);
	if (n < 0)
		return false;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return true;
}

int nic_sysfs_write(const struct nic *nic, const char *path, const char *text)
{
	int fd = open_below(nic, path, O_WRONLY), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

int nic_sysfs_dir(const struct nic *nic, const char *path)
{
	return open_below(nic, path, O_RDONLY | O_DIRECTORY);
}

int nic_refuse(const struct nic *nic, int err, const char *group, const char *key, const char *value,
	       const char *reason)
{
	return rex_fail(err, "\"%s\" rejected %s %s=%s: %s", nic->name, group, key, value, reason);
}
