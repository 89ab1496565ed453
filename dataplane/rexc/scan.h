/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef REXC_SCAN_H
#define REXC_SCAN_H

#include <stdbool.h>
#include <stddef.h>

enum scan_mode {
	SCAN_SOURCE,	/* a source file; what is for tests only (#[cfg(test)]) is left out */
	SCAN_ALL,	/* a source file, all of it */
	SCAN_EXPANDED,	/* the program after macro expansion; reports nothing */
};

/*
 * Reports every word of a Rust source that programs may not use, by its place.
 * @path is only for the reports. *@named_path is set when a module is given a
 * file name with #[path]. 0, or -EPERM when something was refused, -ENOMEM.
 */
int scan_source(const char *path, const char *source, size_t len, enum scan_mode mode,
		bool *named_path);

/*
 * Scans all files of a program (what the compiler read). Files that are not
 * named *.rs are data (include_bytes), unless a module can be made from them.
 */
int scan_files(char *const *paths, size_t n);

/*
 * Scans the program as the compiler printed it after macro expansion. What it
 * finds is reported by its place in the source files.
 */
int scan_expanded(const char *expanded, const char *root, char *const *paths, size_t n);

#endif
