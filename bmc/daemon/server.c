// SPDX-License-Identifier: GPL-2.0-only
/* Which process serves a port of this network namespace, and on what else it listens. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "server.h"
#include "sockets.h"
#include "why.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* ---- who has them ------------------------------------------------------------------------------ */

/* Calls @see with the inode of each socket that @pid has open, until it says stop. */
static bool each_socket(pid_t pid, bool (*see)(unsigned long inode, void *arg), void *arg)
{
	char path[300], link[64];
	struct dirent *de;
	bool stop = false;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	d = opendir(path);
	while (d && !stop && (de = readdir(d))) {
		unsigned long inode;
		ssize_t len;

		if (*de->d_name == '.')
			continue;
		len = readlinkat(dirfd(d), de->d_name, link, sizeof(link) - 1);
		if (len <= 0)
			continue;
		link[len] = '\0';
		if (sscanf(link, "socket:[%lu]", &inode) == 1)
			stop = see(inode, arg);
	}
	if (d)
		closedir(d);
	return stop;
}

struct on_port {
	const struct bmc_sockets *t;
	uint32_t port;
};

static bool is_on_port(unsigned long inode, void *arg)
{
	const struct on_port *p = arg;
	const struct bmc_socket *s = sockets_find(p->t, inode);

	return s && !s->udp && s->port == p->port;
}

static int find_process(uint32_t port, const struct bmc_sockets *t, pid_t *found)
{
	struct on_port p = { .t = t, .port = port };
	DIR *d = opendir("/proc");
	struct dirent *de;

	*found = 0;
	while (d && (de = readdir(d))) {
		pid_t pid = atoi(de->d_name);

		if (pid <= 0 || !each_socket(pid, is_on_port, &p))
			continue;
		if (*found) {
			refuse("processes %d and %d both listen on TCP port %u, and one can be watched: "
			       "let one process serve the port, at all addresses",
			       *found, pid, port);
			closedir(d);
			return 1;
		}
		*found = pid;
	}
	if (d)
		closedir(d);
	if (!*found)
		return refuse("no process that is visible here has the socket that listens on TCP port %u; "
			      "memcached must have it itself, and in a PID namespace (a container), "
			      "processes outside are not visible", port);
	return 0;
}

/* ---- what else it has ---------------------------------------------------------------------------- */

struct own {
	const struct bmc_sockets *t;
	struct bmc_server *server;
	bool full;
};

static bool add_own(unsigned long inode, void *arg)
{
	struct own *o = arg;
	struct bmc_server *s = o->server;
	const struct bmc_socket *socket = sockets_find(o->t, inode);

	if (!socket)
		return false;
	for (size_t k = 0; k < s->n_sockets; k++)
		if (s->sockets[k].inode == inode)
			return false;	/* memcached has a copy of its UDP socket for each thread */
	o->full = s->n_sockets == BMC_MAX_SOCKETS;
	if (!o->full)
		s->sockets[s->n_sockets++] = *socket;
	return o->full;
}

struct unix_listeners {
	struct {
		unsigned long inode;
		char path[108];
	} at[256];
	size_t n;
	const char *found;
};

static bool is_unix(unsigned long inode, void *arg)
{
	struct unix_listeners *u = arg;

	for (size_t i = 0; i < u->n; i++)
		if (u->at[i].inode == inode)
			u->found = u->at[i].path;
	return u->found;
}

