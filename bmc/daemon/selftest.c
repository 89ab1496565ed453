// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does the program see what memcached reads? A request to each of its addresses, and a read must have
 * been noted before the answer is here. What is read in another way (TLS in the kernel, another
 * process) fails.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../shared.h"
#include "ask.h"
#include "meta.h"
#include "parts.h"
#include "patience.h"
#include "selftest.h"
#include "server.h"
#include "sockets.h"
#include "why.h"

#define TRIES		100		/* others' requests overwrite the note */
#define PATIENCE_MS	2000

static const char datagram[] = "\0\1\0\0\0\1\0\0version\r\n";

/* One request; @seen: its read was noted while we waited for the answer. 0: answered. */
static int request(int fd, const struct bmc_socket *s, const struct bmc_parts *parts, bool *seen)
{
	const struct bmc_meta *meta = parts->meta;
	const void *text = s->udp ? datagram : "version\r\n";
	size_t len = s->udp ? sizeof(datagram) - 1 : strlen(text);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint64_t before = meta_get(meta->reads);
	int64_t end = now_ms() + PATIENCE_MS;
	char answer[512];

	if (send(fd, text, len, MSG_NOSIGNAL) != (ssize_t)len)
		return 1;
	while (now_ms() < end) {
		int ready = poll(&p, 1, *seen ? 10 : 0);

		*seen |= meta_get(meta->reads) != before;
		if (ready > 0)
			return recv(fd, answer, sizeof(answer), 0) <= 0;
	}
	return 1;
}

static int test_one(const struct bmc_socket *s, const struct bmc_parts *parts)
{
	char text[80];
	bool seen = false;
	int err = 0;

	socket_text(s, text, sizeof(text));
	for (int i = 0; i < TRIES && !seen && !err; i++) {
		int fd = ask_connect(s);

		if (fd < 0)
			return 1;
		err = request(fd, s, parts, &seen);
		close(fd);
	}
	if (err)
		return refuse("no answer from memcached at %s over %s within %d ms", text,
			      s->udp ? "UDP" : "TCP", PATIENCE_MS);
	if (!seen)
		return refuse("self test: memcached answers at %s over %s, but the program does not see it "
			      "read the request; is it TLS in the kernel, MPTCP, or does another process "
			      "read that socket?", text, s->udp ? "UDP" : "TCP");
	return 0;
}

int selftest(const struct bmc_parts *parts, const struct bmc_server *server)
{
	for (size_t i = 0; i < server->n_sockets; i++)
		if (test_one(&server->sockets[i], parts))
			return 1;
	return 0;
}
