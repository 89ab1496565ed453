// SPDX-License-Identifier: GPL-2.0-only
/*
 * sink DEV [checksum]: answers all GETs that come in by DEV, the server's end of topology/veth/lab,
 * with the value of the only key of "mcload --keys 1", until it is interrupted. Then it prints how
 * many instructions one answer took, under -icount.
 *
 * sink --pass DEV: lets all pass, until it is interrupted.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "mc/checksum.h"
#include "mc/ethernet.h"
#include "options.h"
#include "sink_reply.h"
#include "sink.skel.h"

__attribute__((format(printf, 1, 2), noreturn))
static void die(const char *format, ...)
{
	va_list ap;

	fputs("sink: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

static void make_reply(struct sink_reply *r, bool checksum)
{
	const struct flow flow = {
		.ttl = 64, .src_port = SINK_PORT, .no_sum = true,
		.src_mac = { 2, 0, 0x0a, 0x4d, 0, 1 }, .dst_mac = { 2, 0, 0x0a, 0x4d, 0, 2 },
		.src = { 0x0a, 0x4d, 0, 1 }, .dst = { 0x0a, 0x4d, 0, 2 },
	};
	uint8_t *ip = r->bytes + ETH_LEN, *udp = ip + IP4_LEN, *payload = udp + UDP_LEN;
	static struct options o;

	options_default(&o);
	o.keys.count = 1;
	if (options_finish(&o))
		die("no key");
	mc_frame(payload, 0);
	r->len = frame_wrap(r->bytes, &flow,
			    MC_FRAME_LEN + key_reply(&o.keys, 0, payload + MC_FRAME_LEN));
	/* in the byte order in which the program adds to it */
	if (checksum)
		r->sum = htons(udp_sum(ip, udp, r->len - (udp - r->bytes)));
}

static void say_cost(int prog)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(prog, &info, &size))
		die("cannot read the program's statistics: %s", strerror(errno));
	if (info.run_cnt)
		printf("%.0f\n", (double)info.run_time_ns / info.run_cnt);
	fflush(stdout);
}

static void stop(int sig)
{
	(void)sig;
}

int main(int argc, char **argv)
{
	bool pass = argc == 3 && !strcmp(argv[1], "--pass");
	bool checksum = argc == 3 && !strcmp(argv[2], "checksum");
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = XDP_FLAGS_DRV_MODE);
	const char *dev = argv[pass ? 2 : 1];
	struct sink_reply reply = {};
	__u32 first = 0;
	struct sink *s;
	int prog;

	if (argc != 2 && !pass && !checksum) {
		fputs("usage: sink DEV [checksum] | sink --pass DEV\n", stderr);
		return 64;
	}
	sigaction(SIGTERM, &(struct sigaction){ .sa_handler = stop }, NULL);
	make_reply(&reply, checksum);
	s = sink__open_and_load();
	if (!s || bpf_map_update_elem(bpf_map__fd(s->maps.reply), &first, &reply, 0))
		die("cannot load the programs: %s", strerror(errno));
	prog = bpf_program__fd(pass ? s->progs.pass : s->progs.sink);
	if (bpf_link_create(prog, if_nametoindex(dev), BPF_XDP, &opts) < 0)
		die("cannot attach to \"%s\": %s", dev, strerror(errno));
	puts("ready");
	fflush(stdout);
	pause();
	if (!pass)
		say_cost(prog);
	return 0;
}
