// SPDX-License-Identifier: GPL-2.0-only
/* spin SECONDS: keeps a CPU busy in user space. */
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv)
{
	time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 1);

	while (time(NULL) < end)
		for (volatile int i = 0; i < 100000; i++)
			;
	return 0;
}
