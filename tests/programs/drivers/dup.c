// SPDX-License-Identifier: GPL-2.0-only
/* dup [wait]: says which error dup(2) gives, 0 for none; after a line on stdin if it shall wait. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char line[16];

	(void)argv;
	if (argc > 1 && !fgets(line, sizeof(line), stdin))
		return 1;
	printf("dup: %d\n", dup(1) < 0 ? errno : 0);
	return 0;
}
