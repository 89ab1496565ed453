// SPDX-License-Identifier: GPL-2.0-only
/*
 * Before hits are given, every change that memcached read before the trackers were there must be
 * made. "stats conns" tells the state of each connection; those that were there at first have to
 * be seen once where nothing that was read is still to be done:
 *
 *   conn_read, conn_waiting, conn_swallow, conn_watch, conn_listening: at once.
 *   conn_nread: the value may be complete and the command not carried out, but not any more when
 *     the thread has slept in epoll_wait since.
 *   conn_new_cmd: fresh ones are in it, and those that gave way to others (-R) with commands left.
 *     The latter wait until they can write, which with nothing in the transmit queue is at once:
 *     not while the thread sleeps in epoll_wait.
 *   others: a reply is being written, and commands may be left: ask again.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "bmc.h"

/* One of memcached's, by its number there. */
struct conn {
	int fd;				/* -1: is clean */
	char peer[80], state[80];
	uint16_t local, remote;
	bool waits;			/* new_cmd or nread, with nothing unsent, in the last dump */
};

struct conns {
	struct conn *conn;
	size_t n;
};

/* ---- stats conns ---------------------------------------------------------------------------------- */

static uint16_t port_of(const char *address)
{
	const char *colon = strrchr(address, ':');

	return colon ? atoi(colon + 1) : 0;
}

static struct conn *conn_of(struct conns *c, int fd)
{
	struct conn *grown;

	/* Its lines come together. */
	if (c->n && c->conn[c->n - 1].fd == fd)
		return &c->conn[c->n - 1];
	grown = realloc(c->conn, (c->n + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	c->conn = grown;
	memset(&grown[c->n], 0, sizeof(*grown));
	grown[c->n].fd = fd;
	return &grown[c->n++];
}

static int parse_dump(const char *answer, struct conns *c)
{
	for (const char *line = answer; line && *line; line = strchr(line, '\n')) {
		char key[32], value[80];
		struct conn *conn;
		int fd;

		line += *line == '\n';
		if (sscanf(line, "STAT %d:%31s %79s", &fd, key, value) != 3)
			continue;
		conn = conn_of(c, fd);
		if (!conn)
			return refuse("out of memory");
		if (!strcmp(key, "addr")) {
			strcpy(conn->peer, value);
			conn->remote = port_of(value);
		} else if (!strcmp(key, "listen_addr")) {
			conn->local = port_of(value);
		} else if (!strcmp(key, "state")) {
			strcpy(conn->state, value);
		}
	}
	return 0;
}

static int dump(int fd, struct conns *c)
{
	char *answer = ask(fd, "stats conns");
	int err;

	memset(c, 0, sizeof(*c));
	err = answer ? parse_dump(answer, c) : 1;
	free(answer);
	if (err)
		free(c->conn);
	return err;
}

static bool is(const struct conn *c, const char *state)
{
	return !strcmp(c->state, state);
}

static bool is_clean(const struct conn *c)
{
	return is(c, "conn_read") || is(c, "conn_waiting") || is(c, "conn_swallow") ||
	       is(c, "conn_watch") || is(c, "conn_listening") || is(c, "conn_closed") ||
	       is(c, "conn_closing") || !*c->state;
}

/* ---- threads ---------------------------------------------------------------------------------------- */

#define MAX_THREADS 1024

/* Threads that were seen asleep in their event loop. */
struct sleepers {
	int tid[MAX_THREADS];
	size_t n;
};

/* Threads of the background (LRU, the hash table) have no event loop, and carry out no commands. */
static bool sleeps(pid_t pid, const char *tid)
{
	char path[300], text[64];
	ssize_t n;
	int fd, call;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/syscall", pid, tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n < 0 ? 0 : n] = '\0';
	return sscanf(text, "%d", &call) == 1 &&		/* not "running" */
	       (call == SYS_epoll_wait || call == SYS_epoll_pwait || call == SYS_epoll_pwait2);
}

static void look_at_threads(pid_t pid, struct sleepers *s)
{
	char path[64];
	struct dirent *de;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	d = opendir(path);
	while (d && (de = readdir(d)) && s->n < MAX_THREADS) {
		int tid = atoi(de->d_name);
		size_t i = 0;

		while (i < s->n && s->tid[i] != tid)
			i++;
		if (tid > 0 && i == s->n && sleeps(pid, de->d_name))
			s->tid[s->n++] = tid;
	}
	if (d)
		closedir(d);
}

/* ---- all of it ---------------------------------------------------------------------------------------- */

static const struct conn *find_same(const struct conns *c, const struct conn *old)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->conn[i].fd == old->fd && !strcmp(c->conn[i].peer, old->peer))
			return &c->conn[i];
	return NULL;
}

