// SPDX-License-Identifier: GPL-2.0-only
/*
 * leaver ADDRESS N: one process ("victim") has a secret at that address and keeps its CPU busy; N
 * others ("leaver"), on the same CPU, have nothing there, and exit. Files that take their time to
 * be closed let the victim run in the middle of an exit.
 */
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void victim(void *at, int ready)
{
	char *secret = mmap(at, 4096, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (secret != at)
		err(1, "mmap");
	prctl(PR_SET_NAME, "victim");
	memset(secret, 's', 4096);
	if (write(ready, "", 1) != 1)
		err(1, "write");
	for (;;)
		__asm__ volatile("" ::: "memory");
}

static void leave(void)
{
	prctl(PR_SET_NAME, "leaver");
	for (int i = 0; i < 8; i++)
		if (open("/proc/self/exe", O_RDONLY) < 0)
			err(1, "open");
	_exit(0);
}

int main(int argc, char **argv)
{
	void *at = argc == 3 ? (void *)strtoul(argv[1], NULL, 0) : NULL;
	int n = argc == 3 ? atoi(argv[2]) : 0, ready[2];
	cpu_set_t set;
	pid_t pid;
	char byte;

	if (!at || !n)
		errx(1, "usage: leaver ADDRESS N");
	prctl(PR_SET_NAME, "parent");
	CPU_ZERO(&set);
	CPU_SET(0, &set);
	if (sched_setaffinity(0, sizeof(set), &set) || pipe(ready))
		err(1, "sched_setaffinity, pipe");
	pid = fork();
	if (!pid)
		victim(at, ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		err(1, "no victim");
	while (n--) {
		if (!fork())
			leave();
		wait(NULL);
	}
	kill(pid, SIGKILL);
	return 0;
}
