/* SPDX-License-Identifier: GPL-2.0-only */
/* The first bad replies of each kind, in words: a count alone does not lead to the fault. */
#ifndef BENCH_SAMPLES_H
#define BENCH_SAMPLES_H

enum bad_kind {
	BAD_WRONG,
	BAD_MISSING,
	BAD_LATE,
	BAD_DUPLICATE,
	BAD_STRAY,
	BAD_PORT,
	BAD_ADDRESS,
	BAD_KINDS,
};

#define SAMPLES_EACH	2

struct samples {
	unsigned int count;
	unsigned int of_kind[BAD_KINDS];
	char text[BAD_KINDS * SAMPLES_EACH][192];	/* in the order in which they came */
};

/* Keep one more, unless there are SAMPLES_EACH of that kind. */
void samples_add(struct samples *s, enum bad_kind kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
