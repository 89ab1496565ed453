// SPDX-License-Identifier: GPL-2.0-only
/* Sockets in the two namespaces of the lab. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "cases.h"

void enter(bool server)
{
	const char *path = server ? "/run/netns/rex-server" : "/run/netns/rex-client";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET))
		fail("%s: %s (is the lab up?)", path, strerror(errno));
	close(fd);
}

int dial(enum where where)
{
	static const char *const address[WHERES] = {
		SERVER4, SERVER6, SERVER4, SERVER6, "127.0.0.1", "::1", "127.0.0.1", "::1",
	};
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(PORT) };
	bool v6 = strchr(address[where], ':');
	struct timeval timeout = { .tv_sec = 5 };
	int fd, err, one = 1;

	enter(where >= LOCAL_TCP4);
	fd = socket(v6 ? AF_INET6 : AF_INET,
		    (is_udp(where) ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)))
		fail("no socket: %s", strerror(errno));
	inet_pton(v6 ? AF_INET6 : AF_INET, address[where],
		  v6 ? (void *)&in6.sin6_addr : (void *)&in.sin_addr);
	err = v6 ? connect(fd, (void *)&in6, sizeof(in6)) : connect(fd, (void *)&in, sizeof(in));
	if (err)
		fail("cannot connect to %s: %s", address[where], strerror(errno));
	if (!is_udp(where) && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)))
		fail("no TCP_NODELAY: %s", strerror(errno));
	return fd;
}

void send_all(int fd, struct text t)
{
	size_t done = 0;

	while (done < t.len) {
		ssize_t n = send(fd, t.bytes + done, t.len - done, MSG_NOSIGNAL);

		if (n < 0)
			fail("cannot send: %s", strerror(errno));
		done += n;
	}
}

void send_segment(int fd, struct text t)
{
	int left;

	send_all(fd, t);
	/* until the other end has acknowledged it: then the next bytes are a segment of their own */
	for (int i = 0; i < 50000; i++) {
		if (ioctl(fd, SIOCOUTQ, &left))
			fail("SIOCOUTQ: %s", strerror(errno));
		if (!left)
			return;
		sched_yield();
	}
	fail("%d bytes are never acknowledged", left);
}

struct text read_len(int fd, size_t len)
{
	struct text t = text_repeat('\0', len);
	ssize_t n = len ? recv(fd, t.bytes, len, MSG_WAITALL) : 0;

	if (n < 0)
		fail("no reply: %s", strerror(errno));
	t.len = n;
	return t;
}

struct text read_until(int fd, const char *end)
{
	static char bytes[TEXT_MAX];
	size_t end_len = strlen(end), len = 0;

	while (len < end_len || memcmp(bytes + len - end_len, end, end_len)) {
		ssize_t n = recv(fd, bytes + len, TEXT_MAX - len, 0);

		if (n <= 0)
			fail("no more reply after \"%s\": %s", text_show(text_bytes(bytes, len)),
			     n ? strerror(errno) : "closed");
		len += n;
	}
	return text_bytes(bytes, len);
}

struct text ask_udp(int fd, struct text request)
{
	static uint16_t id;
	static char reply[64 << 10];
	uint8_t header[FRAME_LEN] = { ++id >> 8, id, 0, 0, 0, 1 };
	struct iovec iov[] = { { header, FRAME_LEN }, { request.bytes, request.len } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	ssize_t n;

	if (sendmsg(fd, &msg, 0) < 0)
		fail("cannot send: %s", strerror(errno));
	do {
		n = recv(fd, reply, sizeof(reply), 0);
		if (n < 0)
			fail("no reply to \"%s\" over UDP: %s", text_show(request), strerror(errno));
		if (n < FRAME_LEN)
			fail("a reply of %zd bytes", n);
	} while (memcmp(reply, header, 2));
	if (memcmp(reply, header, FRAME_LEN))
		fail("the reply to \"%s\" has a wrong frame header", text_show(request));
	return text_bytes(reply + FRAME_LEN, n - FRAME_LEN);
}
