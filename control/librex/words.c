// SPDX-License-Identifier: GPL-2.0-only
/* What the words of several kinds of places have in common. */
#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* "bad word": quoted. */
int rex_word_bad(const char *word, const char *what)
{
	return rex_fail(-EINVAL, "\"%.100s%s\" %s", word, strlen(word) > 100 ? "..." : "", what);
}

int rex_word_copy(char *to, size_t size, const char *from, size_t len, const char *what)
{
	if (len >= size)
		return rex_word_bad(from, what);
	memcpy(to, from, len);
	to[len] = '\0';
	return 0;
}

/* Decimal, or hexadecimal behind 0x; all of @text. */
int rex_word_number(const char *text, uint64_t max, uint64_t *value)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digit = hex ? text + 2 : text;
	unsigned long long v;
	char *end;

	if (!(hex ? isxdigit((unsigned char)*digit) : isdigit((unsigned char)*digit)))
		return -EINVAL;
	errno = 0;
	v = strtoull(digit, &end, hex ? 16 : 10);
	if (errno || *end || v > max)
		return -EINVAL;
	*value = v;
	return 0;
}

bool rex_word_key(const char *word, const char *key, const char **value)
{
	size_t len = strlen(key);

	*value = word + len + 1;
	return !strncmp(word, key, len) && word[len] == '=';
}

int rex_word_key_number(const char *word, const char *key, uint32_t max, uint32_t *field)
{
	const char *text;
	uint64_t value;

	if (*field)
		return rex_word_bad(word, "is duplicated");
	rex_word_key(word, key, &text);
	if (rex_word_number(text, max, &value) || !value)
		return rex_fail(-EINVAL, "\"%.100s\" is not a number from 1 to %u behind %s=", word, max, key);
	*field = value;
	return 0;
}

int rex_word_side(const char *word, struct rex_target *t)
{
	if (!strcmp(word, "ingress"))
		t->side = REX_INGRESS;
	else if (!strcmp(word, "egress"))
		t->side = REX_EGRESS;
	else
		return rex_fail(-EINVAL, "%s has \"ingress\" and \"egress\", not \"%.64s\"",
				rex_at_name(t->at), word);
	return 0;
}

bool rex_word_is_symbol(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("_.$@", text[i]))
			return false;
	return len;
}

int rex_word_interface(const char *word, struct rex_target *t)
{
	return rex_word_copy(t->name, REX_IFNAME_LEN, word, strlen(word),
			     "is too long for an interface's name");
}

int rex_parse_interface_side(const char *const *words, size_t n, struct rex_target *t)
{
	int err = rex_word_interface(words[0], t);

	return err || n < 2 ? err : rex_word_side(words[1], t);
}

int rex_resolve_interface(struct rex_target *t)
{
	char real[IF_NAMESIZE];
	int err = rex_if_name(t->name, real);

	if (!err)
		strcpy(t->name, real);
	return err;
}

void rex_resolve_file(struct rex_target *t)
{
	char path[PATH_MAX];

	/* What is not found stays as it is: whoever uses it says what is wrong with it. */
	if (realpath(t->name, path) && strlen(path) < sizeof(t->name))
		strcpy(t->name, path);
}
