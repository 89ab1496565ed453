// SPDX-License-Identifier: GPL-2.0-only
/*
 * livegen: GETs made inside the kernel (BPF_F_TEST_XDP_LIVE_FRAMES). The rate of
 * good replies is what the other end can do; there is no latency, and under
 * overload lost requests are the normal case.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <math.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "fail.h"
#include "frame.h"
#include "live.h"
#include "live.skel.h"
#include "mc.h"
#include "options.h"
#include "report.h"

#define HEADERS		42	/* Ethernet, IPv4 and UDP */
#define BATCH		64
#define ROUND		(512 * BATCH)	/* frames a system call, dropped ones included */
#define WARM_RATE	10000		/* requests a second */
#define GRACE		1		/* s, to send what was due */
#define SETTLE_NS	UINT64_C(200000000)	/* for the last replies */

enum { OPT_IFACE = 512, OPT_SRC_IP, OPT_SRC_MAC, OPT_DST_MAC };

struct arguments {
	struct options common;
	const char *iface;
	struct path path;
	bool has_dst_mac;
};

static const struct argp_option argp_options[] = {
	{ "iface", 'i', "IF", 0, "veth end to send from; its peer needs an XDP program or GRO", 5 },
	{ "src-ip", OPT_SRC_IP, "ADDR", 0, "our address; the server needs a neighbour entry for it", 6 },
	{ "src-mac", OPT_SRC_MAC, "MAC", 0, "our MAC address (default the interface's)", 6 },
	{ "dst-mac", OPT_DST_MAC, "MAC", 0, "the server's MAC address", 6 },
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
	case 'i':
		a->iface = arg;
		break;
	case OPT_SRC_IP:
		err = ip_parse(&a->path.src_ip, "--src-ip", arg);
		break;
	case OPT_SRC_MAC:
		err = mac_parse(a->path.src_mac, "--src-mac", arg);
		break;
	case OPT_DST_MAC:
		err = mac_parse(a->path.dst_mac, "--dst-mac", arg);
		a->has_dst_mac = true;
		break;
	case ARGP_KEY_END:
		if (!a->iface || !a->common.has_server || !a->path.src_ip || !a->has_dst_mac)
			err = bench_fail(EINVAL, "--iface, --server, --src-ip and --dst-mac are needed");
		else if (sizes_min(&a->common.keys.key) != sizes_max(&a->common.keys.key))
			err = bench_fail(EINVAL, "livegen's keys are all of one size; give one --key-size");
		else if (a->common.load.theta > 0)
			err = bench_fail(EINVAL, "livegen draws keys uniformly; use rexgen for --zipf");
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

static int interface_mac(uint8_t *mac, const char *iface)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err = 0;
	struct ifreq r = { 0 };

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", iface);
	if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &r))
		err = bench_fail(errno, "no MAC address of '%s': %s", iface, strerror(errno));
	if (fd >= 0)
		close(fd);
	memcpy(mac, r.ifr_hwaddr.sa_data, MAC_LEN);
	return err;
}

/* The sum that live_sink must find: 16-bit words, ones' complement, 0xffff as 0. */
static uint32_t text_sum(const uint8_t *p, uint32_t len)
{
	uint64_t s = 0;

	for (; len > 1; p += 2, len -= 2)
		s += p[0] | p[1] << 8;
	if (len)
		s += *p;
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return s == 0xffff ? 0 : s;
}

static int fill_maps(struct live_bpf *b, const struct arguments *a)
{
	const struct keyset *k = &a->common.keys;
	struct request first = { 0 };
	struct live_config c = { .ifindex = if_nametoindex(a->iface), .keys = k->count,
				 .digits = k->digits, .src_port = a->path.src_port,
				 .dst_port = a->path.dst_port, .id_at = HEADERS, .port_at = 34 };
	uint8_t text[REPLY_MAX];
	uint32_t key_len, n, zero = 0;
	int err;

	c.frame_len = frame_get(c.frame, &a->path, k, &first);
	c.frame[40] = c.frame[41] = 0;	/* no UDP checksum: every frame differs */
	key_len = key_text(k, 0, (char *)text);
	c.digits_at = HEADERS + MC_FRAME_LEN + 4 + key_len - k->digits;
	c.key_in_reply = 6 + key_len - k->digits;
	err = bpf_map_update_elem(bpf_map__fd(b->maps.config), &zero, &c, 0);
	for (uint32_t i = 0; i < k->count && !err; i++) {
		struct live_expect e;

		memcpy(text, "VALUE ", 6);
		n = 6 + key_text(k, i, (char *)text + 6);
		n += sprintf((char *)text + n, " %u %u\r\n", key_flags(k, i), value_len(k, i));
		value_fill(k, i, text + n);
		n += value_len(k, i);
		memcpy(text + n, "\r\nEND\r\n", 7);
		n += 7;
		e = (struct live_expect){ .len = MC_FRAME_LEN + n, .sum = text_sum(text, n) };
		err = bpf_map_update_elem(bpf_map__fd(b->maps.expect), &i, &e, 0);
	}
	return err ? bench_fail(-err, "filling livegen's maps: %s", strerror(-err)) : 0;
}

