// SPDX-License-Identifier: GPL-2.0-only
/*
 * The daemon. Hits do not need it to be right: the program notices by itself when memcached ends,
 * gives none after a crash, and none when it is detached. It is needed to begin again afterwards.
 */
#include <errno.h>
#include <poll.h>
#include <rex/librex.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <syslog.h>
#include <unistd.h>

#include "../shared.h"
#include "config.h"
#include "counters.h"
#include "devs.h"
#include "meta.h"
#include "networks.h"
#include "parts.h"
#include "patience.h"
#include "program.h"
#include "quiesce.h"
#include "remove.h"
#include "run.h"
#include "runfile.h"
#include "server.h"
#include "settings.h"
#include "sockets.h"
#include "stream.h"
#include "tables.h"
#include "watch.h"
#include "why.h"

#define TICK_MS		100
#define QUIESCE_MS	5000
#define FRESH_MS	3000		/* a memcached may still be opening its sockets */
#define AGAIN_MS	1000
#define EMPTY_MS	10000		/* between two times that the tables are emptied while it runs */
#define IDLE_TICKS	(2000 / TICK_MS)	/* not by the clock: a machine may have been stopped */
#define ASK_MS		2000
#define NETWORKS_MS	1000
#define STREAM_MS	1000

struct watcher {
	struct bmc_parts *parts;
	struct bmc_runfile *runfile;
	struct bmc_server *server;
	int signals;			/* signalfd */
	bool lost;			/* the program: only stop and start help */
	bool stale;			/* the tables: of another process, or something was missed */
	uint32_t generation;
	int64_t listens_since, try_at, empty_at, networks_at, stream_at, closed_at;
	bool networks_bad;
	/* Looks at which something of all keys was pending, without anything new of the kind. */
	unsigned int idle_ticks;
	uint32_t idle_epoch;
	uint64_t idle_counters[__BMC_STATS];
};

/* To the log, and to commands that look. */
static void say(struct watcher *w, bool bad, const char *text)
{
	if (w->runfile->config.foreground)
		fprintf(stderr, "rexctl: %s\n", text);
	else
		syslog(bad ? LOG_WARNING : LOG_INFO, "%s", text);
	if (runfile_write(w->runfile))
		syslog(LOG_ERR, "%s", why());
}

