// SPDX-License-Identifier: GPL-2.0-only
/* All words of a target. */
#include <string.h>

#include "rexctl.h"

const char *place_text(const struct rex_target *t, char *text, size_t size)
{
	size_t len;

	rex_target_text(t, text, size);
	len = strlen(text);
	if (t->at == REX_AT_TC && t->priority)
		snprintf(text + len, size - len, " pref=%u", t->priority);
	len = strlen(text);
	if (t->at == REX_AT_TC && t->handle)
		snprintf(text + len, size - len, " handle=%u", t->handle);
	return text;
}

bool is_accelerator(const char *program)
{
	return !strcmp(program, "rex_bmc");
}
