// SPDX-License-Identifier: GPL-2.0-only
/* Running other programs, so that a signal ends them and us in good order. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "diag.h"
#include "rexc.h"

volatile sig_atomic_t run_stopped;
static volatile sig_atomic_t child;

static void on_signal(int sig)
{
	run_stopped = sig;
	if (child > 0)
		kill(-child, SIGTERM);
}

void run_catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
}

static void be_child(char *const argv[], const char *output)
{
	setpgid(0, 0);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	if (output) {
		int fd = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		if (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
			_exit(127);
	} else {
		dup2(2, 1);	/* our standard output stays empty */
	}
	execvp(argv[0], argv);
	fprintf(stderr, "rexc: error: cannot run %s: %m\n", argv[0]);
	_exit(127);
}

int run_program(char *const argv[], const char *output)
{
	int status;
	pid_t pid;

	if (run_stopped)
		return -EINTR;
	diag_step("running %s", argv[0]);
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid)
		be_child(argv, output);
	/* a group of its own: what it starts ends with it */
	setpgid(pid, pid);
	child = pid;
	if (run_stopped)
		kill(-pid, SIGTERM);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	child = 0;
	if (run_stopped)
		return -EINTR;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -ECHILD;
}

void args_add(struct args *a, const char *fmt, ...)
{
	char **v = reallocarray(a->v, a->n + 2, sizeof(*v));
	va_list ap;

	va_start(ap, fmt);
	if (!v || vasprintf(&v[a->n], fmt, ap) < 0) {
		fputs("rexc: error: out of memory\n", stderr);
		_exit(1);
	}
	va_end(ap);
	a->v = v;
	v[++a->n] = NULL;
}

void args_free(struct args *a)
{
	while (a->n)
		free(a->v[--a->n]);
	free(a->v);
	a->v = NULL;
}
