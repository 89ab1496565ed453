// SPDX-License-Identifier: GPL-2.0-only
/* libFuzzer target: the token scan of rexc, on any bytes. */
#include <stdint.h>
#include <stdlib.h>

#include "diag.h"
#include "lexer.h"
#include "scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *last = (const char *)data;
	bool named_path = false;
	struct lexer lx;
	struct token t;

	diag_set_quiet(1);
	for (enum scan_mode mode = SCAN_SOURCE; mode <= SCAN_EXPANDED; mode++)
		scan_source("fuzz.rs", (const char *)data, size, mode, &named_path);

	/* tokens are in order, within the source, and never empty */
	lexer_init(&lx, (const char *)data, size);
	while ((t = lexer_next(&lx)).kind != TOK_END && t.kind != TOK_BROKEN) {
		if (t.text < last || !t.len || t.text + t.len > (const char *)data + size ||
		    !t.line || !t.column)
			abort();
		last = t.text + t.len;
	}
	return 0;
}
