/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef REXC_LINETABLE_H
#define REXC_LINETABLE_H

struct object;

/*
 * Writes the line table of a linked program, whose code is all in .text, as a C
 * header that glue.c includes. 0 or negative errno.
 */
int linetable_write(const struct object *o, const char *path);

#endif
