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
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "options.h"
#include "sink.h"
#include "sink.skel.h"

#define SERVER_IP	0x0a4d0001
#define CLIENT_IP	0x0a4d0002
#define PAYLOAD_AT	(ETH_HLEN + 20 + 8)

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

/* As the checksums have it, not folded. */
static uint32_t sum(const void *p, size_t n)
{
	const uint8_t *b = p;
	uint16_t word;
	uint32_t s = 0;

	for (; n > 1; n -= 2, b += 2) {
		memcpy(&word, b, 2);
		s += word;
	}
	return n ? s + *b : s;
}

/* memcached's reply to a GET of the key, behind its frame header; returns the length. */
static size_t reply_text(char *out)
{
	static struct options o;
	size_t n;

	options_default(&o);
	o.keys.count = 1;
	if (options_finish(&o))
		die("no key");
	n = sprintf(out, "VALUE ");
	n += key_text(&o.keys, 0, out + n);
	n += sprintf(out + n, " %u %u\r\n", key_flags(&o.keys, 0), value_len(&o.keys, 0));
	value_fill(&o.keys, 0, (uint8_t *)out + n);
	n += value_len(&o.keys, 0);
	return n + sprintf(out + n, "\r\nEND\r\n");
}

static void make_reply(struct sink_reply *r, bool checksum)
{
	struct ethhdr eth = { .h_dest = { 2, 0, 0x0a, 0x4d, 0, 2 },
			      .h_source = { 2, 0, 0x0a, 0x4d, 0, 1 },
			      .h_proto = htons(ETH_P_IP) };
	struct iphdr ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP,
			    .saddr = htonl(SERVER_IP), .daddr = htonl(CLIENT_IP) };
	struct udphdr udp = { .source = htons(SINK_PORT) };
	char text[SINK_MAX] = { 0, 0, 0, 0, 0, 1 };	/* datagram 0 of 1 */
	size_t n = 8 + reply_text(text + 8);
	uint32_t s;

	udp.len = htons(sizeof(udp) + n);
	ip.tot_len = htons(sizeof(ip) + sizeof(udp) + n);
	s = sum(&ip, sizeof(ip));
	s = (s & 0xffff) + (s >> 16);
	ip.check = ~((s & 0xffff) + (s >> 16));
	r->len = PAYLOAD_AT + n;
	memcpy(r->bytes, &eth, sizeof(eth));
	memcpy(r->bytes + ETH_HLEN, &ip, sizeof(ip));
	memcpy(r->bytes + ETH_HLEN + sizeof(ip), &udp, sizeof(udp));
	memcpy(r->bytes + PAYLOAD_AT, text, n);
	if (checksum)
		r->sum = sum(&udp, sizeof(udp)) + sum(text, n) + sum(&ip.saddr, 8) +
			 htons(IPPROTO_UDP) + udp.len;
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
