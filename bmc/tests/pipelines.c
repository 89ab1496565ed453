// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pipelines over TCP while a test kills, stops and replaces processes, until a SIGTERM; then reports.
 *
 *	bmc-pipelines ADDRESS PORT CONNECTIONS [warm]
 *
 * Each connection changes keys of its own and reads those of all, up to DEPTH commands at a time, cut
 * anywhere. No key changes while another connection reads it, so every byte of a reply is known
 * before. A connection that ends while memcached lives is lost. When memcached died, all have ended, each
 * somewhere in the replies to what it had asked: what has come of them must be right. The next memcached
 * has nothing, or with "warm" (its option -e) all of which is known that it was stored.
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mc/conn.h"
#include "mc/random.h"

#define CONNECTIONS	256
#define KEYS		8		/* of each connection */
#define DEPTH		12
#define VALUE		1200
#define TEXT		(DEPTH * (KEYS * 16 + VALUE + 128))
#define REPLY		(DEPTH * 3 * (VALUE + 64))
#define PAUSE_US	10000		/* an emulated machine does little else otherwise */
#define PATIENCE_MS	20000
#define TRIES		3

enum { NONE = 0, UNKNOWN = -1 };	/* instead of a version */

struct conn {
	int fd;
	char text[TEXT], want[REPLY];
	size_t text_len, want_len, got;
	bool wrote[KEYS];		/* in this batch */
	unsigned int commands;
	int version[KEYS];		/* of the values that its keys have */
	int last[KEYS];
};

static struct conn *conns;
static unsigned int n_conns;
static union mc_addr server;
static bool warm;
static char server_pid[64];
static uint64_t rng = 1;
static volatile sig_atomic_t stop;
static unsigned long commands, batches, servers, cut, lost, wrong;

static void on_term(int sig)
{
	(void)sig;
	stop = 1;
}

static uint32_t below(uint32_t n)
{
	rng++;
	return (mix64(rng) >> 32) * n >> 32;
}

__attribute__((format(printf, 3, 4))) static void add(char *to, size_t *len, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	*len += vsprintf(to + *len, format, ap);
	va_end(ap);
}

static uint32_t value_len(unsigned int c, unsigned int k, int version)
{
	uint64_t random = mix64(c * 1000003ULL + k * 10007 + version);

	return random % 4 ? random / 4 % 100 : random / 4 % VALUE;
}

static void add_value(char *to, size_t *len, unsigned int c, unsigned int k, int version)
{
	uint32_t n = value_len(c, k, version);

	for (uint32_t i = 0; i < n; i++)
		to[(*len)++] = 'a' + (version + i * (k + 1) + c) % 26;
	add(to, len, "\r\n");
}

static void add_set(struct conn *c, unsigned int k)
{
	unsigned int me = c - conns;

	c->version[k] = ++c->last[k];
	c->wrote[k] = true;
	add(c->text, &c->text_len, "set k%u.%u %u 0 %u\r\n", me, k, me, value_len(me, k, c->version[k]));
	add_value(c->text, &c->text_len, me, k, c->version[k]);
	add(c->want, &c->want_len, "STORED\r\n");
}

static void add_delete(struct conn *c, unsigned int k)
{
	add(c->text, &c->text_len, "delete k%u.%u\r\n", (unsigned int)(c - conns), k);
	add(c->want, &c->want_len, c->version[k] == NONE ? "NOT_FOUND\r\n" : "DELETED\r\n");
	c->version[k] = NONE;
	c->wrote[k] = true;
}

static void add_expected(struct conn *c, unsigned int of, unsigned int k)
{
	int version = conns[of].version[k];

	if (version == NONE)
		return;
	add(c->want, &c->want_len, "VALUE k%u.%u %u %u\r\n", of, k, of, value_len(of, k, version));
	add_value(c->want, &c->want_len, of, k, version);
}

static void add_get(struct conn *c, unsigned int of)
{
	unsigned int n = below(6) ? 1 : 2 + below(2), k = below(KEYS);

	add(c->text, &c->text_len, "get");
	for (; n; n--, k = (k + 1) % KEYS) {
		if (conns[of].version[k] == UNKNOWN)
			continue;
		add(c->text, &c->text_len, " k%u.%u", of, k);
		add_expected(c, of, k);
	}
	/* one that is never there, so that there is a key */
	if (c->text[c->text_len - 1] == 't')
		add(c->text, &c->text_len, " none");
	add(c->text, &c->text_len, "\r\n");
	add(c->want, &c->want_len, "END\r\n");
}

static void add_mg(struct conn *c, unsigned int of)
{
	unsigned int k = below(KEYS);
	int version = conns[of].version[k];

	if (version == UNKNOWN)
		return add_get(c, of);
	add(c->text, &c->text_len, "mg k%u.%u v f\r\n", of, k);
	if (version == NONE)
		return add(c->want, &c->want_len, "EN\r\n");
	add(c->want, &c->want_len, "VA %u f%u\r\n", value_len(of, k, version), of);
	add_value(c->want, &c->want_len, of, k, version);
}

/* @writes: of its own keys, which nobody else reads now. */
static void make_batch(struct conn *c, bool writes)
{
	unsigned int me = c - conns, n = below(3) ? 1 + below(3) : 1 + below(DEPTH), k;

	c->text_len = c->want_len = c->got = 0;
	memset(c->wrote, 0, sizeof(c->wrote));
	for (c->commands = 0; c->commands < n; c->commands++) {
		k = below(KEYS);
		switch (below(8)) {
		case 0: case 1:
			if (writes)
				add_set(c, k);
			else
				add_mg(c, below(n_conns));
			break;
		case 2:
			if (writes && c->version[k] != UNKNOWN && below(4) == 0)
				add_delete(c, k);
			else if (writes && c->version[k] == UNKNOWN)
				add_set(c, k);
			else
				add_mg(c, writes ? me : below(n_conns));
			break;
		case 3:
			add(c->text, &c->text_len, "mn\r\n");
			add(c->want, &c->want_len, "MN\r\n");
			break;
		default:
			add_get(c, writes ? me : below(n_conns));
		}
	}
}

