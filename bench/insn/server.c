// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "insn.h"
#include "packet.h"
#include "server.h"

static int server_connect(int type, unsigned int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(SERVER_IP) };
	struct timeval timeout = { .tv_sec = 5 };
	int fd = socket(AF_INET, type, 0), one = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) ||
	    (type == SOCK_STREAM && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one))) ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)))
		die("cannot connect to memcached: %s", strerror(errno));
	return fd;
}

static size_t make_set(char *to, const char *key, size_t len)
{
	size_t n = sprintf(to, "set %s 0 0 %zu\r\n", key, len);

	for (size_t i = 0; i < len; i++)
		to[n++] = value_byte(i);
	return n + sprintf(to + n, "\r\n");
}

static void exchange(int fd, const char *text, size_t len)
{
	char reply[8];

	if (send(fd, text, len, 0) != (ssize_t)len || recv(fd, reply, 8, MSG_WAITALL) != 8 ||
	    memcmp(reply, "STORED\r\n", 8))
		die("a SET of %zu bytes failed", len);
}

void server_set(const char *key, size_t len)
{
	static int fd = -1;
	char text[MAX_FRAME];

	if (fd < 0)
		fd = server_connect(SOCK_STREAM, PORT);
	exchange(fd, text, make_set(text, key, len));
}

void server_get(const char *key)
{
	static int fd = -1;
	char request[300] = "\0\x01\0\0\0\x01\0", reply[MAX_FRAME];
	size_t len = 8 + sprintf(request + 8, "get %s\r\n", key);

	if (fd < 0)
		fd = server_connect(SOCK_DGRAM, PORT);
	if (send(fd, request, len, 0) != (ssize_t)len || recv(fd, reply, sizeof(reply), 0) < 20)
		die("a GET failed");
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * UINT64_C(1000000000) + t.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

unsigned int server_count_sets(unsigned int port, size_t value_len)
{
	static uint64_t ns[SETS];
	char text[MAX_FRAME], key[32];
	int fd = server_connect(SOCK_STREAM, port);

	for (int i = 0; i < SETS; i++) {
		uint64_t start;
		size_t len;

		sprintf(key, "key-of-a-set%04d", i);
		len = make_set(text, key, value_len);
		exchange(fd, text, len);
		if (port == PORT)
			server_get(key);	/* into the cache, if there is one */
		start = now();
		exchange(fd, text, len);
		ns[i] = now() - start;
	}
	close(fd);
	qsort(ns, SETS, sizeof(*ns), by_size);
	return ns[SETS / 2];
}
