/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Why something is refused. A daemon has no terminal: a function that refuses gives the reason to refuse()
 * and returns 1, and its caller prints the text, logs it or keeps it.
 */
#ifndef _REX_BMC_WHY_H
#define _REX_BMC_WHY_H

/* Keep the text; returns 1. */
int refuse(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same with librex's text. */
int refuse_rex(void);
/* Put text in front of the one that is kept; returns 1. */
int refuse_in(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
const char *why(void);

#endif /* _REX_BMC_WHY_H */
