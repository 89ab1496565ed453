// SPDX-License-Identifier: GPL-2.0-only
/* Sockets in the two namespaces of the lab. */
#include <errno.h>
#include <linux/sockios.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "cases.h"
#include "mc/conn.h"

void enter(bool server)
{
	const char *name = server ? "rex-server" : "rex-client";

	if (mc_enter(name))
		fail("network namespace %s: %s (is the lab up?)", name, strerror(errno));
}

int dial(enum where where)
{
	static const char *const address[WHERES] = {
		SERVER4, SERVER6, SERVER4, SERVER6, "127.0.0.1", "::1", "127.0.0.1", "::1",
	};
	union mc_addr to;
	int fd;

	enter(where >= LOCAL_TCP4);
	mc_addr_set(&to, address[where], PORT);
	fd = mc_connect(&to, is_udp(where) ? SOCK_DGRAM : SOCK_STREAM, 5000);
	if (fd < 0)
		fail("cannot connect to %s: %s", address[where], strerror(errno));
	return fd;
}

void send_all(int fd, struct text t)
{
	if (mc_send(fd, t.bytes, t.len))
		fail("cannot send: %s", strerror(errno));
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
	unsigned int datagrams;
	ssize_t n;

	if (mc_ask(fd, ++id, request.bytes, request.len))
		fail("cannot send: %s", strerror(errno));
	n = mc_answer(fd, id, reply, sizeof(reply), &datagrams);
	if (n < 0 && errno != EPROTO)
		fail("no reply to \"%s\" over UDP: %s", text_show(request), strerror(errno));
	if (n < 0 || datagrams != 1)
		fail("the reply to \"%s\" has a wrong frame header", text_show(request));
	return text_bytes(reply, n);
}
