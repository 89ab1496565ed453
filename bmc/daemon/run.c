// SPDX-License-Identifier: GPL-2.0-only
/* From a server that is found to hits that are right. */
#include <poll.h>
#include <rex/librex.h>
#include <time.h>

#include "../shared.h"
#include "clock.h"
#include "meta.h"
#include "parts.h"
#include "patience.h"
#include "program.h"
#include "quiesce.h"
#include "run.h"
#include "selftest.h"
#include "server.h"
#include "settings.h"
#include "stream.h"
#include "why.h"

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

/* From here on the program looks at what it reads and writes. */
static int name_server(struct bmc_parts *parts, const struct bmc_server *server)
{
	uint64_t idle = server->idle_timeout * 1000000000ull >> BMC_TIME_SHIFT;
	uint32_t clock = clock_at_zero(server);
	struct bmc_meta *meta = parts->meta;
	int32_t pid = server->pid;

	meta_set(meta->quiet_to, 0);
	meta_set(meta->quiet_from, BMC_NEVER);
	if (meta_port(parts->program, meta, server->udp_port))
		return 1;
	meta_set(meta->clock, clock);
	meta_set(meta->idle, idle < BMC_NEVER ? idle : BMC_NEVER);
	meta_set(meta->tcp, parts->tcp);
	meta_set(meta->server, pid);
	/* Did it end before its name was there? Then nobody else takes that away. */
	if (server_lives(server))
		return 0;
	meta_exchange(meta->server, pid, 0);
	return refuse("memcached (process %d) has ended", server->pid);
}

/*
 * A flush_all with delay of which the program saw nothing; what it saw is executed, too, when this
 * is asked. The program may widen the window at the same time, but must not end it meanwhile.
 */
static int expect_flush(struct bmc_meta *meta, const struct bmc_server *server)
{
	uint32_t is_from, is_to, from, to;
	int64_t flush_in;

	if (settings_flush(server, &flush_in))
		return 1;
	if (flush_in < -1)
		return 0;
	is_from = meta_get(meta->quiet_from);
	is_to = meta_get(meta->quiet_to);
	if (is_from != BMC_NEVER && is_to <= coarse_in(1))
		return refuse("a flush_all with delay comes due just now");
	from = coarse_in(flush_in - FLUSH_MARGIN);
	to = coarse_in(flush_in + FLUSH_MARGIN);
	while (is_to < to && !meta_exchange(meta->quiet_to, is_to, to))
		;
	while (is_from > from && !meta_exchange(meta->quiet_from, is_from, from))
		;
	return 0;
}

int run_test(struct bmc_parts *parts, const struct bmc_server *server)
{
	/* The self test's connections came last: memcached has accepted what came before. */
	return stream_prepare(parts, server) || name_server(parts, server) ||
	       stream_attach(parts, server) || selftest(parts, server) ||
	       stream_rescan(parts, server);
}

int run_begin(struct bmc_parts *parts, const struct bmc_server *server,
	      const struct patience *p)
{
	uint32_t generation = parts->program->generation;

	/* What was read so far and not seen is executed when this is over. */
	meta_set(parts->meta->blind, 0);
	if (quiesce(server, p) || expect_flush(parts->meta, server) || program_refresh(parts))
		return 1;
	/* 0: of a rex.ko that does not tell; the program would not believe it. */
	if (!generation)
		return refuse("rex.ko is of another build than this rexctl; unload it, and start again");
	if (parts->program->state != REX_STATE_ENABLED || parts->program->generation != generation)
		return refuse("program \"%s\" is %s", BMC_PROGRAM,
			      rex_state_name(parts->program->state));
	meta_new_epoch(parts->program, parts->meta);
	if (meta_get(parts->meta->state) == BMC_OFF)
		return refuse("the program was detached from memcached's sockets");
	if (!meta_run(parts->meta, server->pid, generation))
		return refuse("memcached (process %d) has ended", server->pid);
	return 0;
}
