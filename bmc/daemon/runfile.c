// SPDX-License-Identifier: GPL-2.0-only
/*
 * /run/rex/bmc: what "start" was asked for, and why hits are off; JSON in one line. The daemon
 * holds a lock on it, which is released however the daemon ends, and which shows its number.
 */
#include <cli/cli.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "runfile.h"
#include "why.h"

#define NETNS_DIR "/run/netns"
#define LOCK_FILE BMC_RUN_DIR "/bmc.lock"

uint64_t netns_inode(void)
{
	struct stat st;

	return stat("/proc/thread-self/ns/net", &st) ? 0 : st.st_ino;
}

static int open_lock(int flags)
{
	return open(LOCK_FILE, flags | O_RDWR | O_CLOEXEC, 0600);
}

pid_t runfile_daemon(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open_lock(0);
	pid_t pid = 0;

	if (fd >= 0 && !fcntl(fd, F_GETLK, &lock) && lock.l_type != F_UNLCK)
		pid = lock.l_pid;
	if (fd >= 0)
		close(fd);
	return pid;
}

/* There is one accelerator: the program keeps its state in statics, and its maps have names. */
static void refuse_second(void)
{
	struct bmc_runfile *r = malloc(sizeof(*r));
	pid_t daemon = runfile_daemon();

	if (r && runfile_read(r))
		refuse("the accelerator is running already for port %u%s (daemon %d): there is one per "
		       "kernel, for one memcached; \"rexctl bmc status\" shows its state, \"rexctl bmc "
		       "stop\" ends it", r->config.port,
		       r->netns == netns_inode() ? "" : " of another network namespace", daemon);
	else
		refuse("the accelerator is just being started (daemon %d): there is one per kernel, for "
		       "one memcached; \"rexctl bmc stop\" ends it", daemon);
	free(r);
}

int runfile_lock(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd;

	if (mkdir(BMC_RUN_DIR, 0755) && errno != EEXIST) {
		refuse("cannot make \"%s\": %s", BMC_RUN_DIR, strerror(errno));
		return -1;
	}
	fd = open_lock(O_CREAT);
	if (fd < 0) {
		refuse("cannot make \"%s\": %s", LOCK_FILE, strerror(errno));
		return -1;
	}
	if (!fcntl(fd, F_SETLK, &lock))
		return fd;
	close(fd);
	refuse_second();
	return -1;
}

static json_t *to_json(const struct bmc_runfile *r)
{
	json_t *devs = json_array();

	for (size_t i = 0; i < r->config.n_devs; i++)
		json_array_append_new(devs, json_pack("{s:s,s:I,s:s}", "name", r->config.devs[i],
				      "index", (json_int_t)r->devs[i].index, "note",
				      r->devs[i].note));
	return json_pack("{s:I,s:o,s:b,s:b,s:I,s:I,s:I,s:I,s:b,s:s}", "port", (json_int_t)r->config.port,
			 "devices", devs, "tcp", r->config.tcp, "udp", r->config.udp, "memory", (json_int_t)r->config.memory, "max_age_us",
			 (json_int_t)r->config.max_age.us, "mode", (json_int_t)r->config.mode, "netns", (json_int_t)r->netns, "runtime",
			 r->runtime, "reason", r->reason);
}

int runfile_write(const struct bmc_runfile *r)
{
	json_t *o = to_json(r);
	FILE *f = o ? fopen(BMC_RUN_FILE ".new", "we") : NULL;
	int err = 1;

	if (f) {
		err = json_dumpf(o, f, JSON_COMPACT);
		err |= fclose(f) || rename(BMC_RUN_FILE ".new", BMC_RUN_FILE);
	}
	json_decref(o);
	return err ? refuse("cannot write \"%s\": %s", BMC_RUN_FILE, strerror(errno)) : 0;
}

static void read_dev(struct bmc_runfile *r, json_t *dev)
{
	size_t i = r->config.n_devs;
	const char *name, *note;
	json_int_t index;

	if (json_unpack(dev, "{s:s,s:I,s:s}", "name", &name, "index", &index, "note", &note))
		return;
	snprintf(r->config.devs[i], BMC_DEV_LEN, "%s", name);
	strcpy(r->devs[i].wanted, r->config.devs[i]);
	r->devs[i].fixed = r->config.mode;
	snprintf(r->devs[i].note, sizeof(r->devs[i].note), "%s", note);
	r->devs[i].index = index;
	r->config.n_devs++;
}

bool runfile_read(struct bmc_runfile *r)
{
	json_int_t port, memory, max_age, mode, netns;
	const char *reason;
	json_t *devs, *dev, *o;
	int runtime, tcp, udp;
	size_t i;

	memset(r, 0, sizeof(*r));
	o = json_load_file(BMC_RUN_FILE, 0, NULL);
	if (!o || json_unpack(o, "{s:I,s:o,s:b,s:b,s:I,s:I,s:I,s:I,s:b,s:s}", "port", &port, "devices", &devs,
			      "tcp", &tcp, "udp", &udp, "memory", &memory, "max_age_us", &max_age, "mode", &mode, "netns", &netns,
			      "runtime", &runtime, "reason", &reason)) {
		json_decref(o);
		return false;
	}
	r->config.port = port;
	r->config.tcp = tcp;
	r->config.udp = udp;
	r->config.memory = memory;
	r->config.max_age.us = max_age;
	r->config.mode = mode;
	r->netns = netns;
	r->runtime = runtime;
	snprintf(r->reason, sizeof(r->reason), "%s", reason);
	json_array_foreach(devs, i, dev)
		if (r->config.n_devs < BMC_MAX_DEVS)
			read_dev(r, dev);
	json_decref(o);
	return true;
}

void runfile_remove(void)
{
	unlink(BMC_RUN_FILE);
	unlink(LOCK_FILE);
	rmdir(BMC_RUN_DIR);
}

/* ---- the network namespace ------------------------------------------------------------------------------ */

static bool enter(const char *path, uint64_t inode)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	bool done;

	if (fd < 0)
		return false;
	done = !fstat(fd, &st) && st.st_ino == inode && !setns(fd, CLONE_NEWNET);
	close(fd);
	return done;
}

static bool enter_of(pid_t pid, uint64_t inode)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	return pid > 0 && enter(path, inode);
}

/* One of those that "ip netns" knows. */
static bool enter_named(uint64_t inode)
{
	DIR *d = opendir(NETNS_DIR);
	bool done = false;
	struct dirent *de;
	char path[300];

	while (d && !done && (de = readdir(d))) {
		snprintf(path, sizeof(path), NETNS_DIR "/%s", de->d_name);
		done = *de->d_name != '.' && enter(path, inode);
	}
	if (d)
		closedir(d);
	return done;
}

int runfile_enter_netns(const struct bmc_runfile *r, pid_t server)
{
	if (netns_inode() == r->netns || enter_of(runfile_daemon(), r->netns) ||
	    enter_of(server, r->netns) || enter_named(r->netns))
		return 0;
	return refuse("the accelerator was started in another network namespace (inode %" PRIu64 "), "
		      "which cannot be found: give it (\"rexctl --netns NAME bmc ...\")", r->netns);
}
