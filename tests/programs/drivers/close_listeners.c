// SPDX-License-Identifier: GPL-2.0-only
/*
 * close_listeners PID: makes a process close its listeners and UDP sockets of IPv4, and live on. A
 * process that ends is in that state for a moment, which is as long as the scheduler likes.
 */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

static bool listens(int pidfd, int fd)
{
	socklen_t len = sizeof(int);
	int copy = pidfd_getfd(pidfd, fd, 0), accepts, type = 0, domain = 0;

	if (copy < 0)
		return false;
	if (getsockopt(copy, SOL_SOCKET, SO_DOMAIN, &domain, &len) || domain != AF_INET ||
	    getsockopt(copy, SOL_SOCKET, SO_TYPE, &type, &len) ||
	    getsockopt(copy, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &len))
		accepts = 0;
	close(copy);
	return accepts || type == SOCK_DGRAM;
}

/* The instruction at which the process stands is replaced for one step. */
static void close_there(pid_t pid, int fd)
{
	struct user_regs_struct was, regs;
	long word;
	int status;

	check(!ptrace(PTRACE_GETREGS, pid, 0, &was), "PTRACE_GETREGS");
	errno = 0;
	word = ptrace(PTRACE_PEEKTEXT, pid, was.rip, 0);
	check(!errno, "PTRACE_PEEKTEXT");
	/* 0f 05: syscall */
	check(!ptrace(PTRACE_POKETEXT, pid, was.rip, (word & ~0xffffL) | 0x050f), "PTRACE_POKETEXT");
	regs = was;
	regs.rax = SYS_close;
	regs.rdi = fd;
	/* no system call to restart */
	regs.orig_rax = -1;
	check(!ptrace(PTRACE_SETREGS, pid, 0, &regs), "PTRACE_SETREGS");
	check(!ptrace(PTRACE_SINGLESTEP, pid, 0, 0), "PTRACE_SINGLESTEP");
	check(waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status), "waitpid");
	check(!ptrace(PTRACE_POKETEXT, pid, was.rip, word), "PTRACE_POKETEXT");
	check(!ptrace(PTRACE_SETREGS, pid, 0, &was), "PTRACE_SETREGS");
}

int main(int argc, char **argv)
{
	pid_t pid = argc > 1 ? atoi(argv[1]) : 0;
	int pidfd = pidfd_open(pid, 0), status, closed = 0;
	struct dirent *e;
	char path[32];
	DIR *fds;

	check(pidfd >= 0, "pidfd_open");
	check(!ptrace(PTRACE_SEIZE, pid, 0, 0) && !ptrace(PTRACE_INTERRUPT, pid, 0, 0), "ptrace");
	check(waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status), "waitpid");
	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	fds = opendir(path);
	check(fds, path);
	while ((e = readdir(fds))) {
		if (listens(pidfd, atoi(e->d_name))) {
			close_there(pid, atoi(e->d_name));
			closed++;
		}
	}
	closedir(fds);
	check(!ptrace(PTRACE_DETACH, pid, 0, 0), "PTRACE_DETACH");
	printf("closed %d\n", closed);
	return !closed;
}
