/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef REXC_SCAN_H
#define REXC_SCAN_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Reports every word of a Rust source that programs may not use, by its place.
 * @path is only for the reports. *@named_path is set when a module is given a
 * file name with #[path]. 0, or -EPERM when something was refused, -ENOMEM.
 */
int scan_source(const char *path, const char *source, size_t len, bool *named_path);

/* Reads and scans a file; negative errno when it cannot be read. */
int scan_file(const char *path, bool *named_path);

/*
 * Scans all files of a program (what the compiler read). Files that are not
 * named *.rs are data (include_bytes), unless a module can be made from them.
 */
int scan_files(char *const *paths, size_t n);

#endif
