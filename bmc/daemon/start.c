// SPDX-License-Identifier: GPL-2.0-only
/* start: all steps or none, and the daemon that continues from there. */
#include <cli/cli.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <rex/librex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "../shared.h"
#include "config.h"
#include "devs.h"
#include "machine.h"
#include "meta.h"
#include "open.h"
#include "parts.h"
#include "patience.h"
#include "program.h"
#include "queues.h"
#include "remove.h"
#include "run.h"
#include "runfile.h"
#include "server.h"
#include "settings.h"
#include "stream.h"
#include "watch.h"
#include "why.h"

#define QUIESCE_MS 10000

struct start {
	struct bmc_parts parts;
	struct bmc_runfile runfile;
	struct bmc_server server;
	bool made;			/* parts are there that a failure has to undo */
	int report;			/* to who waits for the daemon; -1: nobody does */
};

/* ---- rex.ko ------------------------------------------------------------------------------------------ */

static int open_rex(struct start *s, bool load)
{
	int err = load ? rex_runtime_load(NULL) : 0;

	s->runfile.runtime = err > 0;
	if (err >= 0)
		err = rex_open(&s->parts.rex);
	if (err == -ENOENT && !load)
		return 0;		/* not loaded: no program either */
	return err ? refuse_rex() : 0;
}

/* Whether nobody has said stop: by a signal, or by going away. */
static bool may_go_on(void *arg)
{
	const struct start *s = arg;
	struct pollfd p = { .fd = s->report };
	sigset_t pending;

	sigpending(&pending);
	return !sigismember(&pending, SIGTERM) && !sigismember(&pending, SIGINT) &&
	       !sigismember(&pending, SIGHUP) && poll(&p, 1, 0) <= 0;
}

/* ---- a new one --------------------------------------------------------------------------------------- */

static int make(struct start *s)
{
	const struct bmc_config *c = &s->runfile.config;
	struct patience p = { .go_on = may_go_on, .arg = s };
	char path[512];

	if (machine_check(c) || server_find(c->port, &s->server) || settings_check(&s->server) ||
	    (s->parts.udp && server_check_udp(&s->server)) || !program_path(path, sizeof(path)))
		return 1;
	if (!s->parts.rex && open_rex(s, true))
		return 1;
	s->made = true;
	if (program_load(&s->parts, c, &s->server))
		return 1;
	meta_set(s->parts.meta->state, BMC_TRACK);
	for (size_t i = 0; i < c->n_devs; i++) {
		strcpy(s->runfile.devs[i].wanted, c->devs[i]);
		s->runfile.devs[i].fixed = c->mode;
	}
	if (run_test(&s->parts, &s->server) ||
	    devs_attach(s->parts.program, s->runfile.devs, c->n_devs))
		return 1;
	/* A client can hold this up at will: not a reason to give up. */
	p.end = now_ms() + QUIESCE_MS;
	if (run_begin(&s->parts, &s->server, &p)) {
		fail("not running yet: %s", why());
		snprintf(s->runfile.reason, sizeof(s->runfile.reason), "%s", why());
	}
	queues_warn(c);
	return runfile_write(&s->runfile);
}

/* ---- one that lost its daemon ---------------------------------------------------------------------------- */

static bool same(const struct bmc_config *a, const struct bmc_config *b)
{
	bool devs = a->n_devs == b->n_devs;

	for (size_t i = 0; devs && i < a->n_devs; i++)
		devs = !strcmp(a->devs[i], b->devs[i]);
	return devs && a->port == b->port && a->memory == b->memory && a->max_age.us == b->max_age.us &&
	       a->mode == b->mode && a->tcp == b->tcp && a->udp == b->udp;
}

static int adopt(struct start *s)
{
	struct bmc_runfile old;
	const struct bmc_meta *meta;

	if (!runfile_read(&old))
		return refuse("program \"%s\" is loaded, but by nothing that \"rexctl bmc start\" brought to "
			      "an end; \"rexctl bmc stop\" removes it", BMC_PROGRAM);
	if (!same(&old.config, &s->runfile.config) || old.netns != netns_inode())
		return refuse("an accelerator for port %u without its daemon is there, with other options "
			      "than these, and there is one per kernel; \"rexctl bmc stop\" removes it, or "
			      "start it with its own: \"rexctl bmc status\"", old.config.port);
	s->runfile = old;
	*s->runfile.reason = '\0';
	if (program_adopt(&s->parts, &old.config))
		return 1;
	/* Whatever became of it meanwhile: who says start wants it there. */
	for (size_t i = 0; i < old.config.n_devs; i++)
		s->runfile.devs[i].off = true;
	meta = s->parts.meta;
	/* The process that hits are given for, if it is that still; else the daemon looks for one. */
	if (meta_get(meta->state) == BMC_RUN && meta_get(meta->generation) ==
						s->parts.program->generation &&
	    (server_find(old.config.port, &s->server) || meta_get(meta->server) != s->server.pid))
		server_forget(&s->server);
	/* Nobody answers for sockets without it. */
	if (s->server.pidfd >= 0 && !stream_hold(&s->parts, &s->server))
		server_forget(&s->server);
	return runfile_write(&s->runfile);
}

