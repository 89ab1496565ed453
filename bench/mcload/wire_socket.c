// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fail.h"
#include "mc/proto.h"
#include "payload.h"
#include "wire_socket.h"

/*
 * An ICMP error about an earlier request. A closed port ends the run. A host that is temporarily
 * unreachable does not; its requests are lost.
 */
static int icmp_error(int fd, int err, const char *what)
{
	char drop[64];

	while (recv(fd, drop, sizeof(drop), MSG_ERRQUEUE | MSG_DONTWAIT) >= 0)
		;
	if (err == EHOSTUNREACH || err == ENETUNREACH || err == EPROTO || err == EOPNOTSUPP)
		return 0;
	return bench_fail(err, "%s memcached: %s%s", what, strerror(err),
			  err == ECONNREFUSED ? "; is it started with -U?" : "");
}

static int sock_send(struct wire *w, const struct request *r, unsigned int n)
{
	struct sock *s = w->ctx;
	uint8_t out[REPLY_MAX];
	int err;

	for (unsigned int i = 0; i < n; i++) {
		uint32_t len = payload_fill(out, w->keys, &r[i]);

		if (sendto(s->fd[r[i].port], out, len, MSG_DONTWAIT,
			   (struct sockaddr *)&s->server, sizeof(s->server)) == (ssize_t)len)
			continue;
		if (errno == EAGAIN || errno == ENOBUFS || errno == EINTR)
			return i;
		err = icmp_error(s->fd[r[i].port], errno, "sending to");
		return err ? err : (int)i;
	}
	return n;
}

/* Returns 1 with a datagram, 0 without, or -errno. */
static int receive_one(struct sock *s, uint32_t port, uint8_t *buf, struct datagram *d)
{
	struct sockaddr_in from = { 0 };
	socklen_t from_len = sizeof(from);
	ssize_t len = recvfrom(s->fd[port], buf, SOCK_BUF, MSG_DONTWAIT | MSG_TRUNC,
			       (struct sockaddr *)&from, &from_len);

	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (len < 0)
		return icmp_error(s->fd[port], errno, "receiving from");
	*d = (struct datagram){ .port = port, .payload = buf, .len = len };
	if (len > SOCK_BUF) {
		d->len = SOCK_BUF;
		d->broken = "datagram too long";
	}
	if (from.sin_addr.s_addr == s->server.sin_addr.s_addr &&
	    from.sin_port == s->server.sin_port)
		return 1;
	d->origin = from.sin_addr.s_addr == s->server.sin_addr.s_addr ? FROM_PORT : FROM_ADDRESS;
	d->src_ip = ntohl(from.sin_addr.s_addr);
	d->src_port = ntohs(from.sin_port);
	d->dst_ip = 0;
	d->dst_port = s->port[port];
	return 1;
}

static int sock_recv(struct wire *w, struct datagram *d, unsigned int max, bool idle)
{
	struct sock *s = w->ctx;
	struct epoll_event ev[64];
	unsigned int n = 0;
	int ready = epoll_wait(s->epoll, ev, 64, idle ? 1 : 0);

	if (ready < 0)
		return errno == EINTR ? 0 : bench_fail(errno, "epoll: %s", strerror(errno));
	for (int i = 0; i < ready; i++) {
		while (n < max) {
			int got = receive_one(s, ev[i].data.u32, s->buf[n], &d[n]);

			if (got < 0)
				return got;
			if (!got)
				break;
			n++;
		}
	}
	w->more = n == max;
	return n;
}

/* A socket that hears from anybody, so that replies from elsewhere are seen. */
static int open_one(struct sock *s, uint32_t port)
{
	struct sockaddr_in own = { .sin_family = AF_INET };
	struct epoll_event ev = { .events = EPOLLIN, .data.u32 = port };
	socklen_t own_len = sizeof(own);
	int big = 4 << 20, on = 1, err;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return bench_fail(errno, "UDP socket: %s", strerror(errno));
	/* as much as the system allows; drops would look like lost replies */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &big, sizeof(big));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof(big));
	/* a socket that is not connected learns only so that nobody listens there */
	if (setsockopt(fd, SOL_IP, IP_RECVERR, &on, sizeof(on)) ||
	    bind(fd, (struct sockaddr *)&own, sizeof(own)) ||
	    getsockname(fd, (struct sockaddr *)&own, &own_len) ||
	    epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &ev)) {
		err = bench_fail(errno, "UDP socket: %s", strerror(errno));
		close(fd);
		return err;
	}
	s->fd[port] = fd;
	s->port[port] = ntohs(own.sin_port);
	return 0;
}

int sock_open(struct sock *s, const struct sockaddr_in *server, uint32_t ports)
{
	int err;

	memset(s, 0, sizeof(*s));
	s->server = *server;
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll < 0)
		return bench_fail(errno, "epoll: %s", strerror(errno));
	s->wire = (struct wire){ .client = "socket", .ctx = s, .send = sock_send,
				 .recv = sock_recv };
	for (; s->wire.ports < ports; s->wire.ports++) {
		err = open_one(s, s->wire.ports);
		if (err) {
			sock_close(s);
			return err;
		}
	}
	return 0;
}

void sock_close(struct sock *s)
{
	while (s->wire.ports)
		close(s->fd[--s->wire.ports]);
	close(s->epoll);
}
