// SPDX-License-Identifier: GPL-2.0-only
/* What is printed: the one place where text from outside meets the terminal. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

const char *cli_name = "rex";

/* How many bytes a character of UTF-8 has that may be shown as it is; 0: none. */
static size_t printable(const unsigned char *c)
{
	size_t n = *c < 0x80 ? 1 : *c >= 0xc2 && *c < 0xe0 ? 2 : (*c & 0xf0) == 0xe0 ? 3 :
		   *c >= 0xf0 && *c < 0xf5 ? 4 : 0;

	if (n == 1)
		return *c >= ' ' && *c != 0x7f;
	for (size_t i = 1; i < n; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	return *c == 0xc2 && c[1] < 0xa0 ? 0 : n;	/* C1 controls */
}

static void put_escaped(FILE *to, const char *text, size_t len)
{
	const unsigned char *c = (const unsigned char *)text, *end = c + len;
	size_t n;

	for (; c < end; c += n ? n : 1) {
		n = printable(c);
		if (n)
			fwrite(c, 1, n, to);
		else if (*c == '\n' || *c == '\t')
			fputs(*c == '\n' ? "\\n" : "\\t", to);
		else
			fprintf(to, "\\x%02x", *c);
	}
}

static size_t newlines_at_end(const char *fmt)
{
	size_t len = strlen(fmt), n = 0;

	while (n < len && fmt[len - 1 - n] == '\n')
		n++;
	return n;
}

static void vout(FILE *to, const char *fmt, va_list ap)
{
	size_t before = strspn(fmt, "\n"), after = newlines_at_end(fmt), len;
	char *text;

	if (vasprintf(&text, fmt, ap) < 0)
		return;
	len = strlen(text);
	if (before == strlen(fmt)) {
		fputs(text, to);
	} else {
		fwrite(text, 1, before, to);
		put_escaped(to, text + before, len - before - after);
		fwrite(text + len - after, 1, after, to);
	}
	free(text);
}

void out(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vout(stdout, fmt, ap);
	va_end(ap);
}

void out_to(FILE *to, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vout(to, fmt, ap);
	va_end(ap);
}

/* A text of several lines, as the verifier's, stays one: all but the first are indented. */
static void put_error(const char *text)
{
	fprintf(stderr, "%s: ", cli_name);
	for (;;) {
		size_t len = strcspn(text, "\n");

		put_escaped(stderr, text, len);
		fputc('\n', stderr);
		text += len + !!text[len];
		if (!*text)
			break;
		fputs("    ", stderr);
	}
}

static void verror(const char *fmt, va_list ap)
{
	char *text;

	fflush(stdout);
	if (vasprintf(&text, fmt, ap) < 0)
		return;
	put_error(text);
	free(text);
}

int fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	verror(fmt, ap);
	va_end(ap);
	return 1;
}

int flush_output(void)
{
	return fflush(stdout) || ferror(stdout) ? fail("cannot write to standard output") : 0;
}

json_t *json_text(const char *text)
{
	char *valid = malloc(4 * strlen(text) + 1), *to = valid;
	json_t *value;

	for (size_t n; valid && *text; text += n ? n : 1) {
		n = (unsigned char)*text < 0x80 ? 1 : printable((const unsigned char *)text);
		to += n ? sprintf(to, "%.*s", (int)n, text) :
			  sprintf(to, "\\x%02x", (unsigned char)*text);
	}
	if (!valid)
		return NULL;
	*to = '\0';
	value = json_string(valid);
	free(valid);
	return value;
}

int print_json(json_t *value)
{
	int err = value ? json_dumpf(value, stdout, JSON_COMPACT) : -1;

	if (!err)
		err = printf("\n") < 0 || fflush(stdout);
	json_decref(value);
	return err ? fail("cannot write JSON to standard output") : 0;
}
