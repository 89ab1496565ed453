/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading files of rex.conf(5) that root alone can have written. */
#ifndef _REXCTL_CONF_FILE_H
#define _REXCTL_CONF_FILE_H

/* The text of the file, to be freed; NULL, and the user was told why. */
char *conf_file_read(const char *path);

#endif /* _REXCTL_CONF_FILE_H */
