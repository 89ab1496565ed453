// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "fail.h"
#include "mcconn.h"

#define BATCH	32	/* sets on their way at a time */
#define STORED	"STORED\r\n"

int addr_parse(struct sockaddr_in *a, const char *what, const char *text)
{
	char host[64];
	const char *colon = strchr(text, ':');
	unsigned long port = 11211;
	size_t n = colon ? (size_t)(colon - text) : strlen(text);
	char *end;

	*a = (struct sockaddr_in){ .sin_family = AF_INET };
	if (colon) {
		port = strtoul(colon + 1, &end, 10);
		if (*end || end == colon + 1)
			port = 0;
	}
	if (n >= sizeof(host) || !port || port > 65535)
		goto bad;
	memcpy(host, text, n);
	host[n] = 0;
	a->sin_port = htons(port);
	if (inet_pton(AF_INET, host, &a->sin_addr) == 1)
		return 0;
bad:
	return bench_fail(EINVAL, "%s '%s': write an IPv4 address with or without port (10.0.0.1:11211)",
		    what, text);
}

int addr_allowed(const struct sockaddr_in *a)
{
	static const struct { uint32_t net, mask; } ok[] = {
		{ 0x0a000000, 0xff000000 }, { 0xac100000, 0xfff00000 }, { 0xc0a80000, 0xffff0000 },
		{ 0xa9fe0000, 0xffff0000 }, { 0x7f000000, 0xff000000 }, { 0xc6120000, 0xfffe0000 },
	};
	uint32_t ip = ntohl(a->sin_addr.s_addr);
	char text[INET_ADDRSTRLEN];

	for (unsigned int i = 0; i < sizeof(ok) / sizeof(ok[0]); i++)
		if ((ip & ok[i].mask) == ok[i].net)
			return 0;
	inet_ntop(AF_INET, &a->sin_addr, text, sizeof(text));
	return bench_fail(EPERM, "'%s' is a public address; a load generator only talks to private ones (10/8, 172.16/12, 192.168/16, 169.254/16, 127/8, 198.18/15)",
		    text);
}

int mc_connect(const struct sockaddr_in *a)
{
	struct timeval limit = { .tv_sec = 5 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char text[INET_ADDRSTRLEN];
	int err;

	if (fd < 0)
		return bench_fail(errno, "socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (!connect(fd, (const struct sockaddr *)a, sizeof(*a)))
		return fd;
	err = errno;
	close(fd);
	inet_ntop(AF_INET, &a->sin_addr, text, sizeof(text));
	return bench_fail(err, "cannot connect to memcached at %s:%u: %s", text, ntohs(a->sin_port),
		    strerror(err));
}

static int write_all(int fd, const uint8_t *p, size_t n)
{
	while (n) {
		ssize_t w = send(fd, p, n, MSG_NOSIGNAL);

		if (w < 0 && errno != EINTR)
			return bench_fail(errno, "writing to memcached: %s", strerror(errno));
		if (w > 0) {
			p += w;
			n -= w;
		}
	}
	return 0;
}

/* @n times STORED and nothing else must come back. */
static int read_stored(int fd, unsigned int n)
{
	size_t want = n * strlen(STORED), got = 0;
	char buf[BATCH * sizeof(STORED)];

	while (got < want) {
		ssize_t r = recv(fd, buf + got, want - got, 0);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return bench_fail(r ? errno : EPIPE, "reading from memcached: %s",
				    r ? strerror(errno) : "connection closed");
		for (got += r; r; r--)
			if (buf[got - r] != STORED[(got - r) % strlen(STORED)])
				return bench_fail(EPROTO, "memcached answered a set with '%.60s' instead of STORED",
					    (buf[got] = 0, buf));
	}
	return 0;
}

int mc_preload(const struct sockaddr_in *a, const struct keyset *k)
{
	uint8_t *buf = malloc(BATCH * (KEY_MAX + VALUE_MAX + 64)), *p = buf;
	int fd, err = 0;

	if (!buf)
		return bench_fail(ENOMEM, "no memory for the preload buffer");
	fd = mc_connect(a);
	if (fd < 0) {
		free(buf);
		return fd;
	}
	for (uint32_t i = 0; i < k->count && !err; i++) {
		memcpy(p, "set ", 4);
		p += 4;
		p += key_text(k, i, (char *)p);
		p += sprintf((char *)p, " %u 0 %u\r\n", key_flags(k, i), value_len(k, i));
		value_fill(k, i, p);
		p += value_len(k, i);
		memcpy(p, "\r\n", 2);
		p += 2;
		if (i % BATCH == BATCH - 1 || i == k->count - 1) {
			err = write_all(fd, buf, p - buf);
			if (!err)
				err = read_stored(fd, i % BATCH + 1);
			p = buf;
		}
	}
	close(fd);
	free(buf);
	return err;
}

int mc_stat(const struct sockaddr_in *a, const char *name, char *value, size_t size)
{
	static const char request[] = "stats\r\n";
	char buf[16384], want[128], *line;
	size_t got = 0;
	int fd = mc_connect(a), err;

	if (fd < 0)
		return fd;
	err = write_all(fd, (const uint8_t *)request, strlen(request));
	for (buf[0] = 0; !err && !strstr(buf, "END\r\n");) {
		ssize_t r = recv(fd, buf + got, sizeof(buf) - 1 - got, 0);

		if (r <= 0)
			err = bench_fail(EPROTO, "memcached did not finish its 'stats'");
		else
			buf[got += r] = 0;
	}
	close(fd);
	if (err)
		return err;
	snprintf(want, sizeof(want), "STAT %s ", name);
	line = strstr(buf, want);
	if (!line)
		return bench_fail(ENOENT, "memcached's 'stats' has no '%s'", name);
	line += strlen(want);
	snprintf(value, size, "%.*s", (int)strcspn(line, "\r\n"), line);
	return 0;
}
