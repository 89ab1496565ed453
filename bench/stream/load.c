// SPDX-License-Identifier: GPL-2.0-only
/*
 * A closed loop over TCP: so many connections, each with one batch of requests outstanding. Every
 * byte of every reply is compared. It also reads what the kernel says of the run time of the
 * threads that it is told to watch, at the first and at the last reply, when nothing is under way.
 */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "load.h"
#include "mc/random.h"

static struct load load = {
	.connections = 1, .pipeline = 1, .keys_per_get = 1, .value = 32, .keys = 100, .count = 1000,
	.hits = 100, .seed = 1,
};

/* ---- requests ---------------------------------------------------------------------------- */

static uint64_t random_state;

static uint32_t below(uint32_t n)
{
	random_state = mix64(random_state);
	return random_state % n;
}

/* A key that is stored, or one that never is. */
static uint32_t pick(void)
{
	return below(100) < load.hits ? below(load.keys) : load.keys + below(load.keys);
}

static size_t write_get(char *to, struct request *r)
{
	size_t len = sprintf(to, "get");

	r->is_set = false;
	for (unsigned int i = 0; i < load.keys_per_get; i++) {
		r->key[i] = pick();
		len += sprintf(to + len, " %0*" PRIu32, KEY_LEN, r->key[i]);
	}
	return len + sprintf(to + len, "\r\n");
}

static size_t write_set(char *to, struct request *r)
{
	size_t len;

	r->is_set = true;
	r->key[0] = below(load.keys);
	len = sprintf(to, "set %0*" PRIu32 " 0 0 %u\r\n", KEY_LEN, r->key[0], load.value);
	memcpy(to + len, load.tail, load.value + 2);
	return len + load.value + 2;
}

/* One batch. */
static int ask(struct conn *c)
{
	static char *bytes;
	size_t len = 0;

	if (!bytes)
		bytes = malloc(load.pipeline * (load.value + KEYS_MAX * (KEY_LEN + 1) + 64));
	if (!bytes)
		return load_fail("no memory");
	for (unsigned int i = 0; i < load.pipeline; i++)
		len += below(100) < load.sets ? write_set(bytes + len, &c->request[i]) :
						write_get(bytes + len, &c->request[i]);
	c->answered = 0;
	expect_begin(&load, &c->expect, &c->request[0]);
	if (mc_send(c->fd, bytes, len))
		return load_fail("cannot send %zu bytes: %s", len, strerror(errno));
	return 0;
}

/* ---- replies ------------------------------------------------------------------------------ */

/* What came. 1: the batch is complete, 0: it is not yet. */
static int take(struct conn *c, const char *bytes, size_t len)
{
	while (len) {
		size_t used;

		if (c->answered == load.pipeline)
			return load_fail("%zu bytes more than was asked for", len);
		used = expect_bytes(&load, &c->expect, bytes, len);
		if (!used)
			return load_fail("a wrong reply to a %s of %0*" PRIu32 ": '%.*s'",
					 c->request[c->answered].is_set ? "set" : "get", KEY_LEN,
					 c->request[c->answered].key[0],
					 (int)(len < 80 ? len : 80), bytes);
		bytes += used;
		len -= used;
		if (expect_done(&c->expect) && ++c->answered < load.pipeline)
			expect_begin(&load, &c->expect, &c->request[c->answered]);
	}
	return c->answered == load.pipeline;
}

static int read_some(struct conn *c)
{
	static char bytes[1 << 18];
	ssize_t len = recv(c->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (len <= 0)
		return load_fail("the server closed a connection%s%s", len ? ": " : "",
				 len ? strerror(errno) : "");
	return take(c, bytes, len);
}

/* ---- the run -------------------------------------------------------------------------------- */

/* @requests in all, in batches, spread over the connections. */
static int drive(struct conn *conns, int poll, uint64_t requests)
{
	uint64_t asked = 0;
	unsigned int busy = 0;

	for (; busy < load.connections && asked < requests; busy++, asked += load.pipeline)
		if (ask(&conns[busy]))
			return -1;
	while (busy) {
		struct epoll_event events[256];
		int n = epoll_wait(poll, events, 256, load.patience_ms);

		if (!n)
			return load_fail("no reply on %u connections", busy);
		for (int i = 0; i < n; i++) {
			struct conn *c = events[i].data.ptr;
			int done = read_some(c);

			if (done < 0)
				return -1;
			if (!done)
				continue;
			if (asked >= requests) {
				busy--;
				continue;
			}
			asked += load.pipeline;
			if (ask(c))
				return -1;
		}
	}
	return 0;
}

static int open_all(struct conn *conns, int poll)
{
	for (unsigned int i = 0; i < load.connections; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.ptr = &conns[i] };

		conns[i].fd = mc_connect(&load.server, SOCK_STREAM, 0);
		conns[i].request = calloc(load.pipeline, sizeof(*conns[i].request));
		if (conns[i].fd < 0 || epoll_ctl(poll, EPOLL_CTL_ADD, conns[i].fd, &event))
			return load_fail("connection %u: %s", i, strerror(errno));
		if (!conns[i].request)
			return load_fail("no memory");
	}
	return 0;
}