/* ---- either -------------------------------------------------------------------------------------------------- */

static void undo(struct start *s)
{
	char text[2048];

	snprintf(text, sizeof(text), "%s", why());
	parts_release(&s->parts);
	if (s->made && remove_all(s->parts.rex))
		fail("and what was made stays: %s; \"rexctl bmc stop\" tries again", why());
	rex_close(s->parts.rex);
	s->parts.rex = NULL;
	if (s->runfile.runtime)
		rex_runtime_unload();
	server_forget(&s->server);
	runfile_remove();
	refuse("%s", text);
}

static int begin(struct start *s)
{
	struct rex_program *p = NULL;
	int err = enter_netns(), lock;

	if (err)
		return err;
	lock = runfile_lock();
	if (lock < 0)
		return fail("%s", why());
	s->runfile.netns = netns_inode();
	s->parts.tcp = s->runfile.config.tcp;
	s->parts.udp = s->runfile.config.udp;
	err = open_rex(s, false);
	if (!err && s->parts.rex && !rex_program_get(s->parts.rex, BMC_PROGRAM, &p)) {
		rex_program_free(p);
		err = adopt(s);
		if (err) {
			fail("%s", why());
			parts_release(&s->parts);
			return err;
		}
	} else if (err || make(s)) {
		undo(s);
		return fail("%s", why());
	}
	return 0;
}

/* The terminal is the user's again. */
static void leave_terminal(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; null >= 0 && fd < 3; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
	if (chdir("/"))
		return;
}

/* In the child: @report tells the parent how it went. */
static int run_daemon(struct start *s, int report)
{
	int err;
	char status;

	s->report = report;
	if (report >= 0)
		setsid();
	err = begin(s);
	status = err;
	if (report >= 0) {
		fflush(stdout);
		/* Nobody there who could be told that it runs: interrupted. */
		if (write(report, &status, 1) != 1 && !err) {
			refuse("interrupted");
			s->made = true;
			undo(s);
			return 1;
		}
		close(report);
		leave_terminal();
	}
	return err ? err : watch(&s->parts, &s->runfile, &s->server);
}

static int wait_for_child(int report)
{
	char status;

	if (read(report, &status, 1) != 1)
		return fail("the daemon died while it started; \"rexctl bmc stop\" removes what it left");
	return status;
}

static int start(const void *config)
{
	struct start *s;
	int pipe_fds[2], err = need_root();
	sigset_t blocked;
	pid_t pid;

	if (err)
		return err;
	s = calloc(1, sizeof(*s));
	if (!s)
		return fail("out of memory");
	s->server.pidfd = -1;
	s->runfile.config = *(const struct bmc_config *)config;
	err = config_transports(&s->runfile.config);
	if (err) {
		free(s);
		return err;
	}
	if (!s->runfile.config.max_age.given)
		s->runfile.config.max_age.us = 1000000;
	/* The daemon takes them when it is ready to undo everything. */
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGHUP);
	if (s->runfile.config.foreground) {
		sigprocmask(SIG_BLOCK, &blocked, NULL);
		return run_daemon(s, -1);
	}
	if (pipe2(pipe_fds, O_CLOEXEC))
		return fail("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		return fail("fork: %s", strerror(errno));
	if (pid) {
		close(pipe_fds[1]);
		return wait_for_child(pipe_fds[0]);
	}
	close(pipe_fds[0]);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	signal(SIGPIPE, SIG_IGN);
	openlog("rex-bmc", LOG_PID, LOG_DAEMON);
	_exit(run_daemon(s, pipe_fds[1]));
}

const struct cli_command cmd_start = {
	.name = "start", .help = "put the accelerator in front of a memcached that is running",
	.args = config_args, .size = sizeof(struct bmc_config), .run = start,
};
