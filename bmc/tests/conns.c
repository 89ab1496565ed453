// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many clients of a memcached, for tests of what "rexctl bmc" makes of them.
 *
 *	bmc-conns hold ADDRESS PORT IDLE USED
 *		Connects IDLE clients that say nothing and USED that have asked something and been
 *		answered; says "ready" and holds them until it is killed.
 *	bmc-conns quiesce PORT IDLE USED MS [proc]
 *		The same, and then quiesce() of bmc/daemon with MS of patience. Says how often it
 *		asked the kernel for its connections, by sock_diag (proc: as if sock_diag were missing) and by
 *		reading /proc/net/tcp, and the result.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../daemon/patience.h"
#include "../daemon/quiesce.h"
#include "../daemon/server.h"
#include "../daemon/settings.h"
#include "../daemon/why.h"

struct mnl_socket;

static unsigned int dumps, readings;
static bool no_diag;

/* The linker puts these in front of what bmc/daemon calls. */
struct mnl_socket *__real_mnl_socket_open2(int bus, int flags);
struct mnl_socket *__wrap_mnl_socket_open2(int bus, int flags)
{
	if (no_diag)
		return NULL;
	dumps++;
	return __real_mnl_socket_open2(bus, flags);
}

FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
	readings += strstr(path, "/net/tcp") != NULL;
	return __real_fopen(path, mode);
}

static int die(const char *what)
{
	fprintf(stderr, "bmc-conns: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* From 127.0.0.1 and up: with many of one address, the kernel looks long for a free port. */
static int connect_to(const struct sockaddr_in *to)
{
	static unsigned int n;
	const struct sockaddr_in from = { .sin_family = AF_INET,
					  .sin_addr.s_addr = htonl(INADDR_LOOPBACK + n++ / 4096) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	if (fd < 0 || setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on)) ||
	    bind(fd, (const void *)&from, sizeof(from)) ||
	    connect(fd, (const void *)to, sizeof(*to)))
		die("cannot connect");
	return fd;
}

static void connect_all(const char *address, int port, int idle, int used)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct rlimit most;
	char answer[64];

	getrlimit(RLIMIT_NOFILE, &most);
	if (most.rlim_max < (rlim_t)idle + used + 64)
		most.rlim_max = idle + used + 64;
	most.rlim_cur = most.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &most))
		die("cannot open that many files");
	if (inet_pton(AF_INET, address, &to.sin_addr) != 1)
		die(address);
	for (int i = 0; i < used; i++) {
		int fd = connect_to(&to);

		if (write(fd, "mn\r\n", 4) != 4 || read(fd, answer, sizeof(answer)) != 4)
			die("no answer");
	}
	for (int i = 0; i < idle; i++)
		connect_to(&to);
}

/* memcached has taken all of them when it says so of the last. */
static int look(int port, int idle, int used, int ms)
{
	struct patience p = { .end = now_ms() + ms };
	struct bmc_server server;
	int64_t start;
	int err;

	connect_all("127.0.0.1", port, idle, used);
	if (server_find(port, &server) || settings_check(&server)) {
		fprintf(stderr, "bmc-conns: %s\n", why());
		return 1;
	}
	sleep(1);
	dumps = readings = 0;
	start = now_ms();
	p.end = start + ms;
	err = quiesce(&server, &p);
	printf("dumps %u readings %u ms %lld: %s\n", dumps, readings, (long long)(now_ms() - start),
	       err ? why() : "done");
	return err;
}

int main(int argc, char **argv)
{
	if (argc == 6 && !strcmp(argv[1], "hold")) {
		connect_all(argv[2], atoi(argv[3]), atoi(argv[4]), atoi(argv[5]));
		puts("ready");
		fflush(stdout);
		pause();
		return 0;
	}
	if (argc >= 6 && !strcmp(argv[1], "quiesce")) {
		no_diag = argc > 6;
		return look(atoi(argv[2]), atoi(argv[3]), atoi(argv[4]), atoi(argv[5]));
	}
	fprintf(stderr, "usage: bmc-conns hold ADDRESS PORT IDLE USED | quiesce PORT IDLE USED MS [proc]\n");
	return 2;
}
