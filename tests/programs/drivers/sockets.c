// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads, writes and closes sockets in all the ways that sockets.rs looks at, and says for each
 * what is true of it, in the words of that program. What only the kernel knows (sequence numbers)
 * is left out.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static unsigned long netns;

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static void must(bool ok, const char *what)
{
	if (!ok)
		err(1, "%s", what);
}

/* ---- what is true --------------------------------------------------------------------- */

static void say_address(int family, const union address *a)
{
	const unsigned char *byte = a->v6.sin6_addr.s6_addr;
	unsigned char mapped[16] = { [10] = 0xff, 0xff };

	if (family == AF_INET) {
		memcpy(mapped + 12, &a->v4.sin_addr, 4);
		byte = mapped;
	}
	printf(" ");
	for (int i = 0; i < 16; i++)
		printf("%02x", byte[i]);
}

/* With whom connections that are over were: the kernel does not tell any more. */
static union address gone;

static void say_who(const char *what, int fd)
{
	union address local = {}, remote = {};
	socklen_t len = sizeof(local), type_len = sizeof(int), info_len;
	struct tcp_info info = { .tcpi_state = TCP_CLOSE };
	int type;

	must(!getsockname(fd, &local.any, &len), "getsockname");
	len = sizeof(remote);
	if (getpeername(fd, &remote.any, &len))
		remote = gone;
	else
		info.tcpi_state = TCP_ESTABLISHED;
	must(!getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len), "SO_TYPE");
	info_len = sizeof(info);
	if (type == SOCK_STREAM)
		must(!getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &info_len), "TCP_INFO");
	/* The ports of both families are at one place. */
	printf("%s %d %d %d %d %d", what, local.any.sa_family,
	       type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP, info.tcpi_state,
	       ntohs(local.v4.sin_port), ntohs(remote.v4.sin_port));
	say_address(local.any.sa_family, &local);
	say_address(local.any.sa_family, &remote);
	printf(" %lu", netns);
}

static const char *yes(bool is)
{
	return is ? "true" : "false";
}

/* A read that gives @ret of @asked bytes; @text: as far as the program can find it. */
static void said_read(int fd, ssize_t ret, size_t asked, const char *kind, bool named,
		      const char *text, unsigned long app_read, bool found)
{
	say_who("read", fd);
	printf(" ret=%zd asked=%zu kind=%s name=%s text=%.*s read=%lu found=%s\n", ret, asked, kind,
	       yes(named), text ? ret < 0 ? 0 : (int)ret : 1, text ?: "-", app_read, yes(found));
}

static void say_write(int fd, const char *kind, bool named, const struct iovec *iov, int n)
{
	size_t len = 0;

	for (int i = 0; i < n; i++)
		len += iov[i].iov_len;
	say_who("write", fd);
	printf(" len=%zu kind=%s name=%s segments=%d", len, kind, yes(named), n);
	for (int i = 0; i < n; i++)
		printf(" %#lx+%zu", (unsigned long)iov[i].iov_base, iov[i].iov_len);
	printf("\n");
}

static void do_close(int fd)
{
	say_who("close", fd);
	printf("\n");
	close(fd);
}

/* ---- doing ------------------------------------------------------------------------------ */

static char buf[64];

static void do_write(int fd, const char *text)
{
	struct iovec iov = { (void *)text, strlen(text) };

	say_write(fd, "ubuf", false, &iov, 1);
	must(write(fd, text, iov.iov_len) == (ssize_t)iov.iov_len, "write");
}

static void do_writev(int fd, const struct iovec *iov, int n)
{
	say_write(fd, n == 1 ? "ubuf" : "iovec", false, iov, n);
	must(writev(fd, iov, n) > 0, "writev");
}

static void do_sendfile(int fd, const char *text)
{
	int file = memfd_create("text", 0);

	must(file >= 0 && write(file, text, strlen(text)) > 0, "memfd");
	say_who("write", fd);
	printf(" len=%zu kind=other name=false segments=0\n", strlen(text));
	must(sendfile(fd, file, &(off_t){ 0 }, strlen(text)) > 0, "sendfile");
	close(file);
}

static int listener(int family, int type, union address *a)
{
	int fd = socket(family, type, 0);
	socklen_t len = sizeof(*a);

	memset(a, 0, sizeof(*a));
	a->any.sa_family = family;
	if (family == AF_INET)
		a->v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		a->v6.sin6_addr = in6addr_loopback;
	must(fd >= 0 && !bind(fd, &a->any, len) && !getsockname(fd, &a->any, &len), "bind");
	return fd;
}

