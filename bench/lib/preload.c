// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fail.h"
#include "mc/conn.h"
#include "preload.h"

#define BATCH	32	/* sets on their way at a time */

int addr_parse(struct sockaddr_in *a, const char *what, const char *text)
{
	char host[64];
	const char *colon = strchr(text, ':');
	unsigned long port = MC_PORT;
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

/* Connected over TCP with a 5 s time limit per read and write, or -errno. */
static int server_connect(const struct sockaddr_in *a)
{
	const union mc_addr to = { .v4 = *a };
	int fd = mc_connect(&to, SOCK_STREAM, 5000), err = errno;
	char text[INET_ADDRSTRLEN];

	if (fd >= 0)
		return fd;
	inet_ntop(AF_INET, &a->sin_addr, text, sizeof(text));
	return bench_fail(err, "cannot connect to memcached at %s:%u: %s", text, ntohs(a->sin_port),
			  strerror(err));
}

/* Send @n SETs; each must be answered with STORED. */
static int send_sets(int fd, const char *sets, size_t len, unsigned int n)
{
	if (mc_send(fd, sets, len))
		return bench_fail(errno, "writing to memcached: %s", strerror(errno));
	if (!mc_stored(fd, n))
		return 0;
	if (errno == EPROTO)
		return bench_fail(EPROTO, "memcached did not answer a set with STORED");
	return bench_fail(errno, "reading from memcached: %s",
			  errno == EPIPE ? "connection closed" : strerror(errno));
}

int preload(const struct sockaddr_in *a, const struct keyset *k)
{
	char *buf = malloc(BATCH * (MC_HEAD_MAX + VALUE_MAX)), *p = buf, key[KEY_MAX];
	int fd, err = 0;

	if (!buf)
		return bench_fail(ENOMEM, "no memory for the preload buffer");
	fd = server_connect(a);
	if (fd < 0) {
		free(buf);
		return fd;
	}
	for (uint32_t i = 0; i < k->count && !err; i++) {
		uint8_t value[VALUE_MAX];

		value_fill(k, i, value);
		p += mc_build_set(p, key, key_text(k, i, key), key_flags(k, i), value,
				  value_len(k, i));
		if (i % BATCH == BATCH - 1 || i == k->count - 1) {
			err = send_sets(fd, buf, p - buf, i % BATCH + 1);
			p = buf;
		}
	}
	close(fd);
	free(buf);
	return err;
}

int server_stat(const struct sockaddr_in *a, const char *name, char *value, size_t size)
{
	int fd = server_connect(a), err;

	if (fd < 0)
		return fd;
	err = mc_stat(fd, name, value, size) ? errno : 0;
	close(fd);
	if (err == ENOENT)
		return bench_fail(err, "memcached's 'stats' has no '%s'", name);
	return err ? bench_fail(err, "memcached did not finish its 'stats'") : 0;
}
