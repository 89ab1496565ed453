// SPDX-License-Identifier: GPL-2.0-only
/* From trackers that are attached to hits that are right. */
#include <poll.h>
#include <time.h>

#include "bmc.h"

#define FLUSH_MARGIN 4			/* seconds: memcached's clock, and ours */

bool server_lives(const struct bmc_server *server)
{
	struct pollfd p = { .fd = server->pidfd, .events = POLLIN };

	return server->pidfd >= 0 && !poll(&p, 1, 0);
}

/* As the program counts time, @seconds from now. */
static uint32_t coarse_in(int64_t seconds)
{
	struct timespec t;
	int64_t units;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	if (seconds > INT32_MAX)
		seconds = INT32_MAX;
	units = (t.tv_sec + seconds) * 1000000000 + t.tv_nsec;
	units = units < 0 ? 0 : units >> BMC_TIME_SHIFT;
	return units < BMC_NEVER ? units : BMC_NEVER - 1;
}

/* From here on the trackers look at this process only. */
static int name_server(struct bmc_meta *meta, const struct bmc_server *server)
{
	bool flushes = server->flush_in >= -1;
	uint32_t clock = clock_at_zero(server);
	int32_t pid = server->pid;

	meta_set(meta->quiet_to, flushes ? coarse_in(server->flush_in + FLUSH_MARGIN) : 0);
	meta_set(meta->quiet_from, flushes ? coarse_in(server->flush_in - FLUSH_MARGIN) : BMC_NEVER);
	meta_set(meta->udp_port, server->udp_port);
	meta_set(meta->clock, clock);
	meta_set(meta->server, pid);
	/* Did it end before its name was there? Then nobody else takes that away. */
	if (server_lives(server))
		return 0;
	__atomic_compare_exchange_n(&meta->server, &pid, 0, false, __ATOMIC_SEQ_CST,
				    __ATOMIC_SEQ_CST);
	return refuse("memcached (process %d) has ended", server->pid);
}

int run_test(struct bmc_parts *parts, const struct bmc_server *server)
{
	int err = name_server(parts->meta, server);

	return err ? err : selftest(server, parts->meta);
}

int run_begin(struct bmc_parts *parts, const struct bmc_server *server, int timeout_ms)
{
	uint32_t generation = parts->program->generation;

	if (quiesce(server, timeout_ms) || parts_refresh(parts))
		return 1;
	/* 0: of a rex.ko that does not tell; the program would not believe it. */
	if (!generation)
		return refuse("rex.ko is of another build than this rexctl; unload it, and start again");
	if (parts->program->state != REX_STATE_ENABLED || parts->program->generation != generation)
		return refuse("program \"%s\" is %s", BMC_PROGRAM,
			      rex_state_name(parts->program->state));
	meta_new_epoch(parts->program, parts->meta);
	if (!meta_run(parts->meta, server->pid, generation))
		return refuse("memcached (process %d) has ended", server->pid);
	return 0;
}