/* In one to three parts. What cannot be sent will not be answered. */
static void send_batch(struct conn *c)
{
	unsigned int parts = below(3) ? 1 : 2 + below(2);
	size_t at = 0, end;

	for (; parts; parts--) {
		end = parts == 1 ? c->text_len : at + below(c->text_len - at);
		if (end > at && mc_send(c->fd, c->text + at, end - at))
			return;
		at = end;
	}
}

static bool asks_pid(char *pid)
{
	int fd = mc_connect(&server, SOCK_STREAM, PATIENCE_MS), err;

	if (fd < 0)
		return false;
	err = mc_stat(fd, "pid", pid, sizeof(server_pid));
	close(fd);
	return !err;
}

/* Nothing has come for a long time. Whether memcached is as slow to answer a new connection. */
static bool is_stuck(struct conn *c)
{
	char pid[sizeof(server_pid)];
	struct pollfd p = { .fd = c->fd, .events = POLLIN };

	for (int i = 0; i < TRIES; i++)
		if (!asks_pid(pid) || poll(&p, 1, 2000) > 0)
			return false;
	return true;
}

/* What differs, or is too much. */
static void is_wrong(struct conn *c, size_t at, const char *got, size_t n)
{
	wrong++;
	fprintf(stderr, "pipelines: reply of connection %u, byte %zu of %zu: \"%.*s\" instead of \"%.*s\"; asked: %.*s\n",
		(unsigned int)(c - conns), at, c->want_len, n < 60 ? (int)n : 60, got,
		c->want_len - at < 60 ? (int)(c->want_len - at) : 60, c->want + at,
		c->text_len < 300 ? (int)c->text_len : 300, c->text);
}

/* True when the whole reply is there; else the connection has ended. */
static bool read_batch(struct conn *c)
{
	char part[8192];
	ssize_t n;

	while (c->got < c->want_len) {
		n = recv(c->fd, part, sizeof(part), 0);
		if (n < 0 && (errno == EINTR || (errno == EAGAIN && !is_stuck(c))))
			continue;
		if (n <= 0) {
			if (n < 0 && errno == EAGAIN)
				fprintf(stderr, "pipelines: connection %u stands still\n", (unsigned int)(c - conns));
			return false;
		}
		if ((size_t)n > c->want_len - c->got || memcmp(part, c->want + c->got, n)) {
			is_wrong(c, c->got, part, n);
			return false;
		}
		c->got += n;
	}
	commands += c->commands;
	return true;
}

static void open_conn(struct conn *c)
{
	while ((c->fd = mc_connect(&server, SOCK_STREAM, PATIENCE_MS)) < 0 && !stop)
		usleep(5000);
}

/* To the memcached that is there now. False: there has been none until the end. */
static bool find_server(void)
{
	while (!asks_pid(server_pid)) {
		if (stop)
			return false;
		usleep(5000);
	}
	servers++;
	return true;
}

/* Some connections have ended: by a death of memcached? */
static void recover(bool *ended)
{
	char before[sizeof(server_pid)];
	bool died;

	strcpy(before, server_pid);
	if (!find_server())
		return;
	died = strcmp(before, server_pid);
	servers -= !died;
	for (struct conn *c = conns; c < conns + n_conns; c++) {
		if (!ended[c - conns] && !died)
			continue;
		*(died ? &cut : &lost) += 1;
		for (unsigned int k = 0; k < KEYS; k++)
			if (died && !warm)
				c->version[k] = NONE;
			else if (ended[c - conns] && c->wrote[k])
				c->version[k] = UNKNOWN;
		close(c->fd);
		open_conn(c);
	}
}

static void run(void)
{
	bool ended[CONNECTIONS], any;
	struct conn *c;

	for (batches = 0; !stop; batches++) {
		for (c = conns; c < conns + n_conns; c++) {
			make_batch(c, batches % 3 == 0);
			send_batch(c);
		}
		any = false;
		for (c = conns; c < conns + n_conns; c++)
			any |= ended[c - conns] = !read_batch(c);
		if (any)
			recover(ended);
		usleep(PAUSE_US);
	}
}

int main(int argc, char **argv)
{
	struct sigaction act = { .sa_handler = on_term };

	n_conns = argc > 3 ? atoi(argv[3]) : 0;
	if (!n_conns || n_conns > CONNECTIONS || !mc_addr_set(&server, argv[1], atoi(argv[2]))) {
		fputs("usage: bmc-pipelines ADDRESS PORT CONNECTIONS [warm]\n", stderr);
		return 64;
	}
	warm = argc > 4;
	conns = calloc(n_conns, sizeof(*conns));
	if (!conns || sigaction(SIGTERM, &act, NULL) || !find_server())
		return 1;
	for (struct conn *c = conns; c < conns + n_conns; c++) {
		/* what an earlier load has left */
		for (unsigned int k = 0; k < KEYS; k++)
			c->version[k] = UNKNOWN;
		open_conn(c);
	}
	run();
	printf("commands %lu batches %lu servers %lu cut %lu lost %lu wrong %lu\n", commands, batches, servers,
	       cut, lost, wrong);
	return lost || wrong;
}