/* Stores all keys. */
static int preload(void)
{
	int fd = mc_connect(&load.server, SOCK_STREAM, 0);
	char *bytes = malloc(load.value + 128);
	int err = 0;

	if (fd < 0 || !bytes)
		return load_fail("cannot connect: %s", strerror(errno));
	for (uint32_t key = 0; !err && key < load.keys; key++) {
		size_t len = sprintf(bytes, "set %0*" PRIu32 " 0 0 %u\r\n", KEY_LEN, key, load.value);

		memcpy(bytes + len, load.tail, load.value + 2);
		if (mc_send(fd, bytes, len + load.value + 2) || mc_stored(fd, 1))
			err = load_fail("key %" PRIu32 " is not stored: %s", key, strerror(errno));
	}
	free(bytes);
	close(fd);
	return err;
}

static int run(void)
{
	struct conn *conns = calloc(load.connections, sizeof(*conns));
	int poll = epoll_create1(0);

	if (!conns || poll < 0)
		return load_fail("no memory");
	if (open_all(conns, poll) || drive(conns, poll, load.warm_up) || watch_begin(&load) ||
	    drive(conns, poll, load.count) || watch_end(&load))
		return -1;
	watch_print(&load);
	return 0;
}

/* ---- the command line ------------------------------------------------------------------------ */

enum { OPT_PRELOAD = 256, OPT_WATCH, OPT_WARM_UP };

static const struct argp_option options[] = {
	{ "server", 's', "ADDR", 0, "the server's address (needed)", 1 },
	{ "port", 'p', "N", 0, "its port (default 11211)", 1 },
	{ "preload", OPT_PRELOAD, NULL, 0, "first store all keys", 1 },
	{ "connections", 'c', "N", 0, "connections (default 1)", 2 },
	{ "pipeline", 'P', "N", 0, "requests outstanding on each (default 1)", 2 },
	{ "multi", 'm', "N", 0, "keys per GET (default 1)", 2 },
	{ "value-size", 'v', "BYTES", 0, "of all values (default 32)", 2 },
	{ "keys", 'k', "N", 0, "stored keys (default 100)", 2 },
	{ "hits", 'h', "PERCENT", 0, "GETs of keys that are stored (default 100)", 2 },
	{ "sets", 'w', "PERCENT", 0, "requests that are SETs (default 0)", 2 },
	{ "count", 'n', "N", 0, "requests of the measured run (default 1000)", 3 },
	{ "warm-up", OPT_WARM_UP, "N", 0, "requests before it (default 0)", 3 },
	{ "seed", 'S', "N", 0, "of the choice of keys (default 1)", 3 },
	{ "watch", OPT_WATCH, "NAME=PID", 0, "print the run time of that process's threads per request; 0: of this one", 4 },
	{ 0 }
};

static uint32_t number(struct argp_state *state, const char *text, uint32_t lo, uint32_t hi)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || n < lo || n > hi)
		argp_error(state, "'%s': a number from %u to %u is expected", text, lo, hi);
	return n;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 's': load.address = arg; break;
	case 'p': load.port = number(state, arg, 1, 65535); break;
	case OPT_PRELOAD: load.preload = true; break;
	case 'c': load.connections = number(state, arg, 1, 20000); break;
	case 'P': load.pipeline = number(state, arg, 1, 1024); break;
	case 'm': load.keys_per_get = number(state, arg, 1, KEYS_MAX); break;
	case 'v': load.value = number(state, arg, 0, 1 << 20); break;
	case 'k': load.keys = number(state, arg, 1, 10000000); break;
	case 'h': load.hits = number(state, arg, 0, 100); break;
	case 'w': load.sets = number(state, arg, 0, 100); break;
	case 'n': load.count = number(state, arg, 1, 1000000000); break;
	case OPT_WARM_UP: load.warm_up = number(state, arg, 0, 1000000000); break;
	case 'S': load.seed = number(state, arg, 0, UINT32_MAX); break;
	case OPT_WATCH:
		if (watch_add(&load, arg))
			argp_error(state, "'%s': NAME=PID is expected", arg);
		break;
	case ARGP_KEY_END:
		if (!load.address || !mc_addr_set(&load.server, load.address, load.port))
			argp_error(state, "--server takes the address of a memcached");
		break;
	default: return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options, .parser = parse,
		.doc = "Verified requests over TCP in a closed loop, and what they cost the server's threads.",
	};

	load.port = MC_PORT;
	load.patience_ms = 60000;
	argp_parse(&argp, argc, argv, 0, NULL, &load);
	random_state = load.seed;
	if (expect_init(&load))
		return 1;
	if (load.preload && preload())
		return 1;
	return run() ? 1 : 0;
}