/* Changes that come by a unix socket are not seen. */
static int check_unix(pid_t pid)
{
	static struct unix_listeners u;
	const unsigned long accepts = 1 << 16;
	char path[64], text[512];
	FILE *f;

	memset(&u, 0, sizeof(u));
	snprintf(path, sizeof(path), "/proc/%d/net/unix", pid);
	f = fopen(path, "re");
	while (f && fgets(text, sizeof(text), f)) {
		unsigned long flags, inode;
		int at = 0;

		if (sscanf(text, "%*s %*s %*s %lx %*s %*s %lu %n", &flags, &inode, &at) != 2 ||
		    !(flags & accepts))
			continue;
		text[strcspn(text, "\n")] = '\0';
		if (u.n == ARRAY_SIZE(u.at)) {	/* look at what there is, and go on with the next */
			if (each_socket(pid, is_unix, &u))
				break;
			u.n = 0;
		}
		u.at[u.n].inode = inode;
		snprintf(u.at[u.n++].path, sizeof(u.at[0].path), "%s", at ? text + at : "");
	}
	if (f)
		fclose(f);
	if (u.found || each_socket(pid, is_unix, &u))
		return refuse("process %d also listens on the unix socket \"%s\": what is changed through "
			      "it cannot be seen. Start memcached without -s, or do without the "
			      "accelerator", pid, u.found);
	return 0;
}

static bool is_loopback(const struct bmc_socket *s)
{
	return s->v6 ? IN6_IS_ADDR_LOOPBACK(&s->address) : s->address.s6_addr[12] == 127;
}

static int find_udp_port(struct bmc_server *s)
{
	for (size_t i = 0; i < s->n_sockets; i++) {
		const struct bmc_socket *sk = &s->sockets[i];

		if (!sk->udp)
			continue;
		if (s->udp_port && s->udp_port != sk->port)
			return refuse("process %d serves UDP on ports %u and %u, and one can be "
				      "accelerated. memcached serves UDP at each port that its option "
				      "-l names, whatever -U is: give -l addresses without ports, or "
				      "all with the same one", s->pid, s->udp_port, sk->port);
		s->udp_port = sk->port;
	}
	return 0;
}

int server_check_udp(const struct bmc_server *s)
{
	bool outside = false;

	for (size_t i = 0; i < s->n_sockets; i++)
		outside |= s->sockets[i].udp && !is_loopback(&s->sockets[i]);
	if (!s->udp_port)
		return refuse("process %d serves no UDP, as is memcached's default, and GETs are answered "
			      "over UDP: start it with -U %u (and -l ADDRESS; keep that port from the "
			      "internet)", s->pid, s->sockets[0].port);
	if (!outside)
		return refuse("process %d serves UDP at loopback addresses only, where no interface "
			      "gets requests: start memcached with -l ADDRESS", s->pid);
	return 0;
}

static int look(uint32_t port, const struct bmc_sockets *t, struct bmc_server *s)
{
	struct own own = { .t = t, .server = s };
	int err = find_process(port, t, &s->pid);

	if (err)
		return err;
	/* First the handle: whatever is read of /proc then, this process ends where we see it. */
	s->pidfd = syscall(SYS_pidfd_open, s->pid, 0);
	if (s->pidfd < 0)
		return refuse("process %d, which served TCP port %u, has gone: %s", s->pid, port,
			      strerror(errno));
	each_socket(s->pid, add_own, &own);
	if (own.full)
		return refuse("process %d listens on more than %d sockets", s->pid, BMC_MAX_SOCKETS);
	err = check_unix(s->pid);
	return err ? err : find_udp_port(s);
}

int server_find(uint32_t port, struct bmc_server *s)
{
	struct bmc_sockets t;
	int err;

	memset(s, 0, sizeof(*s));
	s->pidfd = -1;
	if (!sockets_listen(port))
		return refuse("no process listens on TCP port %u in this network namespace: start memcached "
			      "first (\"ss -ltn\" lists the ports; \"rexctl --netns NAME\" works in "
			      "another namespace)", port);
	err = sockets_read(&t);
	if (err)
		return err;
	err = look(port, &t, s);
	free(t.at);
	if (err)
		server_forget(s);
	return err;
}

void server_forget(struct bmc_server *s)
{
	if (s->pidfd >= 0)
		close(s->pidfd);
	s->pidfd = -1;
	s->pid = 0;
}
