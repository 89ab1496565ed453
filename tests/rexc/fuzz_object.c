// SPDX-License-Identifier: GPL-2.0-only
/* libFuzzer target: the object checks of rexc, on any bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "object.h"
#include "rexc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stack_report report = { 0 };
	unsigned char *image = malloc(size + 1);
	struct object o;

	if (!image)
		return 0;
	memcpy(image, data, size);
	diag_set_quiet(1);
	/* without lines: a broken DWARF is libdw's business */
	if (!object_parse(&o, image, size) && !insn_scan(&o)) {
		object_check(&o, DATA_LIMIT);
		if (!stack_compute(&o, &report)) {
			stack_check(&o, &report, false);
			stack_check(&o, &report, true);
		}
	}
	stack_free(&report);
	object_close(&o);
	return 0;
}
