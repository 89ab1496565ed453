// SPDX-License-Identifier: GPL-2.0-only
/* Texts of bytes. */
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"

static struct text text_new(size_t len)
{
	struct text t = { .len = len, .bytes = malloc(len + 1) };

	if (!t.bytes)
		fail("no memory for %zu bytes", len);
	t.bytes[len] = '\0';
	return t;
}

struct text text_make(const char *format, ...)
{
	struct text t;
	va_list ap;
	int len;

	va_start(ap, format);
	len = vasprintf(&t.bytes, format, ap);
	va_end(ap);
	if (len < 0)
		fail("no memory");
	t.len = len;
	return t;
}

struct text text_bytes(const void *bytes, size_t len)
{
	struct text t = text_new(len);

	memcpy(t.bytes, bytes, len);
	return t;
}

struct text text_join(struct text a, struct text b)
{
	struct text t = text_new(a.len + b.len);

	memcpy(t.bytes, a.bytes, a.len);
	memcpy(t.bytes + a.len, b.bytes, b.len);
	return t;
}

struct text text_repeat(char c, size_t len)
{
	struct text t = text_new(len);

	memset(t.bytes, c, len);
	return t;
}

bool text_equal(struct text a, struct text b)
{
	return a.len == b.len && !memcmp(a.bytes, b.bytes, a.len);
}

const char *text_show(struct text t)
{
	static char shown[4][512];
	static int next;
	char *start = shown[next++ % 4], *p = start;

	for (size_t i = 0; i < t.len && i < 100; i++) {
		unsigned char c = t.bytes[i];

		if (c == '\r' || c == '\n')
			p += sprintf(p, c == '\r' ? "\\r" : "\\n");
		else
			p += sprintf(p, isprint(c) ? "%c" : "\\x%02x", c);
	}
	if (t.len > 100)
		sprintf(p, "... (%zu bytes)", t.len);
	else
		*p = '\0';
	return start;
}

struct text base64(struct text t)
{
	struct text out = text_repeat('=', (t.len + 2) / 3 * 4);

	mc_base64(out.bytes, t.bytes, t.len);
	return out;
}
