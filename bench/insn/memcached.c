// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "counted.h"
#include "insn.h"
#include "mc/conn.h"
#include "memcached.h"

static int server_connect(int type, unsigned int port)
{
	union mc_addr to;
	int fd;

	mc_addr_set(&to, SERVER, port);
	fd = mc_connect(&to, type, 5000);
	if (fd < 0)
		die("cannot connect to memcached: %s", strerror(errno));
	return fd;
}

/* One call each way, as in server_get(): what the client does is counted, too. */
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
		fd = server_connect(SOCK_STREAM, MC_PORT);
	exchange(fd, text, mc_build_set(text, key, strlen(key), 0, value_bytes(len), len));
}

void server_get(const char *key)
{
	static int fd = -1;
	uint8_t request[MC_FRAME_LEN + MC_HEAD_MAX], reply[MAX_FRAME];
	ssize_t len = mc_build_get(request, 1, key, strlen(key));

	if (fd < 0)
		fd = server_connect(SOCK_DGRAM, MC_PORT);
	if (send(fd, request, len, 0) != len || recv(fd, reply, sizeof(reply), 0) < 20)
		die("a GET failed");
}

unsigned int server_count_sets(unsigned int port, size_t value_len)
{
	char text[MAX_FRAME], key[32];
	int fd = server_connect(SOCK_STREAM, port);
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < SETS; i++) {
		uint64_t start, ns;
		size_t len;

		sprintf(key, "key-of-a-set%04d", i);
		len = mc_build_set(text, key, strlen(key), 0, value_bytes(value_len), value_len);
		exchange(fd, text, len);
		if (port == MC_PORT)
			server_get(key);	/* into the cache, if there is one */
		start = now_ns();
		exchange(fd, text, len);
		ns = now_ns() - start;
		if (ns < least)
			least = ns;
	}
	close(fd);
	return least;
}
