// SPDX-License-Identifier: GPL-2.0-only
/* Sockets in the namespaces of the two sides, damage on the way between them, drops. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"

static int ns[2] = { -1, -1 };		/* client, server; -1: ours */
static struct sockaddr_in address = { .sin_family = AF_INET };
static struct sockaddr_in6 address6 = { .sin6_family = AF_INET6 };

static int open_ns(const char *name)
{
	char path[256];
	int fd;

	if (!name)
		return -1;
	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die("cannot open the network namespace \"%s\": %s", name, strerror(errno));
	return fd;
}

void net_init(const char *server_ns, const char *client_ns, const char *text, const char *text6,
	      int port)
{
	ns[0] = open_ns(client_ns);
	ns[1] = open_ns(server_ns);
	if (inet_pton(AF_INET, text, &address.sin_addr) != 1)
		die("\"%s\" is not an IPv4 address", text);
	if (inet_pton(AF_INET6, text6, &address6.sin6_addr) != 1)
		die("\"%s\" is not an IPv6 address", text6);
	address.sin_port = address6.sin6_port = htons(port);
	net_enter(false);
}

void net_enter(bool server)
{
	if (ns[server] >= 0 && setns(ns[server], CLONE_NEWNET))
		die("cannot enter a network namespace: %s (are you root?)", strerror(errno));
}

int net_socket(enum via via)
{
	bool loop = via == VIA_LOOP || via == VIA_LOOP6 || via == VIA_UDP_LOOP;
	bool six = via == VIA_TCP6 || via == VIA_LOOP6 || via == VIA_UDP6;
	struct sockaddr_in to = address;
	struct sockaddr_in6 to6 = address6;
	int fd, err, one = 1, room = 8 << 20;

	if (loop) {
		to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		to6.sin6_addr = in6addr_loopback;
		net_enter(true);
	}
	fd = socket(six ? AF_INET6 : AF_INET,
		    (via >= VIA_UDP ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
	if (fd >= 0 && (six ? connect(fd, (struct sockaddr *)&to6, sizeof(to6))
			    : connect(fd, (struct sockaddr *)&to, sizeof(to)))) {
		err = errno;
		close(fd);
		errno = err;
		fd = -1;
	}
	if (fd >= 0 && via < VIA_UDP)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	else if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	err = errno;
	if (loop)
		net_enter(false);
	errno = err;
	return fd;
}

/* Column @name of the line pair "Udp:" of /proc/net/snmp. */
static uint64_t udp_errors(void)
{
	char names[1024], values[1024], *name, *value, *at, *at2;
	uint64_t sum = 0;
	FILE *f = fopen("/proc/thread-self/net/snmp", "re");

	if (!f)
		return 0;
	while (fgets(names, sizeof(names), f) && fgets(values, sizeof(values), f)) {
		if (strncmp(names, "Udp:", 4))
			continue;
		name = strtok_r(names, " \n", &at);
		value = strtok_r(values, " \n", &at2);
		for (; name && value;
		     name = strtok_r(NULL, " \n", &at), value = strtok_r(NULL, " \n", &at2))
			if (!strcmp(name, "RcvbufErrors") || !strcmp(name, "SndbufErrors"))
				sum += strtoull(value, NULL, 10);
	}
	fclose(f);
	f = fopen("/proc/thread-self/net/snmp6", "re");
	while (f && fscanf(f, "%1023s %1023s", names, values) == 2)
		if (!strcmp(names, "Udp6RcvbufErrors") || !strcmp(names, "Udp6SndbufErrors"))
			sum += strtoull(values, NULL, 10);
	if (f)
		fclose(f);
	return sum;
}

uint64_t net_drops(void)
{
	unsigned long long dropped;
	uint64_t sum = udp_errors();
	char line[512];
	FILE *f;

	net_enter(true);
	sum += udp_errors();
	net_enter(false);
	/* backlogs of the CPUs: second column */
	f = fopen("/proc/net/softnet_stat", "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*x %llx", &dropped) == 1)
			sum += dropped;
	if (f)
		fclose(f);
	return sum;
}

static void run(const char *command)
{
	if (system(command))
		die("failed: %s", command);
}

void net_netem(bool on)
{
	static const char damage[] = "netem delay 2ms 2ms loss 1% duplicate 1% reorder 20% 50%";
	char command[256];
	int side;

	for (side = 0; side < 2; side++) {
		if (ns[side] < 0)
			die("netem needs network namespaces of its own");
		net_enter(side);
		snprintf(command, sizeof(command),
			 on ? "tc qdisc add dev %s root %s" : "tc qdisc del dev %s root",
			 side ? "srv0" : "cli0", damage);
		run(command);
	}
	net_enter(false);
}
