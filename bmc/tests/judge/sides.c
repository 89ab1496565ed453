// SPDX-License-Identifier: GPL-2.0-only
/* Sockets in the namespaces of the two sides, damage on the way between them, drops. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "world.h"

static const char *ns[2];		/* client, server; NULL: ours */
static union mc_addr address, address6;

void net_init(const char *server_ns, const char *client_ns, const char *text, const char *text6,
	      int port)
{
	ns[0] = client_ns;
	ns[1] = server_ns;
	if (!mc_addr_set(&address, text, port) || address.any.sa_family != AF_INET)
		die("\"%s\" is not an IPv4 address", text);
	if (!mc_addr_set(&address6, text6, port) || address6.any.sa_family != AF_INET6)
		die("\"%s\" is not an IPv6 address", text6);
	net_enter(false);
}

void net_enter(bool server)
{
	if (ns[server] && mc_enter(ns[server]))
		die("cannot enter the network namespace \"%s\": %s (are you root?)", ns[server],
		    strerror(errno));
}

int net_socket(enum via via)
{
	bool loop = via == VIA_LOOP || via == VIA_LOOP6 || via == VIA_UDP_LOOP;
	bool six = via == VIA_TCP6 || via == VIA_LOOP6 || via == VIA_UDP6;
	union mc_addr to = six ? address6 : address;
	int fd, err, room = 8 << 20;

	if (loop) {
		mc_addr_set(&to, six ? "::1" : "127.0.0.1", ntohs(address.v4.sin_port));
		net_enter(true);
	}
	fd = mc_connect(&to, via >= VIA_UDP ? SOCK_DGRAM : SOCK_STREAM, 0);
	if (fd >= 0 && via >= VIA_UDP)
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
		if (!ns[side])
			die("netem needs network namespaces of its own");
		net_enter(side);
		snprintf(command, sizeof(command),
			 on ? "tc qdisc add dev %s root %s" : "tc qdisc del dev %s root",
			 side ? "srv0" : "cli0", damage);
		run(command);
	}
	net_enter(false);
}
