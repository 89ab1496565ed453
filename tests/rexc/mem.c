// SPDX-License-Identifier: GPL-2.0-only
/* Compares a program's own mem* functions (dataplane/rexc/mem.S), called rex_mem* here, with loops. */
#include <stddef.h>
#include <stdio.h>
#include <stdint.h>
#include <string.h>

#define SIZE	4096
#define ROUNDS	100000

void *rex_memcpy(void *to, const void *from, size_t len);
void *rex_memmove(void *to, const void *from, size_t len);
void *rex_memset(void *to, int byte, size_t len);
int rex_memcmp(const void *a, const void *b, size_t len);

static uint8_t was[SIZE], is[SIZE], want[SIZE];

static uint32_t any(uint32_t below)
{
	static uint32_t state = 1;

	state = state * 1664525 + 1013904223;
	return (state >> 8) % below;
}

static int sign(int x)
{
	return (x > 0) - (x < 0);
}

/* Whether the result of one call, on @len bytes at @to and @from, is right. */
static int try_one(unsigned int which, size_t to, size_t from, size_t len)
{
	int byte = (int)any(256), diff = 0;
	void *ret = is + to;
	size_t i;

	switch (which) {
	case 0:
		ret = rex_memmove(is + to, is + from, len);
		for (i = 0; i < len; i++)
			want[to + i] = was[from + i];
		break;
	case 1:
		to += SIZE / 2;
		ret = rex_memcpy(is + to, is + from, len);
		for (i = 0; i < len; i++)
			want[to + i] = was[from + i];
		break;
	case 2:
		ret = rex_memset(is + to, byte | 0x700, len);
		for (i = 0; i < len; i++)
			want[to + i] = (uint8_t)byte;
		break;
	default:
		to += SIZE / 2;
		for (i = 0; i < len; i++)
			is[to + i] = want[to + i] = was[from + i];
		if (len && any(2)) {
			i = any((uint32_t)len);
			is[to + i] = want[to + i] = (uint8_t)byte;
			diff = byte - was[from + i];
		}
		if (sign(rex_memcmp(is + to, is + from, len)) != sign(diff))
			return 0;
		ret = is + to;
	}
	return ret == is + to && !memcmp(is, want, SIZE);
}

int main(void)
{
	for (int round = 0; round < ROUNDS; round++) {
		size_t len = any(8) ? any(80) : any(1100), to = any(600), from = any(600);
		unsigned int which = any(4);

		for (size_t i = any(8); i < SIZE; i += 8)
			was[i] = (uint8_t)any(256);
		memcpy(is, was, SIZE);
		memcpy(want, was, SIZE);
		if (!try_one(which, to, from, len)) {
			printf("function %u, %zu bytes from %zu to %zu\n", which, len, from, to);
			return 1;
		}
	}
	return 0;
}
