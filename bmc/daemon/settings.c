// SPDX-License-Identifier: GPL-2.0-only
/* What kind of memcached it is: what could change values unseen is refused. */
#include <cli/cli.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "server.h"
#include "settings.h"
#include "sockets.h"
#include "why.h"

/* The reads and writes that the program relies on are those of this series. */
#define SERIES "1.6."

static int is_on(const char *settings, const char *name)
{
	char value[32];

	return ask_stat(settings, name, value, sizeof(value)) && strcmp(value, "no");
}

static int get_number(const char *settings, const char *name, uint32_t *value)
{
	char text[32];

	if (!ask_stat(settings, name, text, sizeof(text)) || parse_number(text, UINT32_MAX, value))
		return refuse("\"stats\" of the server have no number \"%s\": this is not memcached", name);
	return 0;
}

static int check_values(struct bmc_server *s, const char *settings)
{
	char value[512];
	uint32_t udp;

	if (ask_stat(settings, "domain_socket", value, sizeof(value)) && strcmp(value, "NULL"))
		return refuse("memcached also listens on the unix socket \"%s\": what is changed through it "
			      "cannot be seen. Start it without -s", value);
	if (!ask_stat(settings, "binding_protocol", value, sizeof(value)) ||
	    strcmp(value, "auto-negotiate"))
		return refuse("memcached takes one protocol only (-B): what begins like a command of the "
			      "other one is not what the accelerator takes it for. Start it without -B");
	if (is_on(settings, "ssl_enabled"))
		return refuse("memcached takes TLS connections (-Z): what is changed through them cannot "
			      "be read. Start it without -Z, with TLS ended by a proxy if need be");
	if (is_on(settings, "auth_enabled_sasl"))
		return refuse("memcached asks for SASL authentication (-S), which requests over UDP go "
			      "round. Start it without -S");
	if (is_on(settings, "auth_enabled_ascii"))
		return refuse("memcached requires authentication (-Y), which requests over UDP bypass. "
			      "Start it without -Y");
	if (get_number(settings, "udpport", &udp) ||
	    get_number(settings, "maxconns", &s->maxconns) ||
	    get_number(settings, "num_threads", &s->threads) ||
	    get_number(settings, "idle_timeout", &s->idle_timeout))
		return 1;
	if (udp != s->udp_port)
		return refuse("memcached says that it serves UDP port %u, but has port %u", udp,
			      s->udp_port);
	return 0;
}

static int check_version(int fd, struct bmc_server *s)
{
	char *answer = ask(fd, "version");
	int err = 0;

	if (!answer)
		return refuse_in("process %d does not speak memcached's text protocol (is it memcached? "
				 "with TLS (-Z), SASL (-S) or -B binary? start it without)", s->pid);
	answer[strcspn(answer, "\r\n")] = '\0';
	if (strstr(answer, "unauthenticated"))
		err = refuse("memcached requires authentication (-Y), which requests over UDP bypass. "
			     "Start it without -Y");
	else if (sscanf(answer, "VERSION %31s", s->version) != 1)
		err = refuse("process %d is not memcached: it answers \"version\" with \"%.60s\"",
			     s->pid, answer);
	else if (strncmp(s->version, SERIES, strlen(SERIES)))
		err = refuse("memcached is of version %s; what the accelerator knows of its ways is "
			     "true for releases of " SERIES "x%s", s->version,
			     strcmp(s->version, "UNKNOWN") ? "" : ": one that was built from a "
			     "repository without tags does not say which it is");
	free(answer);
	return err;
}

static int check_all(int fd, struct bmc_server *s)
{
	char *answer;
	int err = check_version(fd, s);

	if (err)
		return err;
	answer = ask(fd, "stats settings");
	if (!answer)
		return 1;
	err = check_values(s, answer);
	free(answer);
	if (err)
		return err;
	answer = ask(fd, "stats proxy");
	if (!answer)
		return 1;
	if (!strncmp(answer, "STAT ", 5))
		err = refuse("memcached is a proxy here (proxy_config): the values are elsewhere, and "
			     "change unseen. Accelerate the memcached behind it");
	free(answer);
	return err;
}

int settings_check(struct bmc_server *s)
{
	char text[80];
	int err = 1;

	for (size_t i = 0; i < s->n_sockets; i++) {
		int fd;

		/* Each listener: TLS may be on some of them. */
		if (s->sockets[i].udp)
			continue;
		if (ask_is_mptcp(&s->sockets[i]))
			return refuse("%s: the server takes MPTCP connections, which cannot be "
				      "followed: let it listen with plain TCP (mptcpize? "
				      "net.mptcp.enabled=0 before it starts)",
				      socket_text(&s->sockets[i], text, sizeof(text)));
		fd = ask_connect(&s->sockets[i]);
		if (fd < 0)
			return 1;
		err = check_all(fd, s);
		close(fd);
		if (err)
			return refuse_in("%s", socket_text(&s->sockets[i], text, sizeof(text)));
	}
	return err;
}

/* memcached's clock is that much ahead of its uptime. */
#define CLOCK_AHEAD 60

int settings_flush(const struct bmc_server *s, int64_t *flush_in)
{
	int fd = ask_server(s), err;
	char *settings = fd < 0 ? NULL : ask(fd, "stats settings");
	char *answer = settings ? ask(fd, "stats") : NULL;
	uint32_t uptime, oldest;

	err = !answer || get_number(answer, "uptime", &uptime) ||
	      get_number(settings, "oldest", &oldest);
	if (!err)
		*flush_in = (int64_t)oldest - CLOCK_AHEAD - uptime;
	free(answer);
	free(settings);
	if (fd >= 0)
		close(fd);
	return err;
}
