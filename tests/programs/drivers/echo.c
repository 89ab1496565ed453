// SPDX-License-Identifier: GPL-2.0-only
/*
 * echo tcp|udp|mptcp|mixed|later ADDRESS PORT: a server that sends back what comes. Says "ready" first.
 * mixed: it also listens on 127.0.0.2, by MPTCP. later: from a SIGUSR1 on, when it says "later", by TCP.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

static void *serve(void *arg)
{
	int fd = (intptr_t)arg;
	char bytes[40000];
	ssize_t n, done, sent;

	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		for (done = 0; done < n; done += sent) {
			sent = write(fd, bytes + done, n - done);
			if (sent < 0)
				break;
		}
	close(fd);
	return NULL;
}

static void accept_all(int listener)
{
	pthread_t thread;
	int fd;

	while ((fd = accept(listener, NULL, NULL)) >= 0)
		if (!pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd))
			pthread_detach(thread);
}

static void answer_datagrams(int fd)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	char bytes[2048];
	ssize_t n;

	while ((n = recvfrom(fd, bytes, sizeof(bytes), 0, (void *)&from, &len)) >= 0) {
		sendto(fd, bytes, n, 0, (void *)&from, len);
		len = sizeof(from);
	}
}

static int server(int protocol, const char *address, const char *port)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in in = { .sin_family = AF_INET };
	int v6 = inet_pton(AF_INET6, address, &in6.sin6_addr) == 1;
	int udp = protocol == IPPROTO_UDP, one = 1, fd;

	if (!v6 && inet_pton(AF_INET, address, &in.sin_addr) != 1)
		exit(2);
	in6.sin6_port = in.sin_port = htons(atoi(port));
	fd = socket(v6 ? AF_INET6 : AF_INET, udp ? SOCK_DGRAM : SOCK_STREAM, protocol);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(fd, v6 ? (void *)&in6 : (void *)&in, v6 ? sizeof(in6) : sizeof(in)) ||
	    (!udp && listen(fd, 64))) {
		perror(address);
		exit(1);
	}
	return fd;
}

static void say(const char *text)
{
	puts(text);
	fflush(stdout);
}

static void *listen_later(void *port)
{
	sigset_t usr1;
	int sig, fd;

	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigwait(&usr1, &sig);
	fd = server(IPPROTO_TCP, "127.0.0.2", port);
	say("later");
	accept_all(fd);
	return NULL;
}

static void start_later(char *port)
{
	pthread_t thread;
	sigset_t usr1;

	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &usr1, NULL);
	if (pthread_create(&thread, NULL, listen_later, port))
		exit(1);
}

int main(int argc, char **argv)
{
	int udp, fd;

	if (argc != 4)
		return 2;
	udp = !strcmp(argv[1], "udp");
	fd = server(udp ? IPPROTO_UDP : !strcmp(argv[1], "mptcp") ? IPPROTO_MPTCP : IPPROTO_TCP,
		    argv[2], argv[3]);
	if (!strcmp(argv[1], "mixed"))
		server(IPPROTO_MPTCP, "127.0.0.2", argv[3]);
	if (!strcmp(argv[1], "later"))
		start_later(argv[3]);
	say("ready");
	if (udp)
		answer_datagrams(fd);
	else
		accept_all(fd);
	return 1;
}
