// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "value.h"

void key_name(uint32_t i, struct name *out)
{
	static const uint8_t lengths[] = { 16, 24, 7, 33, 8, 45, 64, 12, 31, 9, 120, 20, 15, 250, 17,
					   10 };
	uint32_t n = i, want, len;
	uint64_t random;

	/* one byte, two bytes */
	if (i < 26) {
		out->len = i & 1 ? 2 : 1;
		snprintf(out->text, sizeof(out->text), i & 1 ? "%cz" : "%c", 'A' + i);
		return;
	}
	/* a key and the same with one byte more */
	if (i % 16 == 12) {
		key_name(i - 1, out);
		if (out->len < KEY_MAX) {
			out->text[out->len++] = 'x';
			out->text[out->len] = '\0';
			return;
		}
	}
	want = lengths[mix64(i) % sizeof(lengths)];
	if (i % 97 == 0)
		want = 200 + mix64(i) % 51;
	len = snprintf(out->text, sizeof(out->text), "%x.", n);
	while (len < want) {
		random = mix64((uint64_t)i << 16 | len);
		/* any byte but blanks and control characters is legal, above 127 too */
		out->text[len++] =
			random % 16 ? "abcdefghijklmnopqrstuvwxyz0123456789_-:/"[random / 16 % 40]
				    : (char)(0x80 + random / 16 % 0x80);
	}
	out->text[len] = '\0';
	out->len = len;
}

static const char *const lookalikes[] = {
	"\r\nEND\r\n",
	"END\r\n",
	"\r\nVALUE %s 0 5\r\nwrong\r\nEND\r\n",
	"VALUE %s 7 1\r\n",
	"\r\nset %s 0 0 5\r\nwrong\r\n",
	"delete %s\r\n",
	"get %s\r\n",
	"\r\nSTORED\r\n",
	"\r\nflush_all\r\n",
	"HD\r\nEN\r\n",
	"\r\n",
	"noreply\r\n",
	"\x80\x01\x00\x01\x08\x00\x00\x00",
	"ms %s 5\r\nwrong\r\n",
	"ERROR\r\n",
	"quit\r\n",
};

void value_make(uint32_t key, uint32_t id, uint32_t len, uint8_t *out)
{
	uint64_t random = mix64((uint64_t)key << 32 | id), word;
	uint32_t at = 0, style = random >> 60;

	while (at < len) {
		char text[KEY_MAX + 64];
		struct name name;
		size_t n;

		random = mix64(random);
		if (style >= 3 || at + 8 > len || !(random & 3)) {
			word = random;
			n = len - at < 8 ? len - at : 8;
			memcpy(out + at, &word, n);
			at += n;
			continue;
		}
		key_name(key, &name);
		n = snprintf(text, sizeof(text), lookalikes[random >> 8 & 15], name.text);
		if (n > len - at)
			n = len - at;
		memcpy(out + at, text, n);
		at += n;
	}
}

uint64_t value_hash(const uint8_t *bytes, uint32_t len)
{
	uint64_t hash = mix64(len), word;

	for (; len >= 8; bytes += 8, len -= 8) {
		memcpy(&word, bytes, 8);
		hash = (hash ^ word) * 0x9e3779b97f4a7c15;
		hash ^= hash >> 29;
	}
	word = 0;
	memcpy(&word, bytes, len);
	return mix64(hash ^ word);
}
