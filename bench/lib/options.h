/* SPDX-License-Identifier: GPL-2.0-only */
/* The options that all generators share, as an argp child. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <argp.h>

#include "loadloop.h"
#include "preload.h"
#include "ratesearch.h"
#include "series.h"

struct options {
	struct keyset keys;
	struct load load;
	struct sockaddr_in server, preload;
	bool has_server, has_preload, allow_public;
	uint32_t ports;
	const char *json, *hgrm, *series_path;
	bool has_search;
	struct goal goal;
	/* of a run */
	struct search search;
	struct series series;
};

/* argp child; its input is a struct options that options_default() has filled. */
extern const struct argp options_argp;
void options_default(struct options *o);

/* What can only be checked when all options are known. Returns 0 or -errno. */
int options_finish(struct options *o);

/* Does the load consist of GETs of uniformly drawn keys at equal distances, and nothing else? */
bool options_plain(const struct options *o);

/*
 * Runs the load as the options say, reports it to standard output and to the files that they
 * name. Returns an exit status or -errno.
 */
int options_run(struct options *o, struct wire *w, const char *tool);

#endif
