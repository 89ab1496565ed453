// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer target: the line table, on any bytes. What comes out is looked at, too: rex.ko and
 * every reader count on it.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"
#include "linetable.h"
#include "object.h"
#include "rexc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Sorted, inside the text, names inside the names, a last line that knows nothing. */
static void look_at(const char *text, uint64_t text_size)
{
	const char *p = strchr(text, '{'), *lines = strstr(text, "rex_lines[]");
	unsigned long long offset, file, line, last = 0;
	size_t names = 0, n = 0;

	for (p++; p < lines; p++)
		names += *p == ',';
	for (p = strchr(lines, '{'); (p = strchr(p + 1, '{')); n++) {
		if (sscanf(p, "{ %llu, %llu, %llu }", &offset, &file, &line) != 3 ||
		    (n && offset <= last) || offset > text_size || file >= names || !line != !file)
			abort();
		last = offset;
	}
	if (!n || line || last != text_size)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char *image = malloc(size + 1);
	char path[64], *text;
	uint64_t text_size = 0;
	struct object o;
	long length;
	FILE *f;

	if (!image)
		return 0;
	memcpy(image, data, size);
	diag_set_quiet(1);
	snprintf(path, sizeof(path), "lines.%d", getpid());
	if (!object_parse(&o, image, size)) {
		for (size_t i = 1; i < o.nsections; i++)
			if (!strcmp(o.sections[i].name, ".text"))
				text_size = o.sections[i].size;
		o.lines = lines_open(&o);
		if (!linetable_write(&o, path) && (f = fopen(path, "re"))) {
			fseek(f, 0, SEEK_END);
			length = ftell(f);
			rewind(f);
			text = calloc(1, length + 1);
			if (text && fread(text, 1, length, f) == (size_t)length)
				look_at(text, text_size);
			free(text);
			fclose(f);
		}
	}
	lines_close(o.lines);
	object_close(&o);
	return 0;
}
