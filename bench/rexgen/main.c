// SPDX-License-Identifier: GPL-2.0-only
/*
 * rexgen: a memcached client on DPDK that checks every byte of every reply.
 *
 *   rexgen --iface IF --server 10.0.0.1 --src-ip 10.0.0.2 [OPTION...]
 *   rexgen EAL-ARGUMENTS -- --server 10.0.0.1 --src-ip 10.0.0.2 [OPTION...]
 *   rexgen --pcap FILE | --replies FILE ... [OPTION...]
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "fail.h"
#include "manual.h"
#include "mix.h"
#include "options.h"
#include "port.h"
#include "report.h"

enum { OPT_IFACE = 512, OPT_DRIVER, OPT_CPU, OPT_PORT, OPT_SRC_IP, OPT_SRC_MAC, OPT_DST_MAC,
       OPT_SRC_PORT, OPT_PCAP, OPT_REPLIES };

struct arguments {
	struct options common;
	struct port_options port;
	struct path path;
	const char *pcap, *replies;
};

static const struct argp_option argp_options[] = {
	{ "iface", 'i', "IF", 0,
	  "drive this kernel interface (veth or NIC) without hugepages; EAL arguments are then optional", 5 },
	{ "driver", OPT_DRIVER, "NAME", 0,
	  "for --iface: af_xdp or af_packet (default af_xdp, else af_packet)", 5 },
	{ "cpu", OPT_CPU, "N", 0, "for --iface: run on this CPU", 5 },
	{ "port", OPT_PORT, "N", 0, "DPDK port to use if there are several", 5 },
	{ "pcap", OPT_PCAP, "FILE", 0,
	  "send nothing: write the first --count requests to FILE, for other generators to send", 6 },
	{ "replies", OPT_REPLIES, "FILE", 0,
	  "send nothing: compare the replies in FILE, captured while others sent --pcap's requests", 6 },
	{ "src-ip", OPT_SRC_IP, "ADDR", 0,
	  "our address; give it to no kernel interface, rexgen answers ARP for it", 6 },
	{ "src-mac", OPT_SRC_MAC, "MAC", 0, "our MAC address (default the port's)", 6 },
	{ "dst-mac", OPT_DST_MAC, "MAC", 0, "the server's MAC address (default: asked by ARP)", 6 },
	{ "src-port", OPT_SRC_PORT, "N", 0, "first source port (default 20000)", 6 },
	{ 0 }
};

/* What a file of frames needs, because nobody can be asked. */
static int check_capture(struct arguments *a)
{
	const struct load *l = &a->common.load;
	static const uint8_t none[MAC_LEN];

	if (a->pcap && a->replies)
		return bench_fail(EINVAL, "--pcap and --replies: one of them at a time");
	if (a->port.iface || a->port.eal_argc)
		return bench_fail(EINVAL, "--pcap and --replies send nothing; leave out --iface and EAL arguments");
	if (!a->path.resolved || !memcmp(a->path.src_mac, none, MAC_LEN))
		return bench_fail(EINVAL, "--pcap and --replies need --src-mac and --dst-mac");
	if (l->rate > 0 || a->common.has_search || l->discard > 0)
		return bench_fail(EINVAL, "--pcap and --replies have no time; who sends the file chooses the rate");
	a->common.load.warm_up = false;
	if (!l->requests)
		a->common.load.requests = a->common.keys.count;
	if (l->requests > capture_room(&a->common))
		return bench_fail(EINVAL, "%llu requests cannot be told apart; at most %llu with %u --ports",
			    (unsigned long long)l->requests,
			    (unsigned long long)capture_room(&a->common), a->common.ports);
	return options_finish(&a->common);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;
	double v = 0;
	int err = 0;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->common;
		break;
	case 'i':
		a->port.iface = arg;
		break;
	case OPT_DRIVER:
		if (!strcmp(arg, "af_xdp"))
			a->port.driver = DRIVER_AF_XDP;
		else if (!strcmp(arg, "af_packet"))
			a->port.driver = DRIVER_AF_PACKET;
		else
			err = bench_fail(EINVAL, "--driver '%s': af_xdp or af_packet is expected", arg);
		break;
	case OPT_CPU:
		err = whole_parse("--cpu", arg, 0, 1023, &v);
		a->port.cpu = v;
		break;
	case OPT_PORT:
		err = whole_parse("--port", arg, 0, 31, &v);
		a->port.port = v;
		break;
	case OPT_SRC_IP:
		err = ip_parse(&a->path.src_ip, "--src-ip", arg);
		break;
	case OPT_SRC_MAC:
		err = mac_parse(a->path.src_mac, "--src-mac", arg);
		break;
	case OPT_DST_MAC:
		err = mac_parse(a->path.dst_mac, "--dst-mac", arg);
		a->path.resolved = true;
		break;
	case OPT_SRC_PORT:
		err = whole_parse("--src-port", arg, 1024, 65000, &v);
		a->path.src_port = v;
		break;
	case OPT_PCAP:
		a->pcap = arg;
		break;
	case OPT_REPLIES:
		a->replies = arg;
		break;
	case ARGP_KEY_END:
		if (!a->common.has_server || !a->path.src_ip)
			err = bench_fail(EINVAL, "--server and --src-ip are needed");
		else if (a->pcap || a->replies)
			err = check_capture(a);
		else if (!a->port.iface && !a->port.eal_argc)
			err = bench_fail(EINVAL, "name the port: --iface IF, or EAL arguments before '--'");
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

/* With a '--', what stands before it belongs to the EAL and is not looked at. */
static void split(struct arguments *a, int *argc, char ***argv)
{
	for (int i = 1; i < *argc; i++)
		if (!strcmp((*argv)[i], "--")) {
			a->port.eal_argc = i - 1;
			a->port.eal_argv = *argv + 1;
			(*argv)[i] = (*argv)[0];
			*argv += i;
			*argc -= i;
			return;
		}
}

static int generate(struct arguments *a)
{
	static struct port p;
	int err;

	if (a->common.has_preload) {
		err = preload(&a->common.preload, &a->common.keys);
		if (err)
			return err;
	}
	p.path = a->path;
	err = port_open(&p, &a->port);
	if (err)
		return err;
	p.wire.ports = a->common.ports;
	drive_catch_signals();
	if (!p.path.resolved)
		err = port_resolve(&p);
	if (!err)
		err = options_run(&a->common, &p.wire, "rexgen");
	port_close(&p);
	return err;
}

int main(int argc, char **argv)
{
	static const struct argp_child children[] = { { .argp = &options_argp }, { 0 } };
	static const struct argp argp = {
		.options = argp_options, .parser = parse, .children = children,
		.args_doc = "\n[EAL-ARGUMENTS] -- ",
		.doc = "Send memcached GETs over UDP with DPDK and check every byte of every reply."
		       "\vEvery key's value is a function of the key, the sizes and --seed; fill memcached with --preload here or with mcload.\n"
		       STATUS_HELP,
	};
	struct arguments a = { .port = { .cpu = -1, .port = -1 }, .path = { .src_port = 20000 } };
	int err;

	if (argc == 2 && !strcmp(argv[1], "--mdoc")) {
		manual_options((const struct argp_option *const[]){ argp_options, options_argp.options, NULL });
		return 0;
	}
	options_default(&a.common);
	split(&a, &argc, &argv);
	argp_parse(&argp, argc, argv, 0, NULL, &a);
	a.path.dst_ip = ntohl(a.common.server.sin_addr.s_addr);
	a.path.dst_port = ntohs(a.common.server.sin_port);
	a.path.ports = a.common.ports;
	if (a.pcap)
		err = capture_write(a.pcap, &a.common, &a.path);
	else if (a.replies)
		err = capture_verify(a.replies, &a.common, &a.path);
	else
		err = generate(&a);
	if (err < 0)
		fprintf(stderr, "rexgen: %s\n", bench_errmsg());
	return err < 0 ? 1 : err;
}
