// SPDX-License-Identifier: GPL-2.0-only
/* The types of arguments. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

int parse_number(const char *text, uint32_t max, uint32_t *value)
{
	char *end;
	unsigned long v;

	errno = 0;
	v = strtoul(text, &end, 10);
	if (errno || !isdigit((unsigned char)*text) || *end || v > max)
		return -EINVAL;
	*value = v;
	return 0;
}

int parse_time(const char *text, uint32_t *us)
{
	static const struct {
		const char *unit;
		uint32_t us;
	} units[] = { { "us", 1 }, { "ms", 1000 }, { "s", 1000000 } };
	char number[16];
	size_t len = strspn(text, "0123456789");
	uint32_t value;

	if (!len)
		return -EINVAL;
	if (len >= sizeof(number))
		return -ERANGE;
	memcpy(number, text, len);
	number[len] = '\0';
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (strcmp(text + len, units[i].unit))
			continue;
		if (parse_number(number, UINT32_MAX / units[i].us, &value))
			return -ERANGE;
		if (!value)
			return -EINVAL;
		*us = value * units[i].us;
		return 0;
	}
	return -EINVAL;
}

int cli_flag(const struct cli_arg *arg, char **words, int n, void *field)
{
	(void)arg, (void)words, (void)n;
	*(bool *)field = true;
	return 0;
}

int cli_text(const struct cli_arg *arg, char **words, int n, void *field)
{
	(void)arg, (void)n;
	*(const char **)field = words[0];
	return 0;
}

int cli_number(const struct cli_arg *arg, char **words, int n, void *field)
{
	uint32_t value;

	(void)n;
	if (parse_number(words[0], arg->max, &value) || value < arg->min)
		return bad_usage("%s: \"%s\" is not a number from %u to %u", arg->name, words[0], arg->min,
				 arg->max);
	*(uint32_t *)field = value;
	return 0;
}

int cli_time(const struct cli_arg *arg, char **words, int n, void *field)
{
	int err = parse_time(words[0], field);

	(void)n;
	if (err == -ERANGE)
		return bad_usage("%s: \"%s\" is too long a time", arg->name, words[0]);
	if (err)
		return bad_usage("\"%s\" is not a time; write a number with us, ms or s, like 20ms", words[0]);
	return 0;
}

int cli_choice(const struct cli_arg *arg, char **words, int n, void *field)
{
	int i = 1;

	(void)n;
	for (const char *word = arg->value; *word; i++) {
		size_t len = strcspn(word, "|");

		if (strlen(words[0]) == len && !strncmp(words[0], word, len)) {
			*(int *)field = i;
			return 0;
		}
		word += len + (word[len] == '|');
	}
	return bad_usage("%s is %s, not \"%s\"", arg->name, arg->value, words[0]);
}
