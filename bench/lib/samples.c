// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>

#include "samples.h"

void samples_add(struct samples *s, enum bad_kind kind, const char *fmt, ...)
{
	va_list ap;

	if (s->of_kind[kind]++ >= SAMPLES_EACH)
		return;
	va_start(ap, fmt);
	vsnprintf(s->text[s->count++], sizeof(s->text[0]), fmt, ap);
	va_end(ap);
}
