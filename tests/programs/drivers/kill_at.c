// SPDX-License-Identifier: GPL-2.0-only
/*
 * kill_at N COMMAND...: kills the command when it is about to make its Nth system call that can change
 * something (write, sendto, ioctl, rename, unlink). N 0: lets it run, and prints how many there were.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static bool changes(unsigned long long call)
{
	return call == SYS_write || call == SYS_sendto || call == SYS_ioctl || call == SYS_rename ||
	       call == SYS_unlink;
}

static pid_t start(char **argv)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	execvp(argv[0], argv);
	perror(argv[0]);
	_exit(127);
}

int main(int argc, char **argv)
{
	unsigned long at = argc > 2 ? strtoul(argv[1], NULL, 10) : 0, n = 0;
	struct user_regs_struct regs;
	bool enters = false;
	int status;
	pid_t pid;

	if (argc < 3) {
		fprintf(stderr, "usage: kill_at N COMMAND...\n");
		return 2;
	}
	pid = start(argv + 2);
	waitpid(pid, &status, 0);
	ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD);
	while (WIFSTOPPED(status)) {
		int signal = WSTOPSIG(status);

		if (signal == (SIGTRAP | 0x80)) {
			signal = 0;
			enters = !enters;
			ptrace(PTRACE_GETREGS, pid, NULL, &regs);
			if (enters && changes(regs.orig_rax) && ++n == at)
				kill(pid, SIGKILL);
		} else if (signal == SIGTRAP) {
			signal = 0;
		}
		ptrace(PTRACE_SYSCALL, pid, NULL, signal);
		waitpid(pid, &status, 0);
	}
	if (!at)
		printf("%lu\n", n);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 137;
}
