/* SPDX-License-Identifier: GPL-2.0-only */
/* The options that all generators share, as an argp child. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <argp.h>

#include "loadloop.h"
#include "preload.h"

struct options {
	struct keyset keys;
	struct load load;
	struct sockaddr_in server, preload;
	bool has_server, has_preload;
	uint32_t ports;
	const char *json;
};

/* argp child; its input is a struct options that options_default() has filled. */
extern const struct argp options_argp;
void options_default(struct options *o);

/* What can only be checked when all options are known. Returns 0 or -errno. */
int options_finish(struct options *o);

#endif
