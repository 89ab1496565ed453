// SPDX-License-Identifier: GPL-2.0-only
/* status: whether GETs are answered, for whom and where, and if not, why. */
#include <cli/cli.h>
#include <inttypes.h>
#include <rex/librex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../shared.h"
#include "config.h"
#include "devs.h"
#include "now.h"
#include "open.h"
#include "parts.h"
#include "server.h"
#include "sockets.h"
#include "stream.h"
#include "why.h"

/* -1: there were none. */
static double ratio(uint64_t hits, uint64_t others)
{
	return hits + others ? (double)hits / (hits + others) : -1;
}

/* Of the GETs over UDP that could have been hits. */
static double hit_ratio(const struct bmc_now *s)
{
	return ratio(s->values[BMC_HITS], s->values[BMC_MISSES]);
}

static uint64_t tcp_passed(const struct bmc_now *s)
{
	return s->values[BMC_TCP_PASSED] + s->values[BMC_TCP_BYPASSED];
}

/* Of the GETs over TCP. */
static double tcp_ratio(const struct bmc_now *s)
{
	return ratio(s->values[BMC_TCP_HITS], tcp_passed(s));
}

/* ---- JSON ------------------------------------------------------------------------------------------------------ */

static json_t *json_sockets(const struct bmc_server *server)
{
	json_t *list = json_array();
	char text[80];

	for (size_t i = 0; i < server->n_sockets; i++)
		json_array_append_new(list, json_pack("{s:s,s:s}", "protocol",
				      server->sockets[i].udp ? "udp" : "tcp", "address",
				      socket_text(&server->sockets[i], text, sizeof(text))));
	return list;
}

/* What of start's options is nowhere else. */
static json_t *json_asked(const struct bmc_config *c)
{
	static const char *const modes[] = { "any", "native", "generic", "offload" };

	return json_pack("{s:b,s:b,s:s}", "tcp", c->tcp, "udp", c->udp, "mode", modes[c->mode]);
}

static int print_status_json(const struct bmc_now *s, const struct bmc_server *server)
{
	json_t *devs = json_array(), *o;
	uint32_t ours, all;

	for (size_t i = 0; i < s->n_devs; i++) {
		const struct bmc_dev *d = &s->devs[i];

		json_array_append_new(devs, json_pack("{s:s,s:b,s:s,s:s,s:s}", "name", d->wanted,
				      "attached", d->ours, "interface", d->index ? d->name : "", "mode",
				      dev_mode_name(d), "note", d->note));
	}
	o = json_pack("{s:s,s:s,s:i,s:i,s:i,s:I,s:I,s:I,s:o,s:o,s:I,s:I}", "state", now_state(s),
		      "reason", s->reason, "daemon", (int)s->daemon, "server", (int)s->server, "port",
		      (int)s->runfile.config.port, "memory", (json_int_t)s->runfile.config.memory,
		      "cache_bytes", (json_int_t)s->memory, "max_age_us",
		      (json_int_t)s->runfile.config.max_age.us, "devices", devs, "sockets",
		      json_sockets(server), "hits", (json_int_t)s->values[BMC_HITS], "misses",
		      (json_int_t)s->values[BMC_MISSES]);
	if (o)
		json_object_set_new(o, "asked", json_asked(&s->runfile.config));
	if (o && s->runfile.config.tcp && !stream_connections(&s->parts, &ours, &all))
		json_object_set_new(o, "tcp", json_pack("{s:I,s:I,s:I,s:I}", "connections",
				    (json_int_t)all, "followed", (json_int_t)ours, "hits",
				    (json_int_t)s->values[BMC_TCP_HITS], "passed",
				    (json_int_t)tcp_passed(s)));
	if (o && hit_ratio(s) >= 0)
		json_object_set_new(o, "hit_ratio", json_real(hit_ratio(s)));
	return print_json(o);
}

/* ---- text ------------------------------------------------------------------------------------------------------ */

static void print_tcp(const struct bmc_now *s)
{
	uint32_t ours, all;

	if (!s->runfile.config.tcp)
		return;
	if (stream_connections(&s->parts, &ours, &all))
		printf("  tcp: %s\n", why());
	else if (tcp_ratio(s) < 0)
		printf("  tcp: %u of %u connections, no GETs yet\n", ours, all);
	else
		printf("  tcp: %u of %u connections, %.1f %% of GETs answered\n", ours, all,
		       100 * tcp_ratio(s));
}

static void print_udp(const struct bmc_now *s)
{
	if (!s->runfile.config.udp)
		return;
	if (hit_ratio(s) < 0)
		printf("  udp: no GETs yet\n");
	else
		printf("  udp: %.1f %% of GETs answered\n", 100 * hit_ratio(s));
}

static int print_status(const struct bmc_now *s, const struct bmc_server *server)
{
	char text[sizeof(s->devs[0].note) + BMC_DEV_LEN + 8];

	printf("%s%s%s\n", now_state(s), *s->reason ? ": " : "", s->reason);
	if (s->daemon)
		printf("  daemon: process %d\n", s->daemon);
	else
		printf("  daemon: not running; \"rexctl bmc start\" with the same options brings it "
		       "back\n");
	if (s->server)
		printf("  memcached: process %d\n", s->server);
	else
		printf("  memcached: none\n");
	for (size_t i = 0; i < server->n_sockets; i++)
		printf("    %s %s\n", server->sockets[i].udp ? "udp" : "tcp",
		       socket_text(&server->sockets[i], text, sizeof(text)));
	for (size_t i = 0; i < s->n_devs; i++)
		printf("  device: %s\n", dev_text(&s->devs[i], text, sizeof(text)));
	printf("  memory: %" PRIu64 " MiB, %" PRIu64 " MiB of it for values\n",
	       s->runfile.config.memory >> 20, s->memory >> 20);
	print_tcp(s);
	print_udp(s);
	return fflush(stdout) ? fail("cannot write to standard output") : 0;
}

struct status_args {
	bool json;
};

static int status(const void *args)
{
	const struct status_args *a = args;
	struct bmc_server server = { .pidfd = -1 };
	struct bmc_now *s = calloc(1, sizeof(*s));
	int err;

	err = s ? bmc_open(&s->parts) : fail("out of memory");
	if (err) {
		free(s);
		return err;
	}
	if (now_collect(s))
		err = fail("%s", why());
	/* Whose addresses are shown is who is there now. */
	if (!err && s->server && server_find(s->runfile.config.port, &server))
		server.n_sockets = 0;
	if (!err)
		err = a->json ? print_status_json(s, &server) : print_status(s, &server);
	server_forget(&server);
	parts_release(&s->parts);
	rex_close(s->parts.rex);
	free(s);
	return err;
}

const struct cli_command cmd_status = {
	.name = "status", .help = "whether GETs are answered, for whom and where; and if not, why",
	.args = (const struct cli_arg[]){
		CLI_JSON(status_args, "one line of JSON"),
		{}
	},
	.size = sizeof(struct status_args), .run = status,
};
