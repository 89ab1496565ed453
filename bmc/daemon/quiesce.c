// SPDX-License-Identifier: GPL-2.0-only
/*
 * Before hits are given, every change that memcached read before the program was there must be
 * made. "stats conns" shows the state of each connection; those that were there at first have to
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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "ask.h"
#include "patience.h"
#include "quiesce.h"
#include "server.h"
#include "unsent.h"
#include "why.h"

#define PAUSE_MS	2
#define QUICK_LOOKS	4

/* One of memcached's, by its number there. */
struct conn {
	int fd;
	char peer[80], state[80];
	uint16_t local, remote;
	bool clean;
	bool waits;			/* new_cmd or nread, with nothing unsent, in the last dump */
};

struct conns {
	struct conn *conn;		/* by fd */
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
	if (!(c->n & (c->n - 1))) {
		grown = realloc(c->conn, (c->n ? 2 * c->n : 1) * sizeof(*grown));
		if (!grown)
			return NULL;
		c->conn = grown;
	}
	memset(&c->conn[c->n], 0, sizeof(*c->conn));
	c->conn[c->n].fd = fd;
	return &c->conn[c->n++];
}

/* One line, alone: sscanf() looks for the end of the text first, which may be megabytes away. */
static int parse_line(const char *line, struct conns *c)
{
	char key[32], value[80];
	struct conn *conn;
	int fd;

	if (sscanf(line, "STAT %d:%31s %79s", &fd, key, value) != 3)
		return 0;
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
	return 0;
}

static int by_fd(const void *a, const void *b)
{
	const struct conn *x = a, *y = b;

	return (x->fd > y->fd) - (x->fd < y->fd);
}

static int parse_dump(const char *answer, struct conns *c)
{
	char line[160];

	for (const char *end, *at = answer; (end = strchr(at, '\n')); at = end + 1) {
		snprintf(line, sizeof(line), "%.*s", (int)(end - at), at);
		if (parse_line(line, c))
			return 1;
	}
	if (c->n)
		qsort(c->conn, c->n, sizeof(*c->conn), by_fd);
	return 0;
}

static int dump(int fd, struct conns *c, const struct patience *p)
{
	char *answer = ask_within(fd, "stats conns", p);
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

struct quiesce {
	const struct bmc_server *server;
	const struct patience *p;
	int fd;				/* the connection that we ask through */
	char own[80];			/* as memcached calls it */
	struct conns first;		/* those that were there at first */
	struct sleepers sleepers;
	bool slept;			/* all threads, since the last dump */
	unsigned int looks;
	int64_t look_ms;		/* how long the last one took */
	const struct conn *left;	/* one that is not clean */
	bool left_unsent;		/* it has not sent all */
};

static const struct conn *find_same(const struct conns *c, const struct conn *old)
{
	const struct conn *found = c->n ? bsearch(old, c->conn, c->n, sizeof(*old), by_fd) : NULL;

	return found && !strcmp(found->peer, old->peer) ? found : NULL;
}

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

/* Strikes out those that are clean. */
static void strike_out(struct quiesce *q, const struct conns *now, const struct bmc_unsent *unsent)
{
	q->left = NULL;
	for (size_t i = 0; i < q->first.n; i++) {
		struct conn *c = &q->first.conn[i];
		const struct conn *is_now = c->clean ? NULL : find_same(now, c);
		bool waited = c->waits, sent;

		if (c->clean)
			continue;
		sent = is_now && unsent_is_none(unsent, is_now->local, is_now->remote);
		/* Then nothing that it had read is left, if its thread has slept since. */
		c->waits = is_now && (is(is_now, "conn_nread") || (is(is_now, "conn_new_cmd") && sent));
		c->clean = !is_now || is_clean(is_now) || !strcmp(c->peer, q->own) ||
			   (q->slept && waited && c->waits && is(is_now, c->state));
		if (is_now)
			strcpy(c->state, is_now->state);
		if (c->clean)
			continue;
		q->left = c;
		q->left_unsent = !sent;
	}
}

/* One dump of memcached's connections, and then one of the kernel's. */
static int look(struct quiesce *q)
{
	struct bmc_unsent unsent;
	struct conns now;
	int64_t start = now_ms();
	int err = dump(q->fd, &now, q->p);

	if (err)
		return err;
	err = unsent_read(q->server, &unsent);
	if (!err) {
		strike_out(q, &now, &unsent);
		free(unsent.at);
		q->looks++;
	}
	free(now.conn);
	q->look_ms = now_ms() - start;
	return err;
}

/* Until workers and the main thread have slept, each once since the dump. */
static int wait_for_threads(struct quiesce *q)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000 };
	/* memcached answers others, too; a client may hold this up for long. */
	int64_t next = now_ms() + (q->looks > QUICK_LOOKS ? q->look_ms + 10 * PAUSE_MS : 0);

	q->sleepers.n = 0;
	q->slept = false;
	while (!q->slept || now_ms() < next) {
		if (!patience_left(q->p))
			return 1;
		if (!q->slept)
			look_at_threads(q->server->pid, &q->sleepers);
		q->slept |= q->sleepers.n > q->server->threads;
		if (!q->slept || now_ms() < next)
			nanosleep(&pause, NULL);
	}
	return 0;
}

/* Time is up, or somebody said stop. */
static int refuse_quiesce(const struct quiesce *q)
{
	const struct conn *left = q->left;
	const char *what;

	if (!left || now_ms() < q->p->end)
		return refuse_in("memcached's connections could not be looked at");
	if (q->left_unsent || !left->waits)
		what = "a client that does not read its replies. End that client, or try again";
	else if (!q->slept)
		what = "one of memcached's threads never pauses. Try again when there is less load";
	else
		what = "there was no time for a second look. Try again";
	return refuse("memcached's connection %d (%s) has commands from before the start that it may "
		      "still carry out (%s; %u looks at %zu connections): %s", left->fd, left->peer,
		      left->state, q->looks, q->first.n, what);
}

int quiesce(const struct bmc_server *server, const struct patience *p)
{
	struct quiesce *q = calloc(1, sizeof(*q));
	int err;

	if (!q)
		return refuse("out of memory");
	q->server = server;
	q->p = p;
	q->fd = ask_server(server);
	err = q->fd < 0 || dump(q->fd, &q->first, p);
	if (!err) {
		name_own(q->fd, q->own, sizeof(q->own));
		err = look(q);
		while (!err && q->left)
			err = wait_for_threads(q) || look(q);
		if (err)
			refuse_quiesce(q);
		free(q->first.conn);
	}
	if (q->fd >= 0)
		close(q->fd);
	free(q);
	return err;
}
