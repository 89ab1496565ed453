// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sockets of a server. They are borrowed from its process one by one and given to rex.ko;
 * connections that come later inherit the hook from their listener.
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

/* How often a server is looked at that does not accept or read what it has, and how long between. */
#define TRIES		200
#define PAUSE_US	10000

/* ---- words ------------------------------------------------------------------------------------- */

static int parse_stream(const char *const *words, size_t n, struct rex_target *t)
{
	const char *colon = strchr(words[0], ':');
	char pid[16] = "";
	uint64_t value = 0, port;

	(void)n;
	if (!colon || colon - words[0] >= (int)sizeof(pid))
		return rex_word_bad(words[0], "is not PID:PORT");
	memcpy(pid, words[0], colon - words[0]);
	if (*pid && (rex_word_number(pid, INT32_MAX, &value) || !value))
		return rex_word_bad(pid, "is not the number of a process");
	if (rex_word_number(colon + 1, UINT16_MAX, &port) || !port)
		return rex_word_bad(colon + 1, "is not a port");
	t->stream.pid = value;
	t->stream.port = port;
	if (value)
		snprintf(t->name, sizeof(t->name), "%d:%u", t->stream.pid, t->stream.port);
	else
		snprintf(t->name, sizeof(t->name), ":%u", t->stream.port);
	return 0;
}

/* ---- the sockets of a process ------------------------------------------------------------------- */

struct server {
	int pid, pidfd;
	uint16_t port;
	char ports[128];		/* where else it listens, for an error text */
};

struct one {
	int fd;				/* ours */
	int number;			/* the server's */
	int protocol;
	int state;			/* TCP_* */
	uint8_t address[16];
	uint16_t port;
};

static int int_option(int fd, int level, int option)
{
	socklen_t len = sizeof(int);
	int value = -1;

	return getsockopt(fd, level, option, &value, &len) ? -1 : value;
}

static bool tcp_info(int fd, struct tcp_info *info)
{
	socklen_t len = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return !getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &len);
}

static int tcp_state(int fd)
{
	struct tcp_info info;

	return tcp_info(fd, &info) ? info.tcpi_state : -1;
}

/* How many connections of a listener wait to be accepted. */
static unsigned int unaccepted(int fd)
{
	struct tcp_info info;

	return tcp_info(fd, &info) ? info.tcpi_unacked : 0;
}

/* Whether it is a socket of the kinds in question; its local address as IPv6. */
static bool look(struct one *one)
{
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} name = {};
	socklen_t len = sizeof(name);

	one->protocol = int_option(one->fd, SOL_SOCKET, SO_PROTOCOL);
	if ((one->protocol != IPPROTO_TCP && one->protocol != IPPROTO_UDP &&
	     one->protocol != IPPROTO_MPTCP) || getsockname(one->fd, &name.sa, &len))
		return false;
	memset(one->address, 0, sizeof(one->address));
	if (name.sa.sa_family == AF_INET) {
		memset(&one->address[10], 0xff, 2);
		memcpy(&one->address[12], &name.in.sin_addr, 4);
		one->port = ntohs(name.in.sin_port);
	} else if (name.sa.sa_family == AF_INET6) {
		memcpy(one->address, &name.in6.sin6_addr, sizeof(one->address));
		one->port = ntohs(name.in6.sin6_port);
	} else {
		return false;
	}
	one->state = one->protocol == IPPROTO_TCP ? tcp_state(one->fd) : -1;
	return true;
}

static bool is_socket(int dir, const char *name)
{
	char text[16];
	ssize_t len = readlinkat(dir, name, text, sizeof(text));

	return len > 8 && !memcmp(text, "socket:[", 8);
}

/* Each socket of the port, open as ->fd for the time of the call. */
static int each_socket(struct server *s, int (*fn)(const struct one *one, void *data), void *data)
{
	struct one one;
	struct dirent *de;
	char path[32];
	int err = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", s->pid);
	d = opendir(path);
	if (!d)
		return rex_fail(-errno, "cannot look at the sockets of process %d: %s", s->pid,
				rex_strerror(errno));
	while (!err && (de = readdir(d))) {
		if (*de->d_name == '.' || !is_socket(dirfd(d), de->d_name))
			continue;
		one.number = atoi(de->d_name);
		one.fd = syscall(SYS_pidfd_getfd, s->pidfd, one.number, 0);
		if (one.fd < 0 && errno == EBADF)
			continue;	/* closed meanwhile */
		if (one.fd < 0) {
			err = rex_fail(-errno, "cannot take socket %d of process %d: %s", one.number,
				       s->pid, rex_strerror(errno));
			break;
		}
		if (look(&one) && one.port == s->port)
			err = fn(&one, data);
		else if (one.state == TCP_LISTEN && strlen(s->ports) < sizeof(s->ports) - 8)
			sprintf(s->ports + strlen(s->ports), "%s%u", *s->ports ? ", " : "", one.port);
		close(one.fd);
	}
	closedir(d);
	return err;
}

