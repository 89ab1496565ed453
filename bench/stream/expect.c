// SPDX-License-Identifier: GPL-2.0-only
/* What the reply to a request must be, compared as it comes. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

int load_fail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fputs("bench/stream/load: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	return -1;
}

int expect_init(struct load *load)
{
	load->tail = malloc(load->value + 2);
	if (!load->tail)
		return load_fail("no memory");
	for (uint32_t i = 0; i < load->value; i++)
		load->tail[i] = 'a' + i % 23;
	memcpy(load->tail + load->value, "\r\n", 2);
	return 0;
}

/* The next line: of the next key that is stored, or the last. */
static void next_line(const struct load *load, struct expect *e)
{
	const struct request *r = e->request;

	e->at = 0;
	e->in_value = false;
	if (r->is_set) {
		e->line_len = sprintf(e->line, "STORED\r\n");
		return;
	}
	while (e->block < load->keys_per_get && r->key[e->block] >= load->keys)
		e->block++;
	e->line_len = e->block < load->keys_per_get ?
		sprintf(e->line, "VALUE %0*" PRIu32 " 0 %u\r\n", KEY_LEN, r->key[e->block], load->value) :
		sprintf(e->line, "END\r\n");
}

void expect_begin(const struct load *load, struct expect *e, const struct request *request)
{
	e->request = request;
	e->block = 0;
	e->done = false;
	next_line(load, e);
}

/* A line or a value is complete. */
static void next_part(const struct load *load, struct expect *e)
{
	if (!e->in_value && (e->request->is_set || e->block == load->keys_per_get)) {
		e->done = true;
	} else if (e->in_value) {
		e->block++;
		next_line(load, e);
	} else {
		e->in_value = true;
		e->at = 0;
	}
}

size_t expect_bytes(const struct load *load, struct expect *e, const char *bytes, size_t len)
{
	const char *part = e->in_value ? load->tail : e->line;
	size_t left = (e->in_value ? load->value + 2 : e->line_len) - e->at;

	if (len > left)
		len = left;
	if (memcmp(bytes, part + e->at, len))
		return 0;
	e->at += len;
	if (len == left)
		next_part(load, e);
	return len;
}
