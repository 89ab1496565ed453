// SPDX-License-Identifier: GPL-2.0-only
/* memcached's own answers to questions in its text protocol. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/mptcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "ask.h"
#include "patience.h"
#include "server.h"
#include "sockets.h"
#include "why.h"

#ifndef SOL_MPTCP
#define SOL_MPTCP 284
#endif
#define SLICE_MS 50
#define MAX_ANSWER (64u << 20)		/* stats conns: some 200 bytes a connection */

static bool is_any(const struct bmc_socket *s)
{
	const struct in6_addr *a = &s->address;

	return s->v6 ? IN6_IS_ADDR_UNSPECIFIED(a) : !a->s6_addr32[3];
}

static socklen_t to_sockaddr(const struct bmc_socket *s, struct sockaddr_storage *to)
{
	struct sockaddr_in6 *v6 = (void *)to;
	struct sockaddr_in *v4 = (void *)to;

	memset(to, 0, sizeof(*to));
	if (s->v6) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(s->port);
		v6->sin6_addr = is_any(s) ? in6addr_loopback : s->address;
		return sizeof(*v6);
	}
	v4->sin_family = AF_INET;
	v4->sin_port = htons(s->port);
	v4->sin_addr.s_addr = is_any(s) ? htonl(INADDR_LOOPBACK) : s->address.s6_addr32[3];
	return sizeof(*v4);
}

int ask_connect(const struct bmc_socket *s)
{
	const struct timeval patience = { .tv_sec = 2 };
	struct sockaddr_storage to;
	socklen_t len = to_sockaddr(s, &to);
	char text[80];
	int fd;

	fd = socket(to.ss_family, (s->udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
		if (!connect(fd, (void *)&to, len))
			return fd;
	}
	refuse("cannot connect to %s: %s%s", socket_text(s, text, sizeof(text)),
	       errno == EINPROGRESS ? "no answer" : strerror(errno),
	       errno == EINPROGRESS || errno == ENETUNREACH || errno == EADDRNOTAVAIL ?
	       "; connections of a machine with itself need lo (\"ip link set lo up\")" : "");
	if (fd >= 0)
		close(fd);
	return -1;
}

int ask_server(const struct bmc_server *server)
{
	for (size_t i = 0; i < server->n_sockets; i++)
		if (!server->sockets[i].udp)
			return ask_connect(&server->sockets[i]);
	refuse("memcached listens on no TCP port");
	return -1;
}

/* Whether a client that can speaks MPTCP with it: then what is read comes by another way. */
bool ask_is_mptcp(const struct bmc_socket *s)
{
	const struct timeval patience = { .tv_sec = 2 };
	struct mptcp_info info = {};
	struct sockaddr_storage to;
	socklen_t len = to_sockaddr(s, &to), size = sizeof(info);
	int fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_MPTCP);
	bool is;

	if (fd < 0)
		return false;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	is = !connect(fd, (void *)&to, len) &&
	     !getsockopt(fd, SOL_MPTCP, MPTCP_INFO, &info, &size) &&
	     !(info.mptcpi_flags & MPTCP_INFO_FLAG_FALLBACK);
	close(fd);
	return is;
}

/* Whether the last line of @text, which ends there, is not one of several. */
static bool is_whole(const char *text, size_t len)
{
	const char *line;

	if (len < 2 || text[len - 1] != '\n')
		return false;
	line = memrchr(text, '\n', len - 1);
	line = line ? line + 1 : text;
	return strncmp(line, "STAT ", 5) != 0;
}

static void show_start(const char *text, size_t len, char *shown, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < len && i < 40 && n + 8 < size; i++) {
		unsigned char c = text[i];

		if (c == '\r' || c == '\n')
			break;
		n += snprintf(shown + n, size - n, c >= ' ' && c < 127 ? "%c" : "\\x%02x", c);
	}
	shown[n] = '\0';
}

/* Whether there is something to read. */
static bool wait_for_answer(int fd, const struct patience *p)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	while (p && patience_left(p))
		if (poll(&ready, 1, SLICE_MS) > 0)
			return true;
	return !p;
}

static void refuse_answer(const char *command, const char *answer, size_t len, ssize_t n, int err)
{
	char shown[200];

	show_start(answer, len, shown, sizeof(shown));
	if (len)
		refuse("the answer to \"%s\" does not end: \"%s\"", command, shown);
	else if (n < 0 && err != ECONNRESET)
		refuse("no answer to \"%s\" within 2 s", command);
	else
		refuse("the connection was closed without an answer to \"%s\"", command);
}

/* Reads until the answer is whole. */
static char *hear(int fd, const char *command, const struct patience *p)
{
	size_t size = 4096, at = 0;
	char *answer = malloc(size), *grown;
	ssize_t n;

	if (!answer)
		refuse("out of memory");
	while (answer && wait_for_answer(fd, p)) {
		n = recv(fd, answer + at, size - at - 1, 0);
		if (n <= 0) {
			refuse_answer(command, answer, at, n, errno);
			break;
		}
		at += n;
		answer[at] = '\0';
		if (is_whole(answer, at))
			return answer;
		if (at + 1 < size)
			continue;
		grown = size < MAX_ANSWER ? realloc(answer, size * 2) : NULL;
		if (!grown) {
			refuse("the answer to \"%s\" is too long", command);
			break;
		}
		answer = grown;
		size *= 2;
	}
	free(answer);
	return NULL;
}

char *ask_within(int fd, const char *command, const struct patience *p)
{
	size_t len = strlen(command);
	char line[64];

	if (len + 3 > sizeof(line))
		return NULL;
	sprintf(line, "%s\r\n", command);
	if (send(fd, line, len + 2, MSG_NOSIGNAL) != (ssize_t)len + 2) {
		refuse("cannot send \"%s\": %s", command, strerror(errno));
		return NULL;
	}
	return hear(fd, command, p);
}

char *ask(int fd, const char *command)
{
	return ask_within(fd, command, NULL);
}

bool ask_stat(const char *answer, const char *name, char *value, size_t size)
{
	size_t len = strlen(name);

	for (const char *line = answer; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, "STAT ", 5) || strncmp(line + 5, name, len) || line[5 + len] != ' ')
			continue;
		snprintf(value, size, "%.*s", (int)strcspn(line + 6 + len, "\r\n"), line + 6 + len);
		return true;
	}
	return false;
}
