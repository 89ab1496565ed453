// SPDX-License-Identifier: GPL-2.0-only
/*
 * limit SECONDS COMMAND...: ends COMMAND, and all that it started, after SECONDS of its own time.
 *
 * Its own time passes while it runs or sleeps, and stands still while it waits for a CPU that
 * others have: on a busy machine it gets as much done as on a quiet one, and what hangs still ends.
 * The exit status is COMMAND's, 128 + N after signal N, or 124 when the time is over.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LOOK_NS		UINT64_C(500000000)
#define LEAST_SHARE	32	/* one part of so many of the clock's time counts, whatever others do */
#define MERCY		10	/* looks between SIGTERM and SIGKILL */

/* A thread of COMMAND's, and how long it has waited for a CPU so far. */
struct thread {
	pid_t tid;
	uint64_t waited;
};

struct threads {
	struct thread *t;
	size_t n, room;
};

struct process {
	pid_t pid, parent;
	bool ours;
};

static struct process *processes;
static size_t n_processes, room;
static pid_t child;

static void die(const char *what)
{
	fprintf(stderr, "topology/vm/limit: %s: %s\n", what, strerror(errno));
	exit(126);
}

static void *grow(void *p, size_t *room, size_t n, size_t size)
{
	if (n < *room)
		return p;
	*room = n * 2 + 64;
	p = realloc(p, *room * size);
	if (!p)
		die("memory");
	return p;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * UINT64_C(1000000000) + t.tv_nsec;
}

/* The parent of @pid, 0 if it is gone. */
static pid_t parent_of(const char *pid)
{
	char path[64], text[512], *end;
	int parent = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	/* behind the name, which may have anything in it */
	if (fgets(text, sizeof(text), f) && (end = strrchr(text, ')')))
		sscanf(end + 1, " %*c %d", &parent);
	fclose(f);
	return parent;
}

/* Which processes descend from us: what lost its parent is a child of ours (a subreaper). */
static void find_processes(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *e;
	bool more = true;

	n_processes = 0;
	while (dir && (e = readdir(dir))) {
		pid_t parent;

		if (!isdigit(*e->d_name))
			continue;
		parent = parent_of(e->d_name);
		if (!parent)
			continue;
		processes = grow(processes, &room, n_processes, sizeof(*processes));
		processes[n_processes++] = (struct process){ atoi(e->d_name), parent,
							     parent == getpid() };
	}
	if (dir)
		closedir(dir);
	while (more) {
		more = false;
		for (size_t i = 0; i < n_processes; i++)
			for (size_t k = 0; k < n_processes && !processes[i].ours; k++)
				if (processes[k].ours && processes[k].pid == processes[i].parent)
					more = processes[i].ours = true;
	}
}

static void add_threads(struct threads *list, pid_t pid)
{
	char path[64];
	struct dirent *e;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (e = readdir(dir))) {
		unsigned long long ran, waited;
		FILE *f;

		if (!isdigit(*e->d_name))
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%.20s/schedstat", pid, e->d_name);
		f = fopen(path, "re");
		if (!f)
			continue;
		if (fscanf(f, "%llu %llu", &ran, &waited) == 2) {
			list->t = grow(list->t, &list->room, list->n, sizeof(*list->t));
			list->t[list->n++] = (struct thread){ atoi(e->d_name), waited };
		}
		fclose(f);
	}
	if (dir)
		closedir(dir);
}

/* How long the thread of ours that waited longest for a CPU did so since the last look. */
static uint64_t longest_wait(void)
{
	static struct threads last, next;
	struct threads t = next;
	uint64_t longest = 0;

	t.n = 0;
	find_processes();
	for (size_t i = 0; i < n_processes; i++)
		if (processes[i].ours)
			add_threads(&t, processes[i].pid);
	for (size_t i = 0; i < t.n; i++) {
		uint64_t before = 0;

		for (size_t k = 0; k < last.n; k++)
			if (last.t[k].tid == t.t[i].tid)
				before = last.t[k].waited;
		if (t.t[i].waited > before && t.t[i].waited - before > longest)
			longest = t.t[i].waited - before;
	}
	next = last;
	last = t;
	return longest;
}

/*
 * Short-lived processes are gone before they are looked at. They wait as others do: with
 * more threads that want to run than there are CPUs, each gets its part.
 */
static double share_of_others(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	FILE *f = fopen("/proc/loadavg", "re");
	unsigned int running = 1;

	if (f && fscanf(f, "%*f %*f %*f %u", &running) != 1)
		running = 1;
	if (f)
		fclose(f);
	running -= running > 1;	/* we are one */
	return running > cpus ? 1 - (double)cpus / running : 0;
}

/* What of the last @ns was COMMAND's own time. */
static uint64_t own_time(uint64_t ns)
{
	uint64_t waited = longest_wait(), guess = ns * share_of_others();

	if (waited < guess)
		waited = guess;
	if (waited > ns - ns / LEAST_SHARE)
		waited = ns - ns / LEAST_SHARE;
	return ns - waited;
}

static void forward(int sig)
{
	kill(-child, sig);
}

static void start(char **command)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	sigset_t chld, before;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, &before);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	child = fork();
	if (child < 0)
		die("fork");
	if (!child) {
		sigprocmask(SIG_SETMASK, &before, NULL);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setpgid(0, 0);
		execvp(*command, command);
		die(*command);
	}
	setpgid(child, child);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaction(signals[i], &(struct sigaction){ .sa_handler = forward }, NULL);
}

/* True when COMMAND has ended, with its status in *@status. */
static bool ended(int *status)
{
	pid_t pid;
	int s;

	while ((pid = waitpid(-1, &s, WNOHANG)) > 0) {
		if (pid != child)
			continue;
		*status = WIFSIGNALED(s) ? 128 + WTERMSIG(s) : WEXITSTATUS(s);
		return true;
	}
	return false;
}

static void kill_all(int sig)
{
	find_processes();
	for (size_t i = 0; i < n_processes; i++)
		if (processes[i].ours)
			kill(processes[i].pid, sig);
}

int main(int argc, char **argv)
{
	const struct timespec look = { .tv_nsec = LOOK_NS };
	uint64_t begun = now_ns(), last = begun, own = 0, limit;
	int status, left = MERCY;
	sigset_t chld;
	char *end = "?";
	double seconds = argc > 2 ? strtod(argv[1], &end) : 0;

	if (*end || !(seconds >= 0)) {
		fputs("usage: limit SECONDS COMMAND [ARGUMENT]... (0: no limit)\n", stderr);
		return 126;
	}
	limit = seconds * 1e9;
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	start(argv + 2);
	while (!ended(&status)) {
		uint64_t now;

		sigtimedwait(&chld, NULL, &look);
		now = now_ns();
		if (now - last < LOOK_NS / 2)
			continue;
		own += own_time(now - last);
		last = now;
		if (!limit || own < limit)
			continue;
		if (left == MERCY)
			fprintf(stderr, "timeout: %.0f s are over (%.0f s by the clock)\n", own / 1e9,
				(now - begun) / 1e9);
		kill_all(left > 0 ? SIGTERM : SIGKILL);
		left--;
	}
	return left < MERCY ? 124 : status;
}
