// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many connections to stream_server at a time, each with batches of random requests, which are cut
 * at random; every byte that comes back is compared. Some batches end with the connection: by an
 * end of the requests, after which all replies and the server's end must come, or cut off. Some
 * connections read slowly, through a small window, or have pauses.
 *
 *	stream_stress ADDRESS PORT CONNECTIONS BATCHES SEED MAX [DEPTH [hits|gets|any [fastopen]]]
 *
 * hits: just gets that the program answers; gets: no sets; fastopen: the first bytes are in the SYN.
 * After so many batches, or at SIGTERM, what is under way must still come to its end.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include "../cprog/cstream.h"

#define PATIENCE_MS 60000

struct conn {
	int fd, pause;
	bool slow, end, cut;
	char *out, *want;
	size_t out_len, out_off, want_len, want_off, out_size, want_size;
};

static unsigned long state, bytes, answered;
static volatile sig_atomic_t ending;
static unsigned int max_len, depth = 12;
static unsigned long batches;
static bool only_hits, only_gets, fast_open;
static union {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
} address;

static void on_term(int sig)
{
	(void)sig;
	ending = 1;
}

static unsigned int rnd(unsigned int n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 11) % n;
}

static void room(char **buffer, size_t *size, size_t need)
{
	if (need <= *size)
		return;
	*size = 2 * need;
	*buffer = realloc(*buffer, *size);
	if (!*buffer)
		err(1, "memory");
}

static void dial(struct conn *c)
{
	int one = 1, small = 2048;

	c->fd = socket(address.any.sa_family, SOCK_STREAM, 0);
	c->slow = rnd(8) == 0;
	if (c->slow)
		setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (fast_open && setsockopt(c->fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &one, sizeof(one)))
		err(1, "TCP_FASTOPEN_CONNECT");
	if (connect(c->fd, &address.any, sizeof(address)))
		err(1, "connect");
}

static void request(struct conn *c)
{
	bool set = !only_gets && !only_hits && rnd(8) == 0;
	unsigned int key = rnd(100000000), len;

	room(&c->out, &c->out_size, c->out_len + SET_LEN + max_len + 2);
	room(&c->want, &c->want_size, c->want_len + VAL_LEN + max_len + 2);
	if (only_hits || rnd(4))
		key |= 2;	/* a hit */
	if (!set) {
		put_head(c->out + c->out_len, "get", key, 0);
		memcpy(c->out + c->out_len + 12, "\r\n", 2);
		c->out_len += GET_LEN;
		c->want_len += put_reply(c->want + c->want_len, key, max_len);
		return;
	}
	len = rnd(16) ? rnd(200) : rnd(max_len + 1);
	if (len > max_len)
		len = max_len;
	put_head(c->out + c->out_len, "set", key, len);
	c->out_len += SET_LEN;
	fill_value(c->out + c->out_len, key, 0, len);
	c->out_len += len;
	memcpy(c->out + c->out_len, "\r\n", 2);
	c->out_len += 2;
	memcpy(c->want + c->want_len, STORED, STORED_LEN);
	c->want_len += STORED_LEN;
}

static void batch(struct conn *c)
{
	unsigned int n = 1 + rnd(depth);

	c->out_len = c->out_off = c->want_len = c->want_off = 0;
	while (n--)
		request(c);
	c->end = rnd(40) == 0;
	c->cut = !c->end && rnd(60) == 0;
	answered++;
}

static bool over(void)
{
	return ending || answered >= batches;
}

/* Nothing is under way, and nothing will be. */
static bool finished(const struct conn *c)
{
	return over() && c->out_off == c->out_len && c->want_off == c->want_len && !c->end;
}

/* Another connection instead. @rude: it is cut off, with bytes unread, in both directions perhaps. */
static void again(struct conn *c, bool rude)
{
	struct linger now = { .l_onoff = 1 };

	if (rude && rnd(2))
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(c->fd);
	c->out_off = c->out_len = c->want_off = c->want_len = 0;
	c->end = c->cut = false;
	c->fd = -1;
	if (over())
		return;
	dial(c);
	batch(c);
}

static void put(struct conn *c)
{
	size_t left = c->out_len - c->out_off, n = 1 + rnd(rnd(3) ? 40 : 4000);
	ssize_t sent;

	sent = send(c->fd, c->out + c->out_off, n < left ? n : left, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0 && errno != EAGAIN)
		err(1, "send, after %zu of %zu bytes", c->out_off, c->out_len);
	if (sent > 0)
		c->out_off += sent;
	if (c->end && c->out_off == c->out_len)
		shutdown(c->fd, SHUT_WR);
}

