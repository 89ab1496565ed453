// SPDX-License-Identifier: GPL-2.0-only
/* Errors, notes and progress on stderr. */
#include <stdarg.h>
#include <stdio.h>

#include "diag.h"

static unsigned int errors;
static int verbose, quiet;

unsigned int diag_errors(void)
{
	return errors;
}

void diag_set_verbose(int on)
{
	verbose = on;
}

void diag_set_quiet(int on)
{
	quiet = on;
}

void diag_error(const char *file, unsigned int line, unsigned int column, const char *fmt, ...)
{
	va_list ap;

	errors++;
	if (quiet)
		return;
	if (!file)
		fputs("rexc: ", stderr);
	else if (!line)
		fprintf(stderr, "%s: ", file);
	else if (!column)
		fprintf(stderr, "%s:%u: ", file, line);
	else
		fprintf(stderr, "%s:%u:%u: ", file, line, column);
	fputs("error: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void diag_note(const char *fmt, ...)
{
	va_list ap;

	if (quiet)
		return;
	fputs("note: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void diag_step(const char *fmt, ...)
{
	va_list ap;

	if (!verbose || quiet)
		return;
	fputs("rexc: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}