static void tcp(int family)
{
	static char a[] = "one ", b[] = "two ", c[] = "three";
	struct iovec three[] = { { a, 4 }, { b, 4 }, { c, 5 } }, two[] = { { buf, 3 }, { buf + 3, 9 } };
	const struct linger now = { .l_onoff = 1 };
	union address server, other;
	socklen_t len = sizeof(other);
	int listening = listener(family, SOCK_STREAM, &server), client, fd;

	must(!listen(listening, 1), "listen");
	client = socket(family, SOCK_STREAM, 0);
	must(!connect(client, &server.any, sizeof(server)), "connect");
	fd = accept(listening, NULL, NULL);
	must(fd >= 0, "accept");

	/* The first read of all: what was read is all that there was. Then the rest, and nothing. */
	do_write(client, "hello world");
	said_read(fd, read(fd, buf, 5), 5, "ubuf", false, "hello", 5, false);
	said_read(fd, read(fd, buf + 7, 50), 50, "ubuf", false, " world", 11, false);
	said_read(fd, recv(fd, buf, 50, MSG_DONTWAIT) < 0 ? -errno : 0, 50, "ubuf", false, "", 11,
		  false);
	/* Several ranges each way. */
	do_writev(client, three, 3);
	said_read(fd, readv(fd, two, 2), 12, "iovec", false, NULL, 23, false);
	said_read(fd, read(fd, buf, 50), 50, "ubuf", false, "e", 24, false);
	do_writev(client, three, 1);
	/* Looked at, and thrown away: then nothing was copied. */
	said_read(fd, recv(fd, buf, 2, MSG_PEEK), 2, "ubuf", false, "on", 24, false);
	said_read(fd, recv(fd, buf, 2, MSG_TRUNC), 4, "ubuf", false, NULL, 26, false);
	said_read(fd, read(fd, buf, 50), 50, "ubuf", false, "e ", 28, false);
	do_sendfile(client, "file");
	said_read(fd, read(fd, buf, 50), 50, "ubuf", false, "file", 32, false);
	/* The answer, and the end. */
	do_write(fd, "bye");
	said_read(client, read(client, buf, 50), 50, "ubuf", false, "bye", 3, false);
	must(!shutdown(client, SHUT_WR), "shutdown");
	said_read(fd, read(fd, buf, 50), 50, "ubuf", false, "", 33, false);
	do_close(fd);
	gone = server;
	do_close(client);
	gone = (union address){ .any.sa_family = family };

	/* A connection that was reset, with bytes left to read. */
	client = socket(family, SOCK_STREAM, 0);
	must(!connect(client, &server.any, sizeof(server)), "connect");
	fd = accept(listening, NULL, NULL);
	must(fd >= 0 && !getsockname(client, &other.any, &len), "accept");
	do_write(client, "last");
	must(!setsockopt(client, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), "SO_LINGER");
	do_close(client);
	gone = other;
	said_read(fd, read(fd, buf, 50), 50, "ubuf", false, "last", 4, false);
	do_close(fd);
	gone = (union address){ .any.sa_family = family };
	do_close(listening);
}

static void udp(int family)
{
	static char a[] = "data", b[] = "gram";
	struct iovec two[] = { { a, 4 }, { b, 4 } };
	union address server, other;
	socklen_t len = sizeof(other);
	int fd = listener(family, SOCK_DGRAM, &server), client = listener(family, SOCK_DGRAM, &other);
	bool found = family == AF_INET;	/* where the program looks sockets up */

	say_write(client, "ubuf", true, &(struct iovec){ a, 4 }, 1);
	must(sendto(client, a, 4, 0, &server.any, sizeof(server)) == 4, "sendto");
	said_read(fd, recvfrom(fd, buf, 50, 0, &other.any, &len), 50, "ubuf", true, "data", 0, found);
	must(!connect(client, &server.any, sizeof(server)), "connect");
	do_writev(client, two, 2);
	said_read(fd, read(fd, buf, 50), 50, "ubuf", false, "datagram", 0, found);
	/* Longer than what is asked for: the rest is lost. */
	do_write(client, "datagram");
	said_read(fd, recv(fd, buf, 4, 0), 4, "ubuf", false, "data", 0, found);
	do_close(fd);
	do_close(client);
}

int main(void)
{
	struct stat st;

	must(!stat("/proc/self/ns/net", &st), "/proc/self/ns/net");
	netns = st.st_ino;
	tcp(AF_INET);
	tcp(AF_INET6);
	udp(AF_INET);
	udp(AF_INET6);
	umask(022);
	fflush(stdout);
	return 0;
}