static void read_counts(struct live_bpf *b, uint64_t out[LIVE_COUNTS])
{
	int cpus = libbpf_num_possible_cpus();
	uint64_t per_cpu[cpus];

	for (uint32_t i = 0; i < LIVE_COUNTS; i++) {
		out[i] = 0;
		if (!bpf_map_lookup_elem(bpf_map__fd(b->maps.count), &i, per_cpu))
			for (int cpu = 0; cpu < cpus; cpu++)
				out[i] += per_cpu[cpu];
	}
}

static int send_frames(struct live_bpf *b, const uint8_t *frame, uint32_t len, uint32_t n)
{
	/* live_gen adds the last byte */
	LIBBPF_OPTS(bpf_test_run_opts, t, .data_in = frame, .data_size_in = len - 1, .repeat = n,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = BATCH);

	if (bpf_prog_test_run_opts(bpf_program__fd(b->progs.live_gen), &t))
		return bench_fail(errno, "running live frames: %s", strerror(errno));
	return 0;
}

static uint64_t answered(const uint64_t c[LIVE_COUNTS])
{
	return c[LIVE_GOOD] + c[LIVE_MISSING] + c[LIVE_WRONG];
}

/* Wait until all replies are there or none came for SETTLE_NS; notes when the last one came. */
static void settle(struct live_bpf *b, uint64_t c[LIVE_COUNTS], uint64_t *last)
{
	uint64_t seen;

	read_counts(b, c);
	do {
		seen = answered(c);
		for (uint64_t t = now_ns(); now_ns() - t < SETTLE_NS && answered(c) == seen &&
		     answered(c) < c[LIVE_SENT];) {
			usleep(500);
			read_counts(b, c);
		}
		if (answered(c) != seen)
			*last = now_ns();
	} while (answered(c) != seen && answered(c) < c[LIVE_SENT]);
}

static void take_counts(struct counts *out, const uint64_t now[LIVE_COUNTS],
			const uint64_t before[LIVE_COUNTS])
{
	out->sent = now[LIVE_SENT] - before[LIVE_SENT];
	out->verified = now[LIVE_GOOD] - before[LIVE_GOOD];
	out->missing = now[LIVE_MISSING] - before[LIVE_MISSING];
	out->wrong = now[LIVE_WRONG] - before[LIVE_WRONG];
	out->received = out->verified + out->missing + out->wrong;
	out->lost = out->sent > out->received ? out->sent - out->received : 0;
	out->duplicate = out->received > out->sent ? out->received - out->sent : 0;
}

/*
 * Send until @n requests have left or the time is over. With a rate, @n is what is due, and
 * a generator that is behind gets another second.
 */
static int pass(struct live_bpf *b, const struct arguments *a, double rate, double seconds,
		uint64_t n, struct counts *out)
{
	uint64_t before[LIVE_COUNTS], c[LIVE_COUNTS], start, end, last;
	uint8_t frame[LIVE_FRAME];
	struct request first = { 0 };
	uint32_t len = frame_get(frame, &a->path, &a->common.keys, &first);
	double nominal = rate > 0 ? n / rate : 0;
	int err = 0;

	read_counts(b, before);
	start = now_ns();
	end = start + (seconds + (rate > 0 ? GRACE : 0)) * 1e9;
	b->bss->left = n;
	b->bss->next_due = start;
	b->bss->interval_ns = rate > 0 ? 1e9 / rate : 0;
	while (!err && !drive_stop && b->bss->left && now_ns() < end)
		err = send_frames(b, frame, len, ROUND);
	b->bss->left = 0;
	end = last = now_ns();
	settle(b, c, &last);
	take_counts(out, c, before);
	out->due = rate > 0 && !drive_stop ? n : out->sent;
	out->send_seconds = (end - start) / 1e9;
	if (out->send_seconds < nominal && !drive_stop)
		out->send_seconds = nominal;
	out->last_reply_seconds = (last - start) / 1e9;
	return err;
}

