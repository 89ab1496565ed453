/* SPDX-License-Identifier: GPL-2.0-only */
/* How much one run of something costs, without what is constant around it. */
#ifndef MEASURE_H
#define MEASURE_H

#include <stdbool.h>

/* Does it @n times. */
typedef void (*measured_fn)(void *arg, unsigned int n);

/* Count instructions (only under -icount) instead of nanoseconds. */
extern bool measure_insns;
/*
 * In instructions: rounds that did not give the count that was believed, of how many; and the
 * counts that not even half of their rounds agree with.
 */
extern unsigned int measure_odd, measure_all, measure_vague;

#define MEASURE_ROUNDS 11
#define MEASURE_MOST 4000	/* runs at once */

/* @after, which may be NULL, is called with the same arguments after each run, and not measured. */
double measure(measured_fn fn, measured_fn after, void *arg);
/* The least of several rounds. */
double measure_settle(double *t, int n);

__attribute__((format(printf, 1, 2), noreturn))
void die(const char *format, ...);

#endif /* MEASURE_H */
