// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "checksum.h"
#include "conn.h"
#include "proto.h"

#define STORED	"STORED\r\n"

static int fail_with(int err)
{
	errno = err;
	return -1;
}

static int close_failed(int fd)
{
	int err = errno;

	close(fd);
	return fail_with(err);
}

bool mc_addr_set(union mc_addr *a, const char *text, uint16_t port)
{
	memset(a, 0, sizeof(*a));
	a->any.sa_family = strchr(text, ':') ? AF_INET6 : AF_INET;
	a->v4.sin_port = htons(port);		/* that of IPv6 is at the same place */
	return inet_pton(a->any.sa_family, text, a->any.sa_family == AF_INET6 ?
			 (void *)&a->v6.sin6_addr : &a->v4.sin_addr) == 1;
}

int mc_enter(const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (setns(fd, CLONE_NEWNET))
		return close_failed(fd);
	return close(fd);
}

/* The kernel's limit of a read or write, and of a connect() that follows. */
static int set_limit(int fd, int option, unsigned int ms)
{
	const struct timeval limit = { ms / 1000, ms % 1000 * 1000 };

	return setsockopt(fd, SOL_SOCKET, option, &limit, sizeof(limit));
}

int mc_connect(const union mc_addr *to, int type, unsigned int ms)
{
	int fd = socket(to->any.sa_family, type | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0)
		return -1;
	if ((ms && (set_limit(fd, SO_RCVTIMEO, ms) || set_limit(fd, SO_SNDTIMEO, CONNECT_MS))) ||
	    (type == SOCK_STREAM && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on))) ||
	    connect(fd, &to->any, to->any.sa_family == AF_INET ? sizeof(to->v4) : sizeof(to->v6)) ||
	    (ms && set_limit(fd, SO_SNDTIMEO, ms)))
		return close_failed(fd);
	return fd;
}

int mc_send(int fd, const void *bytes, size_t len)
{
	const char *p = bytes;

	while (len) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			p += n;
			len -= n;
		}
	}
	return 0;
}

int mc_stored(int fd, unsigned int n)
{
	size_t want = n * strlen(STORED), got = 0;
	char buf[4096];

	while (got < want) {
		ssize_t r = recv(fd, buf, want - got < sizeof(buf) ? want - got : sizeof(buf), 0);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return r ? -1 : fail_with(EPIPE);
		for (ssize_t i = 0; i < r; i++, got++)
			if (buf[i] != STORED[got % strlen(STORED)])
				return fail_with(EPROTO);
	}
	return 0;
}

int mc_stat(int fd, const char *name, char *value, size_t size)
{
	char buf[16384] = "", want[128], *line;
	size_t got = 0;

	if (mc_send(fd, "stats\r\n", 7))
		return -1;
	while (got < 5 || strcmp(buf + got - 5, "END\r\n")) {
		ssize_t r = recv(fd, buf + got, sizeof(buf) - 1 - got, 0);

		if (r <= 0)
			return fail_with(EPROTO);
		buf[got += r] = '\0';
	}
	snprintf(want, sizeof(want), "STAT %s ", name);
	line = strstr(buf, want);
	if (!line)
		return fail_with(ENOENT);
	line += strlen(want);
	snprintf(value, size, "%.*s", (int)strcspn(line, "\r\n"), line);
	return 0;
}

int mc_ask(int fd, uint16_t id, const void *text, size_t len)
{
	uint8_t head[MC_FRAME_LEN];
	struct iovec iov[] = { { head, sizeof(head) }, { (void *)text, len } };

	mc_frame(head, id);
	return writev(fd, iov, 2) < 0 ? -1 : 0;
}

ssize_t mc_answer(int fd, uint16_t id, void *reply, size_t size, unsigned int *datagrams)
{
	static struct mc_parts parts;
	static uint8_t datagram[64 << 10];
	enum mc_part part = PART_MORE;
	const uint8_t *text;
	unsigned int n = 0;
	size_t len = 0;

	parts = (struct mc_parts){ .bytes = parts.bytes };
	while (part == PART_MORE) {
		ssize_t got = recv(fd, datagram, sizeof(datagram), 0);

		if (got < 0)
			return -1;
		if (got < MC_FRAME_LEN)
			return fail_with(EPROTO);
		if (get16(datagram) != id)
			continue;
		text = datagram;
		len = got;
		part = mc_parts_add(&parts, &text, &len);
		n += got > MC_FRAME_LEN;
	}
	if (part != PART_LAST || get16(datagram + 6))
		return fail_with(EPROTO);
	if (len > size)
		return fail_with(EMSGSIZE);
	memcpy(reply, text, len);
	if (datagrams)
		*datagrams = n;
	return len;
}

uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * UINT64_C(1000000000) + t.tv_nsec;
}