/* How many requests the run is to send. */
static uint64_t requests(const struct load *l)
{
	uint64_t n = l->requests ? l->requests : UINT64_MAX;
	double due = l->rate > 0 ? ceil(l->rate * l->seconds) : UINT64_MAX;

	return due < n ? due : n;
}

static int run(struct live_bpf *b, const struct arguments *a, struct result *res)
{
	const struct load *l = &a->common.load;
	int err = 0;

	if (l->warm_up) {
		/* slow enough for memcached to keep up: every reply is one that a cache can fill from */
		b->bss->in_order = 1;
		err = pass(b, a, WARM_RATE, 3600, a->common.keys.count, &res->warm);
		b->bss->in_order = 0;
		if (!err && !res->warm.received)
			err = bench_fail(ENOTCONN, "no reply at all: needs the peer of '%s' an XDP program or GRO, the server a neighbour entry?",
					 a->iface);
	}
	if (!err)
		err = pass(b, a, l->rate, l->seconds, requests(l), &res->run);
	res->interrupted = drive_stop;
	return err;
}

static int generate(struct arguments *a)
{
	static struct result res;
	struct report rep = { .tool = "livegen", .client = "live-frames", .load = &a->common.load,
			      .keys = &a->common.keys, .res = &res,
			      .flood = a->common.load.rate == 0 };
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = XDP_FLAGS_DRV_MODE);
	int err, link = -1, ifindex = if_nametoindex(a->iface);
	struct live_bpf *b;

	if (!ifindex)
		return bench_fail(ENODEV, "no interface '%s' here", a->iface);
	if (!memcmp(a->path.src_mac, "\0\0\0\0\0\0", MAC_LEN)) {
		err = interface_mac(a->path.src_mac, a->iface);
		if (err)
			return err;
	}
	if (a->common.has_preload) {
		err = mc_preload(&a->common.preload, &a->common.keys);
		if (err)
			return err;
	}
	b = live_bpf__open();
	if (!b)
		return bench_fail(errno, "opening the BPF programs: %s", strerror(errno));
	err = bpf_map__set_max_entries(b->maps.expect, a->common.keys.count);
	if (!err)
		err = live_bpf__load(b);
	if (err) {
		bench_fail(-err, "loading the BPF programs: %s", strerror(-err));
		goto out;
	}
	err = fill_maps(b, a);
	if (err)
		goto out;
	link = bpf_link_create(bpf_program__fd(b->progs.live_sink), ifindex, BPF_XDP, &opts);
	if (link < 0) {
		err = bench_fail(errno, "attaching to '%s': %s", a->iface, strerror(errno));
		goto out;
	}
	drive_catch_signals();
	err = run(b, a, &res);
	if (err)
		goto out;
	report_text(stdout, &rep);
	if (a->common.json)
		err = report_json(a->common.json, &rep);
	if (!err)
		err = report_status(&rep);
out:
	if (link >= 0)
		close(link);
	live_bpf__destroy(b);
	return err;
}

int main(int argc, char **argv)
{
	static const struct argp_child children[] = { { .argp = &options_argp }, { 0 } };
	static const struct argp argp = {
		.options = argp_options, .parser = parse, .children = children,
		.doc = "Flood memcached with GETs made inside the kernel, and check length, key, id and a sum of every reply."
		       "\vThere is no latency; with --rate requests are sent evenly, else as fast as possible and lost ones are normal. --window, --ports and --timeout mean nothing here.",
	};
	struct arguments a = { .path = { .src_port = 20000, .ports = LIVE_PORTS } };
	int err;

	options_default(&a.common);
	argp_parse(&argp, argc, argv, 0, NULL, &a);
	a.path.dst_ip = ntohl(a.common.server.sin_addr.s_addr);
	a.path.dst_port = ntohs(a.common.server.sin_port);
	err = generate(&a);
	if (err < 0)
		fprintf(stderr, "livegen: %s\n", bench_errmsg());
	return err < 0 ? 1 : err;
}