/* Why there are no hits; "": there are. Said once. */
static void set_reason(struct watcher *w, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void set_reason(struct watcher *w, const char *fmt, ...)
{
	char text[sizeof(w->runfile->reason)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!strcmp(text, w->runfile->reason))
		return;
	strcpy(w->runfile->reason, text);
	say(w, *text, *text ? text : "running");
}

static void switch_off(struct watcher *w)
{
	meta_set(w->parts->meta->state, BMC_OFF);
	w->stale = true;
	w->try_at = 0;
}

/* Whatever takes long asks this all the time: a signal, or memcached's end, comes first. */
static bool may_go_on(void *arg)
{
	const struct watcher *w = arg;
	struct pollfd p = { .fd = w->signals, .events = POLLIN };

	return !poll(&p, 1, 0) && meta_get(w->parts->meta->state) != BMC_OFF && server_lives(w->server);
}

static struct patience patience_of(struct watcher *w, int ms)
{
	return (struct patience){ .end = now_ms() + ms, .go_on = may_go_on, .arg = w };
}

/* ---- what can go wrong ------------------------------------------------------------------------------------ */

/* Whether the program saw the server close a socket that it listens at. */
static bool closed_sockets(const struct watcher *w)
{
	return meta_get(w->parts->meta->server) != w->server->pid;
}

/*
 * Who took the program off memcached's sockets has made changes invisible: begin again. The program
 * knows and is off. Looking at the sockets is for what it did not see because it did not run. Sockets
 * that memcached closed are no longer there either: the program saw that first, and check_server()
 * waits for the end of the process, which may come a good deal later.
 */
static void check_stream(struct watcher *w)
{
	bool off = meta_get(w->parts->meta->state) == BMC_OFF;

	if (w->stale || w->server->pidfd < 0 || (!off && now_ms() < w->stream_at))
		return;
	w->stream_at = now_ms() + STREAM_MS;
	if (!server_lives(w->server))
		return;
	if (!off && (stream_attached(w->parts) || closed_sockets(w)))
		return;
	switch_off(w);
	set_reason(w, "the program was detached from memcached's sockets: beginning again");
}

/* Its maps are empty, so that there are no hits; all that was attached stays attached. */
static bool renew(struct watcher *w)
{
	int err = program_renew(w->parts, &w->runfile->config);

	set_reason(w, "program \"%s\" was exchanged: %s", BMC_PROGRAM, err ? why() : "beginning again");
	w->stale = true;
	w->try_at = 0;
	w->generation = w->parts->program->generation;
	return !err;
}

static bool check_program(struct watcher *w)
{
	const struct rex_program *p;
	int err = program_refresh(w->parts);

	if (err == -ESTALE && !renew(w))
		return false;
	if (err && err != -ESTALE) {
		w->lost = true;
		set_reason(w, "program \"%s\" has gone: %s; \"rexctl bmc stop\" and start", BMC_PROGRAM,
			   why());
		return false;
	}
	p = w->parts->program;
	if (p->state != REX_STATE_ENABLED) {
		switch_off(w);
		set_reason(w, "program \"%s\" is %s%s%s; \"rexctl enable %s\" lets it run again",
			   BMC_PROGRAM, rex_state_name(p->state), p->fault ? ": " : "",
			   p->fault ? p->fault->message : "", BMC_PROGRAM);
		return false;
	}
	if (p->generation != w->generation) {
		/* Off and on again between two looks. */
		switch_off(w);
		w->generation = p->generation;
	}
	return true;
}

/* Beginning again costs all that is cached: not all the time. */
static bool may_begin_again(struct watcher *w)
{
	if (now_ms() < w->empty_at)
		return false;
	w->empty_at = now_ms() + EMPTY_MS;
	return true;
}

/* Something was read that could not be tracked: begin again. */
static void check_blind(struct watcher *w)
{
	if (meta_get(w->parts->meta->blind) && may_begin_again(w))
		switch_off(w);
}

/* Whether something of all keys has been pending for a while, and nothing of the kind was new. */
static bool is_stuck(struct watcher *w)
{
	struct bmc_meta *meta = w->parts->meta;
	uint64_t now[__BMC_STATS], *then = w->idle_counters;
	uint32_t epoch = meta_get(meta->epoch);

	if (meta_get(meta->state) != BMC_RUN || !meta_get(meta->pending_all)) {
		w->idle_ticks = 0;
		return false;
	}
	if (!w->idle_ticks || epoch != w->idle_epoch) {
		w->idle_epoch = epoch;
		w->idle_ticks = !counters_read(w->parts->program, then);
		return false;
	}
	if (w->idle_ticks++ < IDLE_TICKS || counters_read(w->parts->program, now))
		return false;
	if (now[BMC_FILLS] != then[BMC_FILLS] ||
	    now[BMC_PENDING_OVERFLOW] != then[BMC_PENDING_OVERFLOW]) {
		w->idle_ticks = 0;
		return false;
	}
	/* What is cached is worth more than room for values that nobody asks for. */
	return now[BMC_REFUSED_PENDING] != then[BMC_REFUSED_PENDING];
}

/*
 * A client sent something of all keys, and has said no more: nobody sees that it was executed, and
 * nothing is put in. memcached can tell, so begin again; but it is asked before hits end, because a
 * client that reads no replies keeps it from telling.
 */
static void check_idle(struct watcher *w)
{
	struct patience p = patience_of(w, ASK_MS);

	if (!is_stuck(w) || !may_begin_again(w) || quiesce(w->server, &p))
		return;
	/* It may have gone on meanwhile. */
	if (!meta_get(w->parts->meta->pending_all))
		return;
	switch_off(w);
	set_reason(w, "a client sent commands that affect every key, and nothing since: restarting");
}

/* What became of an interface is said once. */
static void check_dev(struct watcher *w, struct bmc_dev *d)
{
	char before[sizeof(d->note) + BMC_DEV_LEN + 8], after[sizeof(before)];
	char text[sizeof(before) + 16];
	uint32_t index = d->index;

	dev_text(d, before, sizeof(before));
	dev_look(w->parts->program, d);
	dev_text(d, after, sizeof(after));
	if (index == d->index && !strcmp(before, after))
		return;
	snprintf(text, sizeof(text), "device %s", after);
	say(w, !d->ours, text);
}

static void check_devs(struct watcher *w)
{
	if (now_ms() >= w->networks_at) {
		bool bad = networks_write(w->parts->program, &w->runfile->config, w->parts->meta);

		if (bad && !w->networks_bad)
			say(w, true, why());
		w->networks_bad = bad;
		w->networks_at = now_ms() + NETWORKS_MS;
	}
	for (size_t i = 0; i < w->runfile->config.n_devs; i++)
		check_dev(w, &w->runfile->devs[i]);
}

/* ---- and how it goes on -------------------------------------------------------------------------------------- */

static bool empty_tables(struct watcher *w)
{
	struct bmc_meta *meta = w->parts->meta;

	/* Nothing is tracked now, so that nothing is counted down that was counted up before. */
	meta_set(meta->state, BMC_OFF);
	meta_set(meta->server, 0);
	server_forget(w->server);
	if (tables_clear(w->parts->program)) {
		set_reason(w, "%s", why());
		return false;
	}
	meta_set(meta->pending_all, 0);
	meta_set(meta->blind, 0);
	meta_set(meta->hidden, 0);
	meta_set(meta->era, meta_get(meta->era) + 1);
	meta_set(meta->state, BMC_TRACK);
	w->closed_at = 0;
	w->stale = false;
	return true;
}

/* Whether it has closed sockets some time ago, which it does when it ends, and has not ended. */
static bool has_closed(struct watcher *w)
{
	uint32_t state = meta_get(w->parts->meta->state);

	if (w->stale || state == BMC_OFF || !closed_sockets(w))
		w->closed_at = 0;
	else if (!w->closed_at)
		w->closed_at = now_ms();
	return w->closed_at && now_ms() - w->closed_at > FRESH_MS;
}

static void check_server(struct watcher *w)
{
	struct bmc_meta *meta = w->parts->meta;
	uint32_t run = BMC_RUN;

	if (w->server->pidfd < 0)
		return;
	/* The program sees its end first, and gives no hits; we wait until all its sockets are closed. */
	if (server_lives(w->server) && !has_closed(w))
		return;
	/* If the program does not run, it has not. */
	meta_exchange(meta->state, run, BMC_TRACK);
	set_reason(w, "memcached (process %d) has ended", w->server->pid);
	w->stale = true;
	server_forget(w->server);
	w->listens_since = w->try_at = w->closed_at = 0;
}

/* A new one may still be opening its sockets: what is wrong with it is said a little later. */
static void not_yet(struct watcher *w)
{
	if (now_ms() - w->listens_since < FRESH_MS)
		return;
	set_reason(w, "%s", why());
	w->try_at = now_ms() + AGAIN_MS;
}

/* Whether one is there that can be protected; the program looks at it then. */
static bool find_server(struct watcher *w)
{
	if (!sockets_listen(w->runfile->config.port)) {
		w->listens_since = 0;
		if (!*w->runfile->reason)
			set_reason(w, "no process listens on TCP port %u", w->runfile->config.port);
		return false;
	}
	if (!w->listens_since)
		w->listens_since = now_ms();
	if (!server_find(w->runfile->config.port, w->server) && !settings_check(w->server) &&
	    (!w->parts->udp || !server_check_udp(w->server)) && !run_test(w->parts, w->server))
		return true;
	/* What was tracked of it will not be counted down. */
	w->stale = meta_get(w->parts->meta->server) != 0;
	server_forget(w->server);
	not_yet(w);
	return false;
}

static void tick(struct watcher *w)
{
	struct patience p;

	if (w->lost || !check_program(w))
		return;
	check_devs(w);
	check_blind(w);
	check_idle(w);
	check_server(w);
	check_stream(w);
	if (w->stale && !empty_tables(w))
		return;
	if (now_ms() < w->try_at || w->closed_at || (w->server->pidfd < 0 && !find_server(w)))
		return;
	p = patience_of(w, QUIESCE_MS);
	if (meta_get(w->parts->meta->state) == BMC_RUN)
		set_reason(w, "%s", w->parts->tcp ||
			   devs_answer(w->runfile->devs, w->runfile->config.n_devs) ? "" :
			   "nothing is answered: no interface has the program");
	else if (run_begin(w->parts, w->server, &p) && may_go_on(w))
		not_yet(w);
}

int watch(struct bmc_parts *parts, struct bmc_runfile *runfile, struct bmc_server *server)
{
	struct watcher w = { .parts = parts, .runfile = runfile, .server = server,
			     .generation = parts->program->generation,
			     .stale = server->pidfd < 0 };
	struct pollfd fds[2] = { { .events = POLLIN }, { .events = POLLIN } };
	bool runtime = runfile->runtime;
	sigset_t signals;
	int err;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	w.signals = fds[0].fd = signalfd(-1, &signals, SFD_CLOEXEC);
	do {
		tick(&w);
		fds[1].fd = w.lost || w.stale ? -1 : server->pidfd;
		err = poll(fds, 2, TICK_MS);
	} while (err <= 0 || !(fds[0].revents & POLLIN));

	meta_set(parts->meta->state, BMC_OFF);
	parts_release(parts);
	server_forget(server);
	err = remove_all(parts->rex);
	if (err) {
		set_reason(&w, "%s", why());
		return err;
	}
	rex_close(parts->rex);
	if (runtime)
		rex_runtime_unload();
	runfile_remove();
	return 0;
}
