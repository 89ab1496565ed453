/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One error convention for the bench tools: a function returns 0 or a negative
 * errno, and the text for the user is kept in one place until main prints it.
 */
#ifndef BENCH_FAIL_H
#define BENCH_FAIL_H

/* Keep the message and return -@err (@err is a positive errno). */
int bench_fail(int err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The message of the last failure; "" when there was none. */
const char *bench_errmsg(void);

#endif
