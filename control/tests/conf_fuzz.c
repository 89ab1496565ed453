// SPDX-License-Identifier: GPL-2.0-only
/* libFuzzer target of configuration files: whatever is in one is taken or refused. */
#include <stdlib.h>
#include <string.h>

#include "../rexctl/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf conf = {};
	char *text;

	/* Not in a file that was read: libconfig would follow it. */
	if (memchr(data, '@', size))
		return 0;
	text = malloc(size + 1);
	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	conf_parse(&conf, "fuzz", text);
	conf_free(&conf);
	free(text);
	return 0;
}
