// SPDX-License-Identifier: GPL-2.0-only
/* Which program, and which of its entries. */
#include <string.h>

#include "rexctl.h"

bool read_spec(const char *text, struct spec *spec)
{
	size_t len = strcspn(text, ":");
	bool has_entry = text[len];

	if (!len || len >= REX_NAME_LEN || (has_entry && !text[len + 1]))
		return false;
	spec->text = text;
	memcpy(spec->name, text, len);
	spec->name[len] = '\0';
	spec->entry = has_entry ? text + len + 1 : NULL;
	return true;
}

int parse_spec(const struct cli_arg *arg, char **words, int n, void *field)
{
	(void)arg, (void)n;
	if (!read_spec(words[0], field))
		return bad_usage("\"%s\" is not a program: specify NAME or NAME:ENTRY (\"rexctl status\" lists "
				 "them)", words[0]);
	return 0;
}

int find_entry(struct rex *rex, const struct spec *spec, int hook, struct rex_program **program,
	       const struct rex_entry **entry)
{
	if (rex_program_get(rex, spec->name, program))
		return fail_rex();
	if (rex_program_entry(*program, spec->entry, hook, entry)) {
		rex_program_free(*program);
		return fail_rex();
	}
	return 0;
}
