/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ROWS_H
#define ROWS_H

#include "side.h"

void rows_print(void);

/* Notes one figure; rows are printed in the order in which they were first named. */
void row_set(enum side side, double cost, const char *name, ...)
	__attribute__((format(printf, 3, 4)));
/* There is no figure, because of @why. */
void row_none(enum side side, const char *why, const char *name, ...)
	__attribute__((format(printf, 3, 4)));

void run_packet_rows(void);	/* packet.c: by BPF_PROG_TEST_RUN */
void run_attached_rows(void);	/* attached.c */

#endif /* ROWS_H */
