// SPDX-License-Identifier: GPL-2.0-only
/* stop: the daemon undoes what start made; without one it is done here. */
#include <cli/cli.h>
#include <errno.h>
#include <poll.h>
#include <rex/librex.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../shared.h"
#include "meta.h"
#include "open.h"
#include "program.h"
#include "remove.h"
#include "runfile.h"
#include "why.h"

#define PATIENCE_MS 30000

/* A daemon that is at work may take a while until it looks at its signals. */
static int end_daemon(pid_t pid)
{
	struct pollfd p = { .events = POLLIN };
	int err = 0;

	p.fd = syscall(SYS_pidfd_open, pid, 0);
	if (p.fd < 0)
		return errno == ESRCH ? 0 : fail("cannot open process %d: %s", pid, strerror(errno));
	/* Is it still the one with the lock, and not another process of that number? */
	if (runfile_daemon() == pid) {
		if (syscall(SYS_pidfd_send_signal, p.fd, SIGTERM, NULL, 0) && errno != ESRCH)
			err = fail("cannot end the daemon %d: %s", pid, strerror(errno));
		else if (poll(&p, 1, PATIENCE_MS) != 1)
			err = fail("the daemon %d does not end; \"kill -9 %d\", then \"rexctl bmc "
				   "stop\" again", pid, pid);
	}
	close(p.fd);
	return err;
}

/* XDP is attached in one network namespace, and only there it can be seen. */
static int go_there(struct rex *rex, const struct bmc_runfile *runfile)
{
	struct rex_program *p;
	struct bmc_meta *meta;
	pid_t server = 0;

	if (!rex_program_get(rex, BMC_PROGRAM, &p)) {
		if (!meta_map(p, &meta)) {
			/* Before anything else: from here on nothing can lie. */
			meta_set(meta->state, BMC_OFF);
			server = meta_get(meta->server);
			meta_unmap(meta);
		}
		rex_program_free(p);
	}
	return runfile_enter_netns(runfile, server);
}

static int stop(const void *args)
{
	struct bmc_runfile runfile;
	struct rex *rex = NULL;
	bool known = runfile_read(&runfile);
	pid_t daemon = runfile_daemon();
	int err = need_root();

	(void)args;
	if (err)
		return err;
	err = rex_open(&rex);
	if (err && err != -ENOENT)
		return fail("%s", rex_errmsg());
	if (err == -ENOENT && !known && !daemon)
		return fail("the accelerator is not there");
	err = enter_netns();
	if (!err && rex && known && go_there(rex, &runfile))
		err = fail("%s", why());
	if (!err && daemon)
		err = end_daemon(daemon);
	if (!err && rex && remove_all(rex))
		err = fail("%s", why());
	rex_close(rex);
	if (!err) {
		/* The daemon did that when it was there to do it. */
		if (known && runfile.runtime)
			rex_runtime_unload();
		runfile_remove();
	}
	return err;
}

const struct cli_command cmd_stop = {
	.name = "stop", .help = "take it away, with all that is attached", .run = stop,
};