static int server_open(struct server *s, const struct rex_target *t)
{
	*s = (struct server){ .pid = t->stream.pid, .port = t->stream.port };
	s->pidfd = syscall(SYS_pidfd_open, s->pid, 0);
	if (s->pidfd >= 0)
		return 0;
	if (errno == ESRCH)
		return rex_fail(-ESRCH, "there is no process %d", s->pid);
	if (errno == EINVAL || errno == ENOENT)
		return rex_fail(-EINVAL, "%d is a thread; \"ps -o tgid= %d\" prints its process", s->pid,
				s->pid);
	return rex_fail(-errno, "cannot open process %d: %s", s->pid, rex_strerror(errno));
}

/* ---- which stream a server's is ------------------------------------------------------------------ */

/* The one that would be added first: a listener if there is one. */
static int keep_first(const struct one *one, void *data)
{
	struct rex_stream_place *place = data;
	bool listens = one->state == TCP_LISTEN;

	if (place->has_address && (place->is_listener || !listens))
		return 0;
	memcpy(place->address, one->address, sizeof(place->address));
	place->has_address = true;
	place->is_listener = listens;
	return 0;
}

/* A process that is gone, or not ours to look at, is no error yet: who attaches says so. */
static int resolve(struct rex_target *t)
{
	struct server s;
	char path[32];

	if (!t->stream.pid || server_open(&s, t))
		return 0;
	snprintf(path, sizeof(path), "/proc/%d", s.pid);
	t->stream.netns_ino = rex_netns_ino(path);
	each_socket(&s, keep_first, &t->stream);
	close(s.pidfd);
	return 0;
}

static bool is_same(const struct rex_target *wanted, const struct rex_target *is)
{
	const struct rex_stream_place *w = &wanted->stream, *i = &is->stream;

	return w->port == i->port &&
	       (!w->netns_ino || !i->netns_ino || w->netns_ino == i->netns_ino) &&
	       (!w->has_address || !i->has_address ||
		!memcmp(w->address, i->address, sizeof(w->address)));
}

/* ---- attach -------------------------------------------------------------------------------------- */

struct adding {
	const struct attach *a;
	struct nl nl;
	uint32_t id;			/* of the stream; 0: none yet */
	bool listeners;			/* which are added now */
	size_t n_round;
	/* In this round: connections that wait to be accepted, and reset ones with bytes to read. */
	unsigned int unaccepted, unread;
};

static int refused(const struct adding *g, const struct one *one, int err)
{
	const struct rex_stream_place *t = &g->a->target->stream;

	return rex_fail(err, "cannot attach to socket %d of process %d (port %u): %s", one->number, t->pid,
			t->port, nl_reason(&g->nl, err));
}

static int taken(const struct rex_stream_place *t)
{
	return rex_fail(-EBUSY, "port %u of process %d has a program already (\"rexctl status\" shows "
			"which one); detach that first", t->port, t->pid);
}

/* Whether it is to be added; -EEXIST: it has the hook. */
static int check(const struct adding *g, const struct one *one)
{
	const struct rex_stream_place *t = &g->a->target->stream;
	char ulp[16] = "";
	socklen_t len = sizeof(ulp) - 1;

	if (one->protocol == IPPROTO_MPTCP)
		return rex_fail(-EOPNOTSUPP, "socket %d of process %d (port %u) is MPTCP, which a stream "
				"cannot follow; let the server use plain TCP", one->number, t->pid, t->port);
	if (one->protocol == IPPROTO_UDP ||
	    getsockopt(one->fd, IPPROTO_TCP, TCP_ULP, ulp, &len) || !*ulp)
		return 0;
	if (strcmp(ulp, "rex"))
		return rex_fail(-EBUSY, "socket %d of process %d (port %u) is in use by \"%s\" (a TCP ULP); "
				"nothing else can follow it", one->number, t->pid, t->port, ulp);
	if (g->id)
		return -EEXIST;		/* inherited from its listener, or added before */
	return taken(t);
}

/* Connections that are about to end read and write no more. */
static bool is_alive(const struct one *one)
{
	int state = tcp_state(one->fd);

	return one->protocol != IPPROTO_TCP || state == TCP_LISTEN || state == TCP_ESTABLISHED ||
	       state == TCP_SYN_RECV || state == TCP_CLOSE_WAIT;
}

/* A client has reset it, and the server is still to read what came before. */
static bool has_unread(const struct one *one)
{
	int bytes = 0;

	return one->protocol == IPPROTO_TCP && tcp_state(one->fd) == TCP_CLOSE &&
	       !ioctl(one->fd, SIOCINQ, &bytes) && bytes > 0;
}

