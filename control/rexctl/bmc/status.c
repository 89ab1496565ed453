// SPDX-License-Identifier: GPL-2.0-only
/* status: whether GETs are answered, for whom and where, and if not, why. */
#include <getopt.h>
#include <inttypes.h>
#include <string.h>

#include "bmc.h"

struct state {
	struct bmc_parts parts;
	struct bmc_runfile runfile;
	bool known;			/* there is a run file */
	pid_t daemon;			/* 0: none */
	uint32_t state;
	int32_t server;
	uint64_t memory, values[__BMC_STATS];
	char reason[1200];		/* "": hits are given */
	bool attached[BMC_MAX_DEVS];
};

static const char *state_name(const struct state *s)
{
	static const char *const names[] = {
		[BMC_OFF] = "off", [BMC_TRACK] = "waiting", [BMC_RUN] = "running",
	};

	if (*s->reason && s->state == BMC_RUN)
		return "off";
	return s->state < ARRAY_SIZE(names) ? names[s->state] : "unknown";
}

/* The program first: it is what gives the hits. Then what the daemon knows. */
static void find_reason(struct state *s)
{
	const struct rex_program *p = s->parts.program;
	char *to = s->reason;
	size_t size = sizeof(s->reason);

	if (p->state != REX_STATE_ENABLED)
		snprintf(to, size, "program \"%s\" is %s; \"rexctl status\" tells more, \"rexctl enable "
			 "%s\" lets it run again", p->name, rex_state_name(p->state), p->name);
	else if (s->state == BMC_RUN && meta_get(s->parts.meta->generation) == p->generation)
		*to = '\0';
	else if (!s->known)
		snprintf(to, size, "start has not come to an end; \"rexctl bmc stop\" removes what it made");
	else if (!s->daemon)
		snprintf(to, size, "the daemon is needed to begin again: \"rexctl bmc start\" with the same "
			 "options");
	else
		snprintf(to, size, "%s", *s->runfile.reason ? s->runfile.reason : "starting");
}

static int collect(struct state *s)
{
	s->known = runfile_read(&s->runfile);
	s->daemon = runfile_daemon();
	s->state = meta_get(s->parts.meta->state);
	s->server = meta_get(s->parts.meta->server);
	s->memory = tables_cache_bytes(s->parts.program);
	if (counters_read(s->parts.program, s->values))
		return fail("%s", why());
	find_reason(s);
	if (!s->known)
		return 0;
	if (runfile_enter_netns(&s->runfile, s->server))
		return fail("%s", why());
	for (size_t i = 0; i < s->runfile.config.n_devs; i++)
		s->attached[i] = parts_at_dev(s->runfile.config.devs[i]);
	return 0;
}

/* Of the GETs that could have been hits. -1: there were none. */
static double hit_ratio(const struct state *s)
{
	uint64_t hits = s->values[BMC_HITS], all = hits + s->values[BMC_MISSES];

	return all ? (double)hits / all : -1;
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

static int print_status_json(const struct state *s, const struct bmc_server *server)
{
	json_t *devs = json_array(), *o;

	for (size_t i = 0; i < s->runfile.config.n_devs; i++)
		json_array_append_new(devs, json_pack("{s:s,s:b}", "name", s->runfile.config.devs[i],
				      "attached", s->attached[i]));
	o = json_pack("{s:s,s:s,s:i,s:i,s:i,s:I,s:I,s:I,s:o,s:o,s:I,s:I}", "state", state_name(s),
		      "reason", s->reason, "daemon", (int)s->daemon, "server", (int)s->server, "port",
		      (int)s->runfile.config.port, "memory", (json_int_t)s->runfile.config.memory,
		      "cache_bytes", (json_int_t)s->memory, "max_age_us",
		      (json_int_t)s->runfile.config.max_age_us, "devices", devs, "sockets",
		      json_sockets(server), "hits", (json_int_t)s->values[BMC_HITS], "misses",
		      (json_int_t)s->values[BMC_MISSES]);
	if (o && hit_ratio(s) >= 0)
		json_object_set_new(o, "hit_ratio", json_real(hit_ratio(s)));
	return print_json(o);
}

/* ---- text ------------------------------------------------------------------------------------------------------ */

static int print_status(const struct state *s, const struct bmc_server *server)
{
	char text[80];

	printf("%s%s%s\n", state_name(s), *s->reason ? ": " : "", s->reason);
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
	for (size_t i = 0; i < s->runfile.config.n_devs; i++)
		printf("  device: %s%s\n", s->runfile.config.devs[i],
		       s->attached[i] ? "" : ", where XDP was detached by somebody: no hits there");
	printf("  memory: %" PRIu64 " MiB, %" PRIu64 " MiB of it for values\n",
	       s->runfile.config.memory >> 20, s->memory >> 20);
	printf("  hits: %" PRIu64 ", misses: %" PRIu64, s->values[BMC_HITS], s->values[BMC_MISSES]);
	if (hit_ratio(s) >= 0)
		printf(" (%.1f %% hits)", 100 * hit_ratio(s));
	printf("\n");
	return fflush(stdout) ? fail("cannot write to standard output") : 0;
}

int bmc_status(int argc, char **argv)
{
	static const struct option options[] = { { "json", no_argument, NULL, 'j' }, {} };
	struct bmc_server server = { .pidfd = -1 };
	struct state s = {};
	bool json = false;
	int opt, err;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt != 'j')
			return usage("unknown option \"%s\"", argv[optind - 1]);
		json = true;
	}
	if (argc != optind)
		return usage("\"%s\" is too much", argv[optind]);
	err = bmc_open(&s.parts);
	if (err)
		return err;
	err = collect(&s);
	/* Whose addresses are shown is who is there now. */
	if (!err && s.server && server_find(s.runfile.config.port, &server))
		server.n_sockets = 0;
	if (!err)
		err = json ? print_status_json(&s, &server) : print_status(&s, &server);
	server_forget(&server);
	parts_release(&s.parts);
	rex_close(s.parts.rex);
	return err;
}
