// SPDX-License-Identifier: GPL-2.0-only
/*
 * What trace_helpers.rs looks at: a process of which everything is known. It prints
 * "PROCESS THREAD", and for each line that it then reads does something in the second thread:
 *
 *	open	openat(2) of the text at ADDRESS
 *	send	an UDP datagram to 127.0.0.1, from ADDRESS
 *	reply	the same bytes to a connection of its own port 40009
 *	spin	a tenth of a second in user mode
 *
 * ADDRESS is in the register rsi meanwhile. The byte at SPINS is 1 while "spin" runs nothing but its
 * loop: a sample may also hit the C library. Each line is answered with one: "done", or
 * "signal N THREAD" before it when a handler ran.
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define ADDRESS ((char *)0x70000000)
#define TEXT "/nothing/here"
#define SPINS 64	/* from ADDRESS */

static volatile sig_atomic_t caught, caught_in;

static void on_signal(int sig)
{
	caught = sig;
	caught_in = gettid();
}

static void spin(void)
{
	struct timespec start, now;
	char *text = ADDRESS;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		unsigned long n = 100000;

		asm volatile("movb $1, %c2(%1); 1: dec %0; jnz 1b; movb $0, %c2(%1)"
			     : "+r" (n), "+S" (text) : "i" (SPINS) : "memory");
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - start.tv_sec) * 1000000000L + now.tv_nsec - start.tv_nsec < 100000000);
}

static void deliver(void)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || syscall(SYS_sendto, fd, ADDRESS, sizeof(TEXT), 0, &to, sizeof(to)) < 0)
		err(1, "cannot send");
	close(fd);
}

/* A connection to ourselves, which is accepted; that end of it. */
static int connected(void)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons(40009), .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
	int one = 1, fd;

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, (void *)&at, sizeof(at)) || listen(listener, 1) ||
	    connect(client, (void *)&at, sizeof(at)))
		err(1, "cannot connect");
	fd = accept(listener, NULL, NULL);
	if (fd < 0)
		err(1, "cannot accept");
	return fd;
}

static void *work(void *unused)
{
	int connection = connected();
	char line[16];

	pthread_setname_np(pthread_self(), "tracee-thread");
	printf("%d %d\n", getpid(), gettid());
	while (fgets(line, sizeof(line), stdin)) {
		caught = 0;
		if (!strcmp(line, "open\n"))
			syscall(SYS_openat, AT_FDCWD, ADDRESS, 0);
		else if (!strcmp(line, "send\n"))
			deliver();
		else if (!strcmp(line, "reply\n"))
			syscall(SYS_sendto, connection, ADDRESS, sizeof(TEXT), 0, NULL, 0);
		else if (!strcmp(line, "spin\n"))
			spin();
		else
			errx(1, "cannot do \"%s\"", line);
		if (caught)
			printf("signal %d %d\n", (int)caught, (int)caught_in);
		printf("done\n");
	}
	return unused;
}

int main(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	pthread_t thread;

	setvbuf(stdout, NULL, _IOLBF, 0);
	/* The text ends right before a page that is not there. */
	if (mmap(ADDRESS, 4096, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != ADDRESS)
		err(1, "cannot map memory");
	strcpy(ADDRESS, TEXT);
	strcpy(ADDRESS + 4096 - sizeof(TEXT), TEXT);
	sigaction(SIGUSR1, &action, NULL);
	if (pthread_create(&thread, NULL, work, NULL))
		errx(1, "cannot make a thread");
	pthread_join(thread, NULL);
	return 0;
}
