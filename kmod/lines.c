// SPDX-License-Identifier: GPL-2.0-only
/* The line table of a program: where in the source its code comes from. See uapi/rex.h. */
#include <linux/string.h>

#include "internal.h"

#define REX_MAX_LINES	(1U << 20)
#define REX_MAX_FILES	(1U << 20)	/* bytes of names */

static int rex_lines_bad(const struct rex_prog *prog, const char *why)
{
	pr_err("program %s: its line table is damaged: %s\n", prog->name, why);
	return -EINVAL;
}

/* Takes the table of a program that is being loaded, if it has one. */
int rex_lines_take(struct rex_prog *prog, const struct rex_program_def *def)
{
	size_t bytes = (void *)def->lines_end - (void *)def->lines, n = bytes / sizeof(*def->lines);
	size_t files = def->files_end - def->files, room, i;
	unsigned long text = (unsigned long)def->text;

	if (def->lines == def->lines_end)
		return 0;
	if (!rex_in_core(prog->owner, def->lines, def->lines_end) ||
	    bytes % sizeof(*def->lines) || n > REX_MAX_LINES)
		return rex_lines_bad(prog, "it is not in the module, or too long");
	if (def->files == def->files_end || files > REX_MAX_FILES ||
	    !rex_in_core(prog->owner, def->files, def->files_end) || def->files[files - 1])
		return rex_lines_bad(prog, "the names of files are not in the module, or do not end");
	if (!rex_prog_has_text(prog, text))
		return rex_lines_bad(prog, "it is for other code than the program's");
	room = prog->text + prog->text_size - text;
	for (i = 0; i < n; i++)
		if (def->lines[i].file >= files || def->lines[i].offset > room ||
		    (i && def->lines[i].offset < def->lines[i - 1].offset))
			return rex_lines_bad(prog, "it is not sorted, or points outside");
	prog->lines = def->lines;
	prog->n_lines = n;
	prog->files = def->files;
	prog->lines_text = text;
	return 0;
}

/* The file and line of the instruction at @ip; NULL when none is known. */
const char *rex_line_find(const struct rex_prog *prog, unsigned long ip, u32 *line)
{
	unsigned long offset = ip - prog->lines_text;
	u32 low = 0, high = prog->n_lines;

	/* The last line that does not begin behind @ip. */
	while (low < high) {
		u32 mid = low + (high - low) / 2;

		if (prog->lines[mid].offset <= offset)
			low = mid + 1;
		else
			high = mid;
	}
	if (ip < prog->lines_text || !low || !prog->lines[low - 1].line)
		return NULL;
	*line = prog->lines[low - 1].line;
	return prog->files + prog->lines[low - 1].file;
}

/* rexc names the files of the libraries in one way, wherever they lay when it compiled them. */
bool rex_line_is_users(const char *file)
{
	static const char *const libraries[] = {
		"core/src/", "alloc/src/", "compiler_builtins", "dataplane/rex/",
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(libraries); i++)
		if (!strncmp(file, libraries[i], strlen(libraries[i])))
			return false;
	return true;
}