static int wrong(const struct conn *c, const char *got, ssize_t n)
{
	printf("WRONG at byte %zu of %zu: got %zd: %.*s\nwanted: %.*s\n", c->want_off, c->want_len, n,
	       n > 0 ? (int)(n < 200 ? n : 200) : 0, got, 200, c->want + c->want_off);
	return 1;
}

static int get(struct conn *c)
{
	static char buf[262144];
	ssize_t n = recv(c->fd, buf, c->slow ? 1 + rnd(3000) : sizeof(buf), MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return 0;
	if (!n && c->end && c->want_off == c->want_len) {
		again(c, false);
		return 0;
	}
	if (n <= 0 || (size_t)n > c->want_len - c->want_off ||
	    memcmp(buf, c->want + c->want_off, n))
		return wrong(c, buf, n);
	c->want_off += n;
	bytes += n;
	if (c->slow && rnd(3) == 0)
		c->pause = rnd(30);
	if (c->cut && rnd(2))
		again(c, true);
	else if (c->want_off == c->want_len && c->out_off == c->out_len && !c->end && !over())
		batch(c);
	return 0;
}

static int stuck(const struct conn *c, int n)
{
	int i;

	for (i = 0; i < n; i++)
		if (c[i].want_off < c[i].want_len || c[i].end)
			printf("STUCK connection %d: %zu of %zu bytes sent, %zu of %zu received%s%s\n", i,
			       c[i].out_off, c[i].out_len, c[i].want_off, c[i].want_len,
			       c[i].slow ? ", slow" : "", c[i].end ? ", at its end" : "");
	return 1;
}

static int run(struct conn *c, int n)
{
	struct pollfd *p = calloc(n, sizeof(*p));
	int i, ret, busy, idle = 0, left;

	for (;;) {
		for (i = left = busy = 0; i < n; i++) {
			left += !finished(&c[i]);
			if (c[i].out_off < c[i].out_len && rnd(2))
				put(&c[i]);
			busy |= c[i].out_off < c[i].out_len || c[i].pause;
			p[i].fd = c[i].pause || finished(&c[i]) ? -1 : c[i].fd;
			c[i].pause -= !!c[i].pause;
			p[i].events = POLLIN;
		}
		if (!left)
			return 0;
		ret = poll(p, n, busy ? 1 : PATIENCE_MS);
		idle = ret ? 0 : idle + (busy ? 1 : PATIENCE_MS);
		if (idle >= PATIENCE_MS)
			return stuck(c, n);
		for (i = 0; ret > 0 && i < n; i++)
			if (p[i].revents && get(&c[i]))
				return 1;
	}
}

int main(int argc, char **argv)
{
	struct rlimit files = { 16384, 16384 };
	struct conn *c;
	int n, i;

	if (argc < 7)
		errx(1, "usage: stream_stress ADDRESS PORT CONNECTIONS BATCHES SEED MAX [DEPTH [hits|gets|any [fastopen]]]");
	setrlimit(RLIMIT_NOFILE, &files);
	signal(SIGTERM, on_term);
	if (inet_pton(AF_INET, argv[1], &address.v4.sin_addr) == 1)
		address.any.sa_family = AF_INET;
	else if (inet_pton(AF_INET6, argv[1], &address.v6.sin6_addr) == 1)
		address.any.sa_family = AF_INET6;
	address.v4.sin_port = htons(atoi(argv[2]));
	n = atoi(argv[3]);
	batches = strtoul(argv[4], NULL, 0);
	state = strtoul(argv[5], NULL, 0) * 2654435761u + 1;
	max_len = atoi(argv[6]);
	if (argc > 7)
		depth = atoi(argv[7]);
	only_hits = argc > 8 && !strcmp(argv[8], "hits");
	only_gets = argc > 8 && !strcmp(argv[8], "gets");
	fast_open = argc > 9 && !strcmp(argv[9], "fastopen");
	c = calloc(n, sizeof(*c));
	for (i = 0; i < n; i++) {
		dial(&c[i]);
		batch(&c[i]);
	}
	if (run(c, n))
		return 1;
	printf("ok: %lu batches, %lu bytes compared\n", answered, bytes);
	return 0;
}
