// SPDX-License-Identifier: GPL-2.0-only
/* "did you mean": the few candidates nearest to a word that was not found. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define LONGEST 128

/* Edit distance of two words, or more than @limit. */
static unsigned int distance(const char *a, size_t a_len, const char *b, size_t b_len,
			     unsigned int limit)
{
	unsigned int row[LONGEST + 1];

	if ((a_len > b_len ? a_len - b_len : b_len - a_len) > limit)
		return limit + 1;
	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned int corner = row[0], least = row[0] = i;

		for (size_t j = 1; j <= b_len; j++) {
			unsigned int best = corner + (a[i - 1] != b[j - 1]);

			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			corner = row[j];
			row[j] = best;
			if (best < least)
				least = best;
		}
		if (least > limit)
			return limit + 1;
	}
	return row[b_len];
}

void suggest_add(struct suggest *s, const char *candidate)
{
	size_t len = strlen(candidate), word_len = strlen(s->word), at;
	unsigned int limit = word_len < 5 ? 1 : word_len < 12 ? 2 : 3, score;

	if (!len || len >= LONGEST || word_len >= LONGEST)
		return;
	score = distance(s->word, word_len, candidate, len, limit);
	if (score > limit) {
		if (word_len < 3 || !strstr(candidate, s->word))
			return;
		score = limit + 1 + (len - word_len);
	}
	for (at = 0; at < s->n; at++) {
		if (!strcmp(s->best[at], candidate))
			return;
		if (score < s->score[at])
			break;
	}
	if (at == ARRAY_SIZE(s->best))
		return;
	if (s->n < ARRAY_SIZE(s->best))
		s->n++;
	for (size_t i = s->n - 1; i > at; i--) {
		memcpy(s->best[i], s->best[i - 1], sizeof(s->best[i]));
		s->score[i] = s->score[i - 1];
	}
	snprintf(s->best[at], sizeof(s->best[at]), "%s", candidate);
	s->score[at] = score;
}

const char *suggest_text(struct suggest *s)
{
	size_t len = 0;

	s->text[0] = '\0';
	for (size_t i = 0; i < s->n && len < sizeof(s->text); i++)
		len += snprintf(s->text + len, sizeof(s->text) - len, "%s\"%s\"",
				!i ? "; did you mean " : i + 1 < s->n ? ", " : " or ", s->best[i]);
	if (s->n && len + 1 < sizeof(s->text))
		strcpy(s->text + len, "?");
	return s->text;
}
