// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fail.h"
#include "mc.h"
#include "sock.h"

static int sock_send(struct wire *w, const struct request *r, unsigned int n)
{
	struct sock *s = w->ctx;
	uint8_t out[MC_FRAME_LEN + 4 + KEY_MAX + 2];
	char key[KEY_MAX];

	for (unsigned int i = 0; i < n; i++) {
		uint32_t len = mc_build_get(out, r[i].id, key, key_text(w->keys, r[i].key, key));

		if (send(s->fd[r[i].port], out, len, MSG_DONTWAIT) == (ssize_t)len)
			continue;
		if (errno == EAGAIN || errno == ENOBUFS || errno == EINTR)
			return i;
		return bench_fail(errno, "sending to memcached: %s%s", strerror(errno),
			    errno == ECONNREFUSED ? "; is it started with -U?" : "");
	}
	return n;
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
			ssize_t len = recv(s->fd[ev[i].data.u32], s->buf[n], sizeof(s->buf[n]),
					   MSG_DONTWAIT | MSG_TRUNC);

			if (len < 0 && (errno == EAGAIN || errno == EINTR))
				break;
			if (len < 0)
				return bench_fail(errno, "receiving from memcached: %s%s", strerror(errno),
					    errno == ECONNREFUSED ? "; is it started with -U?" : "");
			d[n] = (struct datagram){ .port = ev[i].data.u32, .payload = s->buf[n],
						  .len = len };
			if (len > (ssize_t)sizeof(s->buf[n])) {
				d[n].len = sizeof(s->buf[n]);
				d[n].broken = "datagram too long";
			}
			n++;
		}
	}
	w->more = n == max;
	return n;
}

int sock_open(struct sock *s, const struct sockaddr_in *server, uint32_t ports)
{
	int big = 4 << 20;

	memset(s, 0, sizeof(*s));
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll < 0)
		return bench_fail(errno, "epoll: %s", strerror(errno));
	s->wire = (struct wire){ .client = "socket", .ctx = s, .send = sock_send,
				 .recv = sock_recv };
	for (; s->wire.ports < ports; s->wire.ports++) {
		struct epoll_event ev = { .events = EPOLLIN, .data.u32 = s->wire.ports };
		int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

		if (fd >= 0) {
			/* as much as the system allows; drops would look like lost replies */
			setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &big, sizeof(big));
			setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof(big));
			if (!connect(fd, (const struct sockaddr *)server, sizeof(*server)) &&
			    !epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &ev)) {
				s->fd[s->wire.ports] = fd;
				continue;
			}
		}
		err = bench_fail(errno, "UDP socket to memcached: %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		sock_close(s);
		return err;
	}
	return 0;
}

void sock_close(struct sock *s)
{
	while (s->wire.ports)
		close(s->fd[--s->wire.ports]);
	close(s->epoll);
}
