// SPDX-License-Identifier: GPL-2.0-only
/* Why the kernel does not let us trace a function: only asked after it has refused. */
#include <stdio.h>
#include <string.h>

#include "internal.h"

/* "address type name [module]" */
static size_t look(struct suggest *s)
{
	char line[1024], name[REX_SYMBOL_LEN], type;
	FILE *f = fopen("/proc/kallsyms", "re");
	size_t found = 0;

	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*s %c %511s", &type, name) != 2 || !strchr("tTwW", type))
			continue;
		if (!strcmp(name, s->word))
			found++;
		else
			suggest_add(s, name);
	}
	fclose(f);
	return found;
}

/* Whether a line of @path has @name as a word of its own. -1: no such file. */
static int listed(const char *path, const char *name)
{
	char line[1024];
	FILE *f = fopen(path, "re");
	int found = 0;

	if (!f)
		return -1;
	while (!found && fgets(line, sizeof(line), f)) {
		char *save = NULL, *word = strtok_r(line, " \t\n", &save);

		for (; word && !found; word = strtok_r(NULL, " \t\n", &save))
			found = !strcmp(word, name);
	}
	fclose(f);
	return found;
}

const char *rex_ksym_why(const char *name, char *text, size_t size)
{
	struct suggest s = { .word = name };
	size_t found = look(&s);

	if (!found)
		snprintf(text, size, "this kernel has no function \"%s\" (/proc/kallsyms)%s", name,
			 suggest_text(&s));
	else if (found > 1)
		snprintf(text, size, "this kernel has %zu functions \"%s\" and cannot tell which one is "
			 "meant", found, name);
	else if (listed("/sys/kernel/debug/kprobes/blacklist", name) == 1)
		snprintf(text, size, "\"%s\" is not traceable: the kernel forbids probes there "
			 "(/sys/kernel/debug/kprobes/blacklist)", name);
	else if (listed("/sys/kernel/tracing/available_filter_functions", name) == 0)
		snprintf(text, size, "\"%s\" is not traceable: it is marked notrace or was built without "
			 "a hook for tracing (/sys/kernel/tracing/available_filter_functions has "
			 "those that can be)", name);
	else
		snprintf(text, size, "\"%s\" is a function of this kernel, but it does not let itself be "
			 "traced here (notrace, noinstr, or a probe of another kind is in the way)",
			 name);
	return text;
}
