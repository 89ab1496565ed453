// SPDX-License-Identifier: GPL-2.0-only
/*
 * The least server for ../cprog/cstream.h: what is read is answered before more is read.
 *
 *	stream_server PORT MAX [epoll|blocking|udp|pieces]	MAX: the longest value
 *
 * At IPv6 and IPv4 addresses. With "blocking" each connection has a thread, which reads and writes
 * without poll. With "pieces" replies are written in two. It says "ready" when it listens, and at
 * SIGTERM how many gets and sets it answered.
 */
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include "../cprog/cstream.h"

struct conn {
	int fd;
	bool wants_room, ended;
	char in[16384];
	unsigned int in_len, swallow;
	char *out;
	size_t out_len, out_off, out_size;
};

static unsigned int max_len;
static bool in_pieces;
static volatile unsigned long gets, sets;

static void on_term(int sig)
{
	char text[64];

	(void)sig;
	if (write(1, text, snprintf(text, sizeof(text), "%lu gets %lu sets\n", gets, sets)) < 0)
		_exit(1);
	_exit(0);
}

static void reply(struct conn *c, unsigned int key, bool stored)
{
	size_t need = c->out_len + VAL_LEN + max_len + 2;

	if (need > c->out_size) {
		c->out_size = 2 * need;
		c->out = realloc(c->out, c->out_size);
		if (!c->out)
			err(1, "memory");
	}
	if (stored) {
		memcpy(c->out + c->out_len, STORED, STORED_LEN);
		c->out_len += STORED_LEN;
		__atomic_add_fetch(&sets, 1, __ATOMIC_RELAXED);
	} else {
		c->out_len += put_reply(c->out + c->out_len, key, max_len);
		__atomic_add_fetch(&gets, 1, __ATOMIC_RELAXED);
	}
}

/* Answers whole commands in c->in. */
static void serve(struct conn *c)
{
	unsigned int at = 0, n;
	int key, len = 0;

	for (;;) {
		n = c->in_len - at < c->swallow ? c->in_len - at : c->swallow;
		at += n;
		c->swallow -= n;
		if (n && !c->swallow)
			reply(c, 0, true);
		n = at < c->in_len && c->in[at] == 's' ? SET_LEN : GET_LEN;
		if (c->in_len - at < n)
			break;
		key = get_number(c->in + at + 4, 8);
		if (n == SET_LEN)
			len = get_number(c->in + at + 13, 7);
		if (key < 0 || len < 0 || c->in[at + n - 1] != '\n' ||
		    memcmp(c->in + at, n == SET_LEN ? "set " : "get ", 4))
			errx(1, "no request: %.*s", (int)(c->in_len - at), c->in + at);
		at += n;
		if (n == SET_LEN)
			c->swallow = len + 2;
		else
			reply(c, key, false);
	}
	memmove(c->in, c->in + at, c->in_len - at);
	c->in_len -= at;
}

/* false: the connection is broken */
static bool flush(struct conn *c)
{
	size_t len;
	ssize_t n;

	while (c->out_off < c->out_len) {
		len = c->out_len - c->out_off;
		if (in_pieces && !c->out_off)
			len /= 2;
		n = send(c->fd, c->out + c->out_off, len, MSG_NOSIGNAL);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		c->out_off += n;
	}
	c->out_off = c->out_len = 0;
	return true;
}

/* Reads once and answers; false: it is over. */
static bool turn(struct conn *c)
{
	ssize_t n = recv(c->fd, c->in + c->in_len, sizeof(c->in) - c->in_len, 0);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (!n)
		return false;
	c->in_len += n;
	serve(c);
	return flush(c);
}

static int bound(int family, int type, int port)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(family, type, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (bind(fd, family == AF_INET6 ? (void *)&six : (void *)&four,
		 family == AF_INET6 ? sizeof(six) : sizeof(four)))
		err(1, "port %d", port);
	one = 64;
	setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, &one, sizeof(one));
	if (type != SOCK_DGRAM && listen(fd, 1024))
		err(1, "listen");
	return fd;
}

