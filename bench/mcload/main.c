// SPDX-License-Identifier: GPL-2.0-only
/*
 * mcload: fill memcached, ask it with verified GETs over ordinary UDP sockets,
 * read its counters. Same data set, same checks and same report as rexgen.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fail.h"
#include "options.h"
#include "report.h"
#include "wire_socket.h"
#include "xdppass.h"

enum { OPT_GET = 512, OPT_STAT, OPT_PASS };

struct arguments {
	struct options common;
	bool get;
	const char *stat;
	const char *pass;
};

static const struct argp_option argp_options[] = {
	{ "get", OPT_GET, NULL, 0, "run the load: verified GETs to --server", 1 },
	{ "stat", OPT_STAT, "NAME", 0, "print one counter of --server's 'stats', cmd_get for example", 1 },
	{ "xdp-pass", OPT_PASS, "IF", 0,
	  "attach XDP_PASS to this veth end meanwhile: it gets no XDP_TX frames without a program", 1 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;
	int err = 0;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->common;
		break;
	case OPT_GET:
		a->get = true;
		break;
	case OPT_STAT:
		a->stat = arg;
		break;
	case OPT_PASS:
		a->pass = arg;
		break;
	case ARGP_KEY_END:
		if ((a->get || a->stat) && !a->common.has_server)
			err = bench_fail(EINVAL, "--get and --stat need --server");
		else if (!a->get && !a->stat && !a->common.has_preload)
			err = bench_fail(EINVAL, "nothing to do: --preload, --get or --stat");
		else
			err = options_finish(&a->common);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	if (err)
		argp_failure(state, 1, 0, "%s", bench_errmsg());
	return 0;
}

static int get(struct options *o)
{
	static struct sock s;
	int err = sock_open(&s, &o->server, o->ports);

	if (err)
		return err;
	err = options_run(o, &s.wire, "mcload");
	sock_close(&s);
	return err;
}

int main(int argc, char **argv)
{
	static const struct argp_child children[] = { { .argp = &options_argp }, { 0 } };
	static const struct argp argp = {
		.options = argp_options, .parser = parse, .children = children,
		.doc = "Fill memcached (--preload), send verified GETs over UDP sockets (--get), read a counter (--stat)."
		       "\v" STATUS_HELP,
	};
	struct arguments a = { 0 };
	char value[64];
	int err = 0;

	options_default(&a.common);
	argp_parse(&argp, argc, argv, 0, NULL, &a);
	if (a.pass) {
		int link = xdp_pass_attach(a.pass);	/* ends with this process */

		err = link < 0 ? link : 0;
	}
	if (err >= 0 && a.common.has_preload)
		err = preload(&a.common.preload, &a.common.keys);
	if (err >= 0 && a.get)
		err = get(&a.common);
	if (err >= 0 && a.stat) {
		int e = server_stat(&a.common.server, a.stat, value, sizeof(value));

		if (e)
			err = e;
		else
			printf("%s\n", value);
	}
	if (err < 0)
		fprintf(stderr, "mcload: %s\n", bench_errmsg());
	return err < 0 ? 1 : err;
}