/* Whether nothing that @c had read is left, if its thread has slept since. */
static bool can_wait(const struct conn *c)
{
	return is(c, "conn_nread") ||
	       (is(c, "conn_new_cmd") && !server_unsent(c->local, c->remote));
}

/* The connection that we ask through, as memcached calls it. */
static void name_own(int fd, char *peer, size_t size)
{
	struct sockaddr_storage name;
	struct sockaddr_in6 *v6 = (void *)&name;
	struct sockaddr_in *v4 = (void *)&name;
	socklen_t len = sizeof(name);
	char text[INET6_ADDRSTRLEN];

	*peer = '\0';
	if (getsockname(fd, (void *)&name, &len))
		return;
	if (name.ss_family == AF_INET6 && inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text)))
		snprintf(peer, size, "tcp6:[%s]:%u", text, ntohs(v6->sin6_port));
	else if (inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text)))
		snprintf(peer, size, "tcp:%s:%u", text, ntohs(v4->sin_port));
}

/* Strikes out those that are clean. Returns one that is not, or NULL. */
static const struct conn *strike_out(struct conns *first, const struct conns *now, const char *own,
				     bool slept)
{
	const struct conn *left = NULL;

	for (size_t i = 0; i < first->n; i++) {
		struct conn *c = &first->conn[i];
		const struct conn *is_now = c->fd < 0 ? NULL : find_same(now, c);
		bool waited = c->waits;

		if (c->fd < 0)
			continue;
		c->waits = is_now && can_wait(is_now);
		if (!is_now || is_clean(is_now) || !strcmp(c->peer, own) ||
		    (slept && waited && c->waits && is(is_now, c->state)))
			c->fd = -1;
		else
			left = c;
		if (is_now)
			strcpy(c->state, is_now->state);
	}
	return left;
}

static int wait_for_conns(const struct bmc_server *server, int fd, int64_t end, struct conns *first)
{
	const struct timespec pause = { .tv_nsec = 2000000 };
	char own[sizeof(first->conn->peer)];
	struct sleepers *s = calloc(1, sizeof(*s));
	const struct conn *left;
	struct conns now;
	bool slept = false;
	int err = s ? 0 : refuse("out of memory");

	name_own(fd, own, sizeof(own));
	while (!err) {
		err = dump(fd, &now);
		if (err)
			break;
		left = strike_out(first, &now, own, slept);
		free(now.conn);
		if (!left)
			break;
		/* Workers and the main thread, each once since that dump. */
		s->n = 0;
		do {
			look_at_threads(server->pid, s);
			slept = s->n > server->threads;
		} while (!slept && now_ms() < end && !nanosleep(&pause, NULL));
		if (now_ms() >= end)
			err = refuse("memcached's connection %d (%s) has commands from before the start "
				     "that it may still carry out (%s): a client that does not read its "
				     "replies, or threads without a pause. End that client, or try again",
				     left->fd, left->peer, left->state);
	}
	free(s);
	return err;
}

int quiesce(const struct bmc_server *server, int timeout_ms)
{
	int64_t end = now_ms() + timeout_ms;
	int fd = ask_server(server), err;
	struct conns first;

	if (fd < 0)
		return 1;
	err = dump(fd, &first);
	if (!err) {
		err = wait_for_conns(server, fd, end, &first);
		free(first.conn);
	}
	close(fd);
	return err;
}
