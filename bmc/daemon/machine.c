// SPDX-License-Identifier: GPL-2.0-only
/* Whether this machine has the memory and the interfaces. */
#include <inttypes.h>
#include <stdio.h>

#include "config.h"
#include "dev.h"
#include "machine.h"
#include "why.h"

static int check_memory(uint64_t wanted)
{
	unsigned long long kib = 0;
	char line[128];
	FILE *f = fopen("/proc/meminfo", "re");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "MemAvailable: %llu kB", &kib) == 1)
			break;
	if (f)
		fclose(f);
	if (wanted >> 10 > kib)
		return refuse("--memory %" PRIu64 "M is more than this machine has to give: %lluM are "
			      "available", wanted >> 20, kib >> 10);
	return 0;
}

int machine_check(const struct bmc_config *c)
{
	if (check_memory(c->memory))
		return 1;
	return devs_check(c);
}
