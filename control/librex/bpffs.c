// SPDX-License-Identifier: GPL-2.0-only
/*
 * Directories of a bpf file system that only root can write to: whoever can write there can remove
 * a pin, and thereby detach a program. If it was mounted without a mode, any user can create
 * directories in its root; there, the sticky bit protects ours from others.
 */
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "internal.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

/* @shared: others may write there, as long as they cannot touch what is not theirs. */
static int check_dir(int fd, const char *path, bool shared)
{
	struct stat st;

	if (fstat(fd, &st))
		return rex_fail(-errno, "cannot look at \"%s\": %s", path, strerror(errno));
	if (st.st_uid != geteuid())
		return rex_fail(-EPERM, "\"%s\" belongs to user %u, who could take away what is pinned "
				"there: \"rm -r %s\", and keep others out of the bpf file system with "
				"\"chmod 700\" (mount it with -o mode=700)", path, st.st_uid, path);
	if ((st.st_mode & 022) && !(shared && st.st_mode & S_ISVTX))
		return rex_fail(-EPERM, "\"%s\" can be written by others (mode %03o), who could take away "
				"what is pinned there: \"chmod 700 %s\"", path, st.st_mode & 07777, path);
	return 0;
}

/* @fd and what is above it, up to where the file system is mounted. */
static int check_up(int fd, const char *path)
{
	int err = check_dir(fd, path, true), cur = dup(fd);
	struct stat st, up;
	char text[300];

	for (int depth = 0; !err && cur >= 0 && depth < 64; depth++) {
		int parent = openat(cur, "..", DIR_FLAGS);

		if (parent < 0 || fstat(cur, &st) || fstat(parent, &up) || st.st_dev != up.st_dev ||
		    st.st_ino == up.st_ino) {
			if (parent >= 0)
				close(parent);
			break;
		}
		close(cur);
		cur = parent;
		snprintf(text, sizeof(text), "%s%.*s", path, 3 * (depth + 1),
			 "/../../../../../../../../../../../../../../../..");
		err = check_dir(cur, text, true);
	}
	if (cur >= 0)
		close(cur);
	return err;
}

int rex_bpffs_private(int fd, const char *path)
{
	return check_dir(fd, path, false);
}

int rex_bpffs_open(const char *path)
{
	int fd = open(path, DIR_FLAGS), err;
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) || fs.f_type != BPF_FS_MAGIC) {
		if (fd >= 0)
			close(fd);
		return rex_fail(-ENOENT, "no bpf file system at \"%s\": mount one (mount -t bpf -o "
				"mode=700 bpf %s); for another network namespace use \"rexctl --netns "
				"NAME\" and not \"ip netns exec\"", path, path);
	}
	err = check_up(fd, path);
	if (!err)
		return fd;
	close(fd);
	return err;
}

/*
 * iproute2, when it loads a program, makes MOUNT/xdp a link to MOUNT/tc. A link that belongs to us is
 * followed, but not out of the file system.
 */
static int open_xdp(int root)
{
	int fd = openat(root, "xdp", DIR_FLAGS | O_NOFOLLOW), err = errno;
	struct statfs fs;
	struct stat st;

	if (fd < 0 && !fstatat(root, "xdp", &st, AT_SYMLINK_NOFOLLOW) && S_ISLNK(st.st_mode) &&
	    st.st_uid == geteuid()) {
		fd = openat(root, "xdp", DIR_FLAGS);
		err = errno;
		if (fd >= 0 && (fstatfs(fd, &fs) || fs.f_type != BPF_FS_MAGIC)) {
			close(fd);
			fd = -1;
			err = EXDEV;
		}
	}
	errno = err;
	return fd;
}

int rex_bpffs_xdp(const char *mount)
{
	int root = open(mount, DIR_FLAGS), fd = root < 0 ? -1 : open_xdp(root);

	if (root >= 0)
		close(root);
	return fd;
}

int rex_bpffs_check_xdp(const char *mount)
{
	int root = rex_bpffs_open(mount), fd, err;
	char path[1100];

	if (root < 0)
		return root;
	snprintf(path, sizeof(path), "%s/xdp", mount);
	fd = mkdirat(root, "xdp", 0700) && errno != EEXIST ? -1 : open_xdp(root);
	err = fd < 0 ? rex_fail(-errno, "cannot open the directory \"%s\": %s; if it is not a directory, remove it "
				"(\"rm %s\")", path, strerror(errno), path) :
		       check_dir(fd, path, false) ? : check_up(fd, path);
	if (fd >= 0)
		close(fd);
	close(root);
	return err;
}

int rex_bpffs_dir(int parent, const char *name, bool make, const char *path)
{
	int fd, err;

	if (make && mkdirat(parent, name, 0700) && errno != EEXIST)
		return errno == ENOENT ? -ENOENT : rex_fail(-errno, "cannot create \"%s\": %s", path,
							    strerror(errno));
	fd = openat(parent, name, DIR_FLAGS | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? -ENOENT :
		       rex_fail(-errno, "\"%s\" is not a directory: %s; remove it (\"rm %s\")", path,
				strerror(errno), path);
	err = check_dir(fd, path, false);
	if (!err)
		return fd;
	close(fd);
	return err;
}
