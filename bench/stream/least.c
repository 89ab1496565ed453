// SPDX-License-Identifier: GPL-2.0-only
/*
 * The least that a server in user space does for a GET over TCP: wait, read, find the line ends,
 * write a reply that was made beforehand, all replies of a read in one write. It parses nothing,
 * looks nothing up and keeps no order but that of the bytes, so no memcached can cost less.
 *
 *	least ADDRESS PORT VALUE-SIZE
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "load.h"

#define READ_SIZE	16384
#define GET_LEN		(4 + KEY_LEN + 2)

static struct load load;
static char *replies;
static size_t reply_len, head_len;

/* Room for the replies to all GETs of a read, with the key still missing in each. */
static int replies_init(void)
{
	size_t n = READ_SIZE / GET_LEN + 1;

	head_len = snprintf(NULL, 0, "VALUE %0*d 0 %u\r\n", KEY_LEN, 0, load.value);
	reply_len = head_len + load.value + 2 + 5;
	replies = malloc(n * reply_len + 1);
	if (!replies)
		return load_fail("no memory");
	for (size_t i = 0; i < n; i++) {
		char *reply = replies + i * reply_len;

		sprintf(reply, "VALUE %0*d 0 %u\r\n", KEY_LEN, 0, load.value);
		memcpy(reply + head_len, load.tail, load.value + 2);
		memcpy(reply + head_len + load.value + 2, "END\r\n", 5);
	}
	return 0;
}

/* GETs of one key of KEY_LEN bytes, whole: the load asks for nothing else here. */
static int serve(int fd)
{
	char bytes[READ_SIZE];
	ssize_t len = read(fd, bytes, sizeof(bytes));
	size_t n = 0;

	if (len <= 0)
		return -1;
	for (char *line = bytes, *end; (end = memchr(line, '\n', bytes + len - line)); line = end + 1)
		memcpy(replies + n++ * reply_len + 6, line + 4, KEY_LEN);
	return n && mc_send(fd, replies, n * reply_len) ? -1 : 0;
}

static int accept_one(int poll, int listener)
{
	struct epoll_event event = { .events = EPOLLIN };
	int one = 1, fd = accept(listener, NULL, NULL);

	if (fd < 0)
		return 0;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	event.data.fd = fd;
	return epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
}

int main(int argc, char **argv)
{
	struct epoll_event event = { .events = EPOLLIN }, events[256];
	int poll = epoll_create1(0), listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	if (argc != 4 || !mc_addr_set(&load.server, argv[1], atoi(argv[2]))) {
		fprintf(stderr, "usage: least ADDRESS PORT VALUE-SIZE\n");
		return 2;
	}
	load.value = atoi(argv[3]);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	event.data.fd = listener;
	if (expect_init(&load) || replies_init())
		return 1;
	if (bind(listener, &load.server.any, sizeof(load.server.v4)) || listen(listener, 4096) ||
	    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event)) {
		perror("least");
		return 1;
	}
	for (;;) {
		int n = epoll_wait(poll, events, 256, -1);

		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;

			if (fd == listener ? accept_one(poll, fd) : serve(fd))
				close(fd);
		}
	}
}
