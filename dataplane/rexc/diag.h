/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef REXC_DIAG_H
#define REXC_DIAG_H

/*
 * All that rexc says goes through here, to stderr, in the form of compilers:
 *   file:line:column: error: text
 *   note: the way out
 * @file may be NULL, @line and @column 0 where they are not known.
 */
void diag_error(const char *file, unsigned int line, unsigned int column, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void diag_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void diag_step(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* How many errors were reported so far. */
unsigned int diag_errors(void);

/* Show the texts of diag_step (--verbose); hide everything (fuzzing). */
void diag_set_verbose(int on);
void diag_set_quiet(int on);

#endif
