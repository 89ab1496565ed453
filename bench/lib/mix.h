/* SPDX-License-Identifier: GPL-2.0-only */
/* The parsers of what a load is mixed of. All return 0 or -errno, and name the option. */
#ifndef BENCH_MIX_H
#define BENCH_MIX_H

#include "choice.h"

/* A number from @lo to @hi; whole_parse(): a whole one. */
int number_parse(const char *what, const char *text, double lo, double hi, double *out);
int whole_parse(const char *what, const char *text, double lo, double hi, double *out);

/* "get:30,set:1": weights. */
int mix_parse(struct mix *m, const char *text);
/* "1:90": 1 % of the keys get 90 % of the requests. */
int hot_parse(struct mix *m, const char *text);
/* A published workload by name: sizes, choice of keys and mix. */
int preset_parse(struct keyset *k, struct mix *m, const char *name);

#endif
