// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs the cases, one process each, and says "ok NAME" or "not ok NAME: WHY", a line each.
 * Called by tests/vm/bmc-cases.t, bmc-cases-packets.t and bmc-restart.t in the lab.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cases.h"
#include "mc/counter.h"

#define CASE_SECONDS 60

struct setup setup;
static int why[2] = { -1, -1 };		/* a case says here why it failed */
static const char *only;

void fail(const char *format, ...)
{
	char message[2048];
	va_list ap;
	int len;

	va_start(ap, format);
	len = vsnprintf(message, sizeof(message), format, ap);
	va_end(ap);
	if (len >= (int)sizeof(message))
		len = sizeof(message) - 1;
	if (why[1] < 0)
		fprintf(stderr, "bmc-cases: %s\n", message);
	else if (write(why[1], message, len) < 0)
		perror("bmc-cases");
	_exit(1);
}

uint64_t counter(unsigned int index)
{
	static int fd = -1;
	uint64_t sum;

	if (setup.accel == NONE)
		return 0;
	if (fd < 0)
		fd = counters_open("bmc_stats");
	if (fd < 0)
		fail("the accelerator has no map bmc_stats");
	if (counter_sum(fd, index, &sum))
		fail("cannot read counter %u: %s", index, strerror(errno));
	return sum;
}

static void report(const char *name, int status)
{
	char message[2048];
	ssize_t len;

	close(why[1]);
	len = read(why[0], message, sizeof(message) - 1);
	close(why[0]);
	why[1] = -1;
	message[len > 0 ? len : 0] = '\0';
	if (WIFSIGNALED(status))
		snprintf(message, sizeof(message), "%s", WTERMSIG(status) == SIGALRM ?
			 "takes too long" : strsignal(WTERMSIG(status)));
	if (!status)
		printf("ok %s\n", name);
	else
		printf("not ok %s: %s\n", name, message);
	fflush(stdout);
}

void run_case(const char *name, void (*run)(const void *), const void *arg)
{
	int status;
	pid_t pid;

	if (only && !strstr(name, only))
		return;
	if (setup.list) {
		puts(name);
		return;
	}
	if (pipe(why)) {
		perror("bmc-cases");
		exit(1);
	}
	pid = fork();
	if (!pid) {
		alarm(CASE_SECONDS);
		run(arg);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		perror("bmc-cases");
		exit(1);
	}
	report(name, status);
}

void say_why(const void *why)
{
	if (*(const char *)why)
		fail("%s", (const char *)why);
}

void start_accelerator(void)
{
	if (!setup.start || setup.list)
		return;
	if (system(setup.start)) {
		fprintf(stderr, "bmc-cases: \"%s\" failed\n", setup.start);
		exit(1);
	}
}

static void run_all_mutations(void)
{
	prepare_old_connections();
	prepare_expiry();
	start_accelerator();
	run_old_connections();
	run_expiry_of_old();
	run_mutations();
	run_binary();
	run_streams();
	run_values();
	run_races();
	run_expiry();
}

static int usage(void)
{
	fputs("usage: bmc-cases mutations|packets none|ebpf|rex PID-OF-MEMCACHED [START-COMMAND [ONLY]]\n"
	      "       bmc-cases list mutations|packets\n"
	      "       bmc-cases load, until SIGTERM\n", stderr);
	return 64;
}

int main(int argc, char **argv)
{
	static const char *const accels[] = { "none", "ebpf", "rex" };
	unsigned int i;

	if (argc == 2 && !strcmp(argv[1], "load")) {
		run_load();
		return 0;
	}
	if (argc == 3 && !strcmp(argv[1], "list")) {
		setup.list = true;
	} else {
		if (argc < 4 || argc > 6)
			return usage();
		for (i = 0; i < 3 && strcmp(argv[2], accels[i]); i++)
			;
		setup.accel = i;
		setup.memcached = atoi(argv[3]);
		setup.start = argc > 4 && *argv[4] ? argv[4] : NULL;
		only = argc > 5 ? argv[5] : NULL;
		if (i == 3 || setup.memcached <= 0)
			return usage();
	}
	if (!strcmp(argv[setup.list ? 2 : 1], "packets"))
		run_packets();
	else if (!strcmp(argv[setup.list ? 2 : 1], "mutations"))
		run_all_mutations();
	else
		return usage();
	return 0;
}
