/* SPDX-License-Identifier: GPL-2.0-only */
/* What is mounted where, out of /proc/self/mountinfo. */
#ifndef _LIBREX_MOUNTS_H
#define _LIBREX_MOUNTS_H

/* Of a line of mountinfo: the root of the mount, where it is, and the kind of file system. */
struct rex_mount {
	char root[256], path[1024], type[32];
};

/* @fn for each mount, until it returns something else than 0: returns that. */
int rex_mounts(int (*fn)(const struct rex_mount *mount, void *data), void *data);

#endif /* _LIBREX_MOUNTS_H */
