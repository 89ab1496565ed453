/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdio.h>

#include "drive.h"

/*
 * What every generator of bench/ reports, so that the harness reads one format.
 * @tool: program name; @client: how the datagrams travelled.
 */
struct report {
	const char *tool, *client;
	const struct load *load;	/* NULL if the tool has none (live frames) */
	const struct keyset *keys;
	const struct result *res;
	bool has_latency;
};

void report_text(FILE *f, const struct report *r);

/* Write JSON to the file @path ("-": standard output). Returns 0 or -errno. */
int report_json(const char *path, const struct report *r);

/* Were all replies that came right? Lost requests are counted, but are not wrong. */
bool report_clean(const struct result *res);

#endif