static void drop(struct conn *c)
{
	close(c->fd);
	free(c->out);
	free(c);
}

static void by_epoll(int four, int six)
{
	struct epoll_event ev = { .events = EPOLLIN }, got[64];
	int ep = epoll_create1(0), i, n, fd, listener[2] = { four, six };
	struct conn *c;

	for (i = 0; i < 2; i++) {
		ev.data.ptr = &listener[i];
		epoll_ctl(ep, EPOLL_CTL_ADD, listener[i], &ev);
	}
	for (;;) {
		n = epoll_wait(ep, got, 64, -1);
		for (i = 0; i < n; i++) {
			c = got[i].data.ptr;
			if ((void *)c == &listener[0] || (void *)c == &listener[1]) {
				fd = accept4(*(int *)c, NULL, NULL, SOCK_NONBLOCK);
				if (fd < 0)
					continue;
				c = calloc(1, sizeof(*c));
				c->fd = fd;
				ev.events = EPOLLIN;
				ev.data.ptr = c;
				epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
				continue;
			}
			if (!(c->out_len ? flush(c) : turn(c))) {
				/* While it is being attached, another process has the socket, too. */
				epoll_ctl(ep, EPOLL_CTL_DEL, c->fd, NULL);
				drop(c);
				continue;
			}
			if (c->wants_room != !!c->out_len) {
				c->wants_room = c->out_len;
				ev.events = c->wants_room ? EPOLLOUT : EPOLLIN;
				ev.data.ptr = c;
				epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &ev);
			}
		}
	}
}

static void *one_conn(void *arg)
{
	struct conn *c = arg;

	while (turn(c))
		;
	drop(c);
	return NULL;
}

static void *by_threads(void *arg)
{
	pthread_attr_t small;
	pthread_t thread;
	struct conn *c;
	int fd;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 65536);
	pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
	while ((fd = accept(*(int *)arg, NULL, NULL)) >= 0) {
		c = calloc(1, sizeof(*c));
		c->fd = fd;
		if (pthread_create(&thread, &small, one_conn, c))
			drop(c);
	}
	err(1, "accept");
}

/* A datagram with one request is answered by one. */
static void *by_datagrams(void *arg)
{
	struct sockaddr_storage from;
	struct conn *c = calloc(1, sizeof(*c));
	socklen_t len;
	ssize_t n;

	c->fd = *(int *)arg;
	for (;;) {
		len = sizeof(from);
		n = recvfrom(c->fd, c->in, sizeof(c->in), 0, (void *)&from, &len);
		if (n <= 0)
			continue;
		c->in_len = n;
		serve(c);
		c->in_len = 0;
		if (sendto(c->fd, c->out, c->out_len, 0, (void *)&from, len) < 0)
			warn("sendto");
		c->out_len = 0;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	bool udp = argc > 3 && !strcmp(argv[3], "udp");
	void *(*serve_all)(void *) = udp ? by_datagrams : by_threads;
	struct rlimit files = { 16384, 16384 };
	int four, six, type = udp ? SOCK_DGRAM : SOCK_STREAM;
	pthread_t thread;

	if (argc < 3)
		errx(1, "usage: stream_server PORT MAX [epoll|blocking|udp|pieces]");
	setrlimit(RLIMIT_NOFILE, &files);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, on_term);
	max_len = atoi(argv[2]);
	four = bound(AF_INET, type, atoi(argv[1]));
	six = bound(AF_INET6, type, atoi(argv[1]));
	puts("ready");
	fflush(stdout);
	in_pieces = argc > 3 && !strcmp(argv[3], "pieces");
	if (argc < 4 || in_pieces || !strcmp(argv[3], "epoll"))
		by_epoll(four, six);
	pthread_create(&thread, NULL, serve_all, &six);
	serve_all(&four);
	return 0;
}
