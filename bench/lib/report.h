/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdio.h>

#include "loadloop.h"

/*
 * What every generator of bench/ reports, so that the harness reads one format.
 * @tool: program name; @client: how the datagrams travelled.
 */
struct report {
	const char *tool, *client;
	const struct load *load;
	const struct keyset *keys;
	const struct result *res;
	bool has_latency;		/* and lag percentiles; live frames have neither */
	bool flood;			/* as fast as it goes: neither open nor closed loop */
	const struct search *search;	/* that found the rate, or NULL */
	const struct drops *drops;	/* at the port, or NULL: not known */
};

void report_text(FILE *f, const struct report *r);

/* Write JSON to the file @path ("-": standard output). Returns 0 or -errno. */
int report_json(const char *path, const struct report *r);

/* The exit status of a run that came to its end. */
enum {
	STATUS_GOOD = 0,
	STATUS_BAD = 2,		/* replies wrong, missing, doubled, stray, or lost in a closed loop */
	STATUS_BEHIND = 3,	/* none of that, but requests did not leave that were due */
};

#define STATUS_HELP \
	"Exit status: 0 all replies were right, 1 it could not run, 2 replies were wrong (in time or late), missing, " \
	"doubled or stray, or a closed loop lost some (unless --may-lose), 3 the generator could not keep --rate: " \
	"requests did not leave that were due."

int report_status(const struct report *r);

#endif
