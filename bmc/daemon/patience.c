// SPDX-License-Identifier: GPL-2.0-only
/* How long to wait for something. */
#include <time.h>

#include "patience.h"
#include "why.h"

int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

bool patience_left(const struct patience *p)
{
	if (p->go_on && !p->go_on(p->arg)) {
		refuse("interrupted");
		return false;
	}
	if (now_ms() < p->end)
		return true;
	refuse("memcached did not answer in time");
	return false;
}
