// SPDX-License-Identifier: GPL-2.0-only
/* Running other programs, so that a signal ends them and us in good order. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "diag.h"
#include "rexc.h"

volatile sig_atomic_t run_stopped;
static volatile sig_atomic_t child;
static struct run_limits limits;

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

void run_set_limits(const struct run_limits *l)
{
	limits = *l;
}

static void limit(int resource, rlim_t soft, rlim_t hard)
{
	struct rlimit r = { soft, hard }, old;

	/* the user's own limits may be narrower */
	if (!getrlimit(resource, &old)) {
		r.rlim_max = hard < old.rlim_max ? hard : old.rlim_max;
		r.rlim_cur = soft < old.rlim_cur ? soft : old.rlim_cur;
	}
	setrlimit(resource, &r);
}

/* What a source makes the compiler compute has no end of itself. */
static void limit_child(void)
{
	limit(RLIMIT_CORE, 0, 0);
	if (limits.memory) {
		limit(RLIMIT_AS, limits.memory, limits.memory);
		limit(RLIMIT_FSIZE, limits.memory, limits.memory);
	}
	if (limits.cpu)
		limit(RLIMIT_CPU, limits.cpu, limits.cpu + 5);
}

static void be_child(char *const argv[], const char *output)
{
	setpgid(0, 0);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	limit_child();
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

/* The child died of a signal: of a limit, if that is what it looks like. */
static int died(const char *name, int sig)
{
	if (sig == SIGXCPU || sig == SIGKILL) {
		diag_error(NULL, 0, 0, "%s was ended after %u s of CPU time", name, limits.cpu);
		diag_note("does a constant, a type or a macro of the program never end? "
			  "--max-cpu SECONDS raises the limit");
	} else if (sig == SIGXFSZ) {
		diag_error(NULL, 0, 0, "%s wrote a file of more than %llu MiB", name,
			   limits.memory >> 20);
		diag_note("--max-data SIZE raises the limit; large tables belong in maps");
	} else {
		diag_error(NULL, 0, 0, "%s died of signal %d (%s)", name, sig, strsignal(sig));
		diag_note("it has %llu MiB of memory: does a macro or a type of the program "
			  "contain itself, or does it include a large file? --max-data SIZE raises "
			  "the limit",
			  limits.memory >> 20);
	}
	return -ECHILD;
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
	return WIFEXITED(status) ? WEXITSTATUS(status) : died(argv[0], WTERMSIG(status));
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
