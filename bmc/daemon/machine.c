// SPDX-License-Identifier: GPL-2.0-only
/* Whether this kernel and this machine are ones that can be trusted with it. */
#include <inttypes.h>
#include <rex/librex.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "dev.h"
#include "machine.h"
#include "why.h"

#define INITIAL_PID_NS 0xeffffffcu	/* PROC_PID_INIT_INO */

int machine_check_preemption(struct rex *rex)
{
	REX_OPTS(rex_info, info);
	uint32_t model;

	if (rex_info(rex, &info))
		return refuse_rex();
	model = info.preempt;
	if (model == REX_PREEMPT_NONE || model == REX_PREEMPT_VOLUNTARY)
		return 0;
	return refuse("this kernel is preemptible (%s): a task can be preempted inside a tracker, the kernel "
		      "then skips that tracker for others, and a change would be missed. %s",
		      rex_preempt_name(model),
		      model == REX_PREEMPT_RT ? "Boot the ordinary kernel" :
		      "Boot with preempt=voluntary, or \"echo voluntary "
		      ">/sys/kernel/debug/sched/preempt\"");
}

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

int machine_check_pidns(void)
{
	struct stat st;

	if (stat("/proc/self/ns/pid", &st) || st.st_ino != INITIAL_PID_NS)
		return refuse("this is a PID namespace (a container?): the kernel knows memcached by its "
			      "number in the first one. Run it outside, with --netns for the "
			      "container's network");
	return 0;
}
