/* SPDX-License-Identifier: GPL-2.0-only */
/* How long to wait for something. */
#ifndef _REX_BMC_PATIENCE_H
#define _REX_BMC_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

/* CLOCK_MONOTONIC */
int64_t now_ms(void);
/* How long to wait for something, and who is asked meanwhile whether to go on. */
struct patience {
	int64_t end;			/* of now_ms() */
	bool (*go_on)(void *arg);	/* may be NULL */
	void *arg;
};
/* false, refused: not any longer, by the clock or by whoever was asked. */
bool patience_left(const struct patience *p);

#endif /* _REX_BMC_PATIENCE_H */