static int add(struct adding *g, const struct one *one)
{
	int err = check(g, one);

	if (err == -EEXIST)
		return 0;
	if (err)
		return err;
	err = rex_stream_add(&g->nl, g->a->entry, one->fd, &g->id);
	if ((err == -EEXIST && g->id) || (err && !is_alive(one)))
		return 0;
	if (err)
		return err == -EEXIST ? taken(&g->a->target->stream) : refused(g, one, err);
	g->n_round++;
	return 0;
}

static int add_one(const struct one *one, void *data)
{
	struct adding *g = data;
	int err;

	if ((one->state == TCP_LISTEN) != g->listeners)
		return 0;
	if (!is_alive(one)) {
		g->unread += has_unread(one);
		return 0;
	}
	err = add(g, one);
	/* What came before the hook has been accepted when none of its connections wait any more. */
	if (!err && g->listeners)
		g->unaccepted += unaccepted(one->fd);
	return err;
}

static int add_round(struct adding *g, struct server *s)
{
	int err;

	g->n_round = g->unaccepted = g->unread = 0;
	g->listeners = true;
	err = each_socket(s, add_one, g);
	g->listeners = false;
	return err ?: each_socket(s, add_one, g);
}

static int never_read(const struct adding *g, const struct server *s)
{
	if (g->unaccepted)
		return rex_fail(-EAGAIN, "process %d does not accept the connections that wait at port %u "
				"(%u), and they would be missed; try again when it does", s->pid, s->port,
				g->unaccepted);
	return rex_fail(-EAGAIN, "process %d does not read what has come over connections to port %u that "
			"their clients have reset (%u); try again when it does", s->pid, s->port,
			g->unread);
}

/*
 * Listeners first, and all of it again until nothing is new: what a listener got before it had the
 * hook can be seen only when the server has accepted it.
 */
static int add_all(struct adding *g, struct server *s)
{
	int err = add_round(g, s);

	for (int i = 0; !err && (g->n_round || g->unaccepted || g->unread); i++) {
		if (i == TRIES)
			return never_read(g, s);
		if (!g->n_round)
			usleep(PAUSE_US);
		err = add_round(g, s);
	}
	return err;
}

static void undo(struct adding *g)
{
	char text[1024];

	if (!g->id)
		return;
	snprintf(text, sizeof(text), "%s", rex_errmsg());
	if (!rex_stream_end(&g->nl, g->id))
		rex_fail(-1, "%s", text);
	else
		rex_fail(-1, "%s; and stream %u could not be ended: %s", text, g->id,
			 nl_reason(&g->nl, -EIO));
}

static int no_socket(const struct server *s)
{
	return rex_fail(-ENOENT, "process %d has no TCP or UDP socket with local port %u%s%s", s->pid, s->port,
			*s->ports ? "; it listens on " : "", s->ports);
}

/* All sockets of the server: to stream ->id, or to a new one. */
static int add_server(struct adding *g)
{
	struct server s;
	int err = server_open(&s, g->a->target);

	if (err)
		return err;
	err = nl_open(&g->nl, NETLINK_GENERIC);
	if (!err) {
		bool new = !g->id;

		err = genl_resolve(&g->nl, REX_GENL_NAME, NULL);
		if (err)
			rex_fail(err, "rex.ko does not answer: %s", nl_reason(&g->nl, err));
		else
			err = add_all(g, &s);
		if (!err && !g->id)
			err = no_socket(&s);
		if (err && new)
			undo(g);
		nl_close(&g->nl);
	}
	close(s.pidfd);
	return err;
}

static int attach(const struct attach *a)
{
	struct adding g = { .a = a };

	if (!a->target->stream.pid)
		return rex_fail(-EINVAL, "stream needs the server's process: PID:%u", a->target->stream.port);
	return add_server(&g);
}

int rex_stream_rescan(const struct rex_link *link, int pid)
{
	struct rex_target target = link->target;
	const struct attach a = { .target = &target };
	struct adding g = { .a = &a, .id = link->stream.id };

	if (!g.id)
		return rex_fail(-EINVAL, "the link is not of a stream");
	target.stream.pid = pid;
	return add_server(&g);
}

static int detach(const struct rex_link *link)
{
	char text[REX_TARGET_LEN];
	struct nl nl;
	int err = nl_open(&nl, NETLINK_GENERIC);

	if (err)
		return err;
	err = genl_resolve(&nl, REX_GENL_NAME, NULL);
	if (!err)
		err = rex_stream_end(&nl, link->stream.id);
	if (err == -ENOENT)
		err = 0;		/* its sockets are gone */
	if (err)
		rex_fail(err, "cannot detach from \"%s\": %s", rex_link_text(link, text, sizeof(text)),
			 nl_reason(&nl, err));
	nl_close(&nl);
	return err;
}

const struct place rex_place_stream = {
	.args = "PID:PORT", .noun = "socket", .hook = REX_HOOK_STREAM, .max_words = 1,
	.parse = parse_stream, .resolve = resolve, .same = is_same, .attach = attach, .detach = detach,
};
