// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer target of the words that name a place, and of what else looks at them: what is
 * taken comes back the same from its own text, and a refusal has a text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../librex/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* @text (words with @blank between them) as words in @words; how many. */
static size_t split(char *text, const char *blank, const char **words, size_t max)
{
	char *save = NULL, *word;
	size_t n = 0;

	for (word = strtok_r(text, blank, &save); word && n < max;
	     word = strtok_r(NULL, blank, &save))
		words[n++] = word;
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[8192], again[8192], copy[8192];
	struct rex_target target, back;
	struct suggest s = { .word = "sys_enter" };
	const char *words[8];
	size_t n;

	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	n = split(text, "\n", words, 8);
	if (n > 1) {
		suggest_add(&s, words[1]);
		suggest_text(&s);
	}
	if (rex_target_parse(words, n, &target)) {
		if (!*rex_errmsg())
			abort();
		return 0;
	}
	rex_target_join(&target, '\n', again, sizeof(again));
	strcpy(copy, again);
	n = split(copy, "\n", words, 8);
	if (rex_target_parse(words, n, &back) || !rex_target_matches(&target, &back) ||
	    target.freq != back.freq || target.period != back.period)
		abort();
	rex_target_join(&back, '\n', copy, sizeof(copy));
	if (strcmp(copy, again))
		abort();
	rex_target_join(&target, ' ', copy, 16);	/* cut, not overrun */
	return 0;
}
