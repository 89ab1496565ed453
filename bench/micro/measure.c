// SPDX-License-Identifier: GPL-2.0-only
/*
 * A round does the thing n times, and 2n times; the difference is n times without the system
 * calls, the set-up and the reading of the clock around it.
 *
 * Under -icount the time stamp counter advances by one per instruction of the guest. A
 * disturbance (the timer tick, a neighbour) only adds to a round, so the minimum counts. For
 * instructions it is exact; the number of rounds that agree with it shows that it is not chance.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <x86intrin.h>

#include "measure.h"

bool measure_insns;
unsigned int measure_odd, measure_all, measure_vague;

void die(const char *format, ...)
{
	va_list ap;

	fputs("micro: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

static double now(void)
{
	struct timespec t;

	if (measure_insns)
		return __rdtsc();
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static double once(measured_fn fn, measured_fn after, void *arg, unsigned int n)
{
	double start = now(), end;

	fn(arg, n);
	end = now();
	if (after)
		after(arg, n);
	return end - start;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double measure_settle(double *t, int n)
{
	int odd = 0;

	qsort(t, n, sizeof(*t), by_size);
	for (int i = 0; i < n; i++)
		odd += t[i] != t[0];
	measure_all += n;
	measure_odd += odd;
	if (odd > n / 2)
		measure_vague++;
	return t[0];
}

static double rounds(measured_fn fn, measured_fn after, void *arg, unsigned int n)
{
	double t[MEASURE_ROUNDS];

	for (int i = 0; i < MEASURE_ROUNDS; i++)
		t[i] = once(fn, after, arg, n);
	return measure_settle(t, MEASURE_ROUNDS);
}

double measure(measured_fn fn, measured_fn after, void *arg)
{
	/* Short enough to be between two timer ticks mostly; long enough to read the clock. */
	double target = measure_insns ? 1e5 : 2e6, per_run;
	unsigned int n;

	once(fn, after, arg, 10);	/* warm */
	per_run = (once(fn, after, arg, 40) - once(fn, after, arg, 20)) / 20;
	n = per_run > 0 ? target / per_run : 20;
	n = n < 8 ? 8 : n > MEASURE_MOST / 2 ? MEASURE_MOST / 2 : n;
	return (rounds(fn, after, arg, 2 * n) - rounds(fn, after, arg, n)) / n;
}
