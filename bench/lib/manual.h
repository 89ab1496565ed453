/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BENCH_MANUAL_H
#define BENCH_MANUAL_H

#include <argp.h>

/* Prints the options of the tables, NULL at the end, as a manual lists them (mdoc). */
void manual_options(const struct argp_option *const *tables);

#endif
