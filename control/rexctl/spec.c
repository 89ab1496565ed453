// SPDX-License-Identifier: GPL-2.0-only
/* Which program, and which of its entries. */
#include <string.h>

#include "rexctl.h"

int parse_spec(const struct cli_arg *arg, char **words, int n, void *field)
{
	struct spec *spec = field;
	size_t len = strcspn(words[0], ":");
	bool has_entry = words[0][len];

	(void)arg, (void)n;
	if (!len || len >= REX_NAME_LEN || (has_entry && !words[0][len + 1]))
		return bad_usage("\"%s\" is not a program: specify NAME or NAME:ENTRY (\"rexctl status\" lists "
				 "them)", words[0]);
	spec->text = words[0];
	memcpy(spec->name, words[0], len);
	spec->name[len] = '\0';
	spec->entry = has_entry ? words[0] + len + 1 : NULL;
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
