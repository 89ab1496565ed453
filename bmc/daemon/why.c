// SPDX-License-Identifier: GPL-2.0-only
/* Why something was refused: one text, kept until it is shown. */
#include <rex/librex.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "why.h"

static char text[2048];

int refuse(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return 1;
}

int refuse_rex(void)
{
	return refuse("%s", rex_errmsg());
}

int refuse_in(const char *fmt, ...)
{
	char old[sizeof(text)];
	va_list ap;
	int len;

	strcpy(old, text);
	va_start(ap, fmt);
	len = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (len >= 0 && (size_t)len < sizeof(text))
		snprintf(text + len, sizeof(text) - len, ": %s", old);
	return 1;
}

const char *why(void)
{
	return text;
}
