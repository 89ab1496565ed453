// SPDX-License-Identifier: GPL-2.0-only
/*
 * memcached's time of day. It counts the seconds of CLOCK_MONOTONIC, from what the time of day was
 * when it was started; a timer looks at them once a second. "stats" say what that found last, which is
 * CLOCK_MONOTONIC's second and a constant at the moment when it changes, and may be old at any other.
 */
#include <cli/cli.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "ask.h"
#include "clock.h"
#include "server.h"

#define PATIENCE_S	3

/* What "stats" call the time; 0: they do not. */
static uint32_t told(int fd)
{
	char *answer = ask(fd, "stats"), text[32];
	uint32_t time = 0;

	if (answer && ask_stat(answer, "time", text, sizeof(text)) &&
	    parse_number(text, UINT32_MAX, &time))
		time = 0;
	free(answer);
	return time;
}

/* By the clock that the program has. */
static time_t second(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return t.tv_sec;
}

uint32_t clock_at_zero(const struct bmc_server *server)
{
	const struct timespec pause = { .tv_nsec = 50000000 };
	time_t end = second() + PATIENCE_S, seen = 0;
	int fd = ask_server(server);
	uint32_t first, now;

	if (fd < 0)
		return 0;
	first = now = told(fd);
	while (now && now == first && seen < end && !nanosleep(&pause, NULL)) {
		now = told(fd);
		seen = second();
	}
	close(fd);
	return now > first && now > seen ? now - seen : 0;
}
