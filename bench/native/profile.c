// SPDX-License-Identifier: GPL-2.0-only
/*
 * How often each instruction of rex_bmc.ko runs for a packet, by single steps. A string instruction
 * counts once for each repetition, as in the VM that counts.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ucontext.h>

#include "native.h"

#define TRAP_FLAG	0x100

/* Of the code that may run: this program is linked at a fixed address. */
extern char __executable_start[], etext[];

static unsigned int *counts;

static void step(int signal, siginfo_t *info, void *context)
{
	const ucontext_t *u = context;
	unsigned long at = u->uc_mcontext.gregs[REG_RIP] - (unsigned long)__executable_start;

	(void)signal;
	(void)info;
	if (at < (unsigned long)(etext - __executable_start))
		counts[at]++;
}

static void trace(void)
{
	asm volatile("pushfq; orq %0, (%%rsp); popfq" : : "i"(TRAP_FLAG) : "memory", "cc");
}

static void end_trace(void)
{
	asm volatile("pushfq; andq %0, (%%rsp); popfq" : : "i"(~TRAP_FLAG) : "memory", "cc");
}

int profile(const struct runner *rex, const struct packet *packets, int n)
{
	size_t size = etext - __executable_start;
	struct sigaction action = { .sa_sigaction = step, .sa_flags = SA_SIGINFO };

	counts = calloc(size, sizeof(*counts));
	if (!counts || sigaction(SIGTRAP, &action, NULL))
		die("cannot count single steps");
	for (int i = 0; i < n; i++) {
		memset(counts, 0, size * sizeof(*counts));
		rex_trace(trace, end_trace);
		rex->run(rex, &packets[i], false, 1, NULL);
		rex_trace(NULL, NULL);
		for (size_t at = 0; at < size; at++)
			if (counts[at])
				printf("%s\t%lx\t%u\n", packets[i].name,
				       (unsigned long)__executable_start + at, counts[at]);
	}
	return 0;
}
