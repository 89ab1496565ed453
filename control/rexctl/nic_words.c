// SPDX-License-Identifier: GPL-2.0-only
/* KEY=VALUE,... */
#include <stdlib.h>
#include <string.h>

#include "nic_words.h"

static bool add(struct nic_words *w, const char *group, const char *key, size_t key_len, const char *value,
		size_t len)
{
	struct rex_nic_setting *s = &w->settings[w->n];

	if (w->n == ARRAY_SIZE(w->settings) || key_len >= sizeof(s->key))
		return false;
	s->group = group;
	memcpy(s->key, key, key_len);
	s->key[key_len] = '\0';
	s->value = strndup(value, len);
	w->n += s->value != NULL;
	return s->value;
}

bool nic_words_add(struct nic_words *w, const char *group, const char *key, const char *value)
{
	return add(w, group, key, strlen(key), value, strlen(value));
}

/* Where the pair ends: at a comma behind which a new "KEY=" begins, for values have commas, too. */
static size_t pair_length(const char *text)
{
	size_t len = strcspn(text, ",");

	while (text[len]) {
		size_t next = strcspn(text + len + 1, ",=");

		if (text[len + 1 + next] == '=')
			return len;
		len += 1 + next;
	}
	return len;
}

const char *nic_words_read(struct nic_words *w, const char *group, const char *text)
{
	do {
		size_t len = pair_length(text), key = strcspn(text, "=");

		if (!key || key >= len || key + 1 == len)
			return "";
		if (!add(w, group, text, key, text + key + 1, len - key - 1))
			return ": these are too many settings, or the name of one is too long";
		text += len;
	} while (*text++);
	return NULL;
}

void nic_words_free(const struct nic_words *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->settings[i].value);
}
