/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef REXC_DEPS_H
#define REXC_DEPS_H

#include <stddef.h>

/*
 * The source files that the compiler read, from its dep-info file (make
 * syntax). 0 or negative errno, -EILSEQ when a name cannot be told for sure;
 * free with deps_free.
 */
int deps_read(const char *path, char ***files, size_t *n);
int deps_parse(const char *text, const char *target, char ***files, size_t *n);
/* Writes a make rule at @path: @target depends on @files. 0 or negative errno. */
int deps_write(const char *path, const char *target, char **files, size_t n);
void deps_free(char **files, size_t n);

#endif
