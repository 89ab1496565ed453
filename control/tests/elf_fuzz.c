// SPDX-License-Identifier: GPL-2.0-only
/* libFuzzer target of the checker. With arguments "--seed FILE" it writes a good file to start from. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../librex/internal.h"
#include "elf_gen.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct elf_spec spec;
	size_t size;
	void *image;
	FILE *f;

	if (*argc != 3 || strcmp((*argv)[1], "--seed"))
		return 0;
	elf_spec_good(&spec);
	image = elf_make(&spec, &size);
	f = fopen((*argv)[2], "we");
	if (!f || fwrite(image, 1, size, f) != size || fclose(f))
		exit(1);
	free(image);
	exit(0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct own_file file;
	int err = rex_check_image(data, size, "fuzz", &file);

	if (err > 0 || (!err && (!file.pub.n_entries || file.pub.n_entries > REX_MAX_ENTRIES)))
		abort();
	return 0;
}
