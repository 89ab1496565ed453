// SPDX-License-Identifier: GPL-2.0-only
/*
 * livegen: GETs made inside the kernel (BPF_F_TEST_XDP_LIVE_FRAMES). Without --rate
 * the rate of good replies is what the other end still does under overload, which may
 * be less than it can do; there is no latency, and lost requests are the normal case.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <math.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "fail.h"
#include "path.h"
#include "live.h"
#include "live.skel.h"
#include "mc/proto.h"
#include "options.h"
#include "report.h"

#define HEADERS		42	/* Ethernet, IPv4 and UDP */
#define BATCH		64
#define ROUND		(512 * BATCH)	/* frames a system call, dropped ones included */
#define WARM_RATE	10000		/* requests a second */
#define GRACE		1		/* s, to send what was due */
#define SETTLE_NS	UINT64_C(200000000)	/* of silence: what is missing then is lost */
#define LATE_NS		UINT64_C(1000000000)	/* for replies to lost requests */
#define SECOND_NS	UINT64_C(20000000)	/* for second replies */

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
		else if (!options_plain(&a->common))
			err = bench_fail(EINVAL, "livegen sends GETs of uniformly drawn keys at equal distances, and measures no latency; use rexgen for --zipf, --hot, --sequential, --missing, --mix, --multi, --preset, --poisson, --discard, --search, --hgrm, --series");
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

static uint64_t text_hash(const uint8_t *p, uint32_t len)
{
	uint64_t hash = 0, w;

	for (uint32_t i = 0; i < len; i += 8) {
		w = 0;
		memcpy(&w, p + i, len - i < 8 ? len - i : 8);
		hash = live_hash(hash, w);
	}
	return hash;
}

static struct live_expect expected(const struct keyset *k, uint32_t index)
{
	uint8_t text[REPLY_MAX];
	uint32_t n = key_reply(k, index, text);

	return (struct live_expect){ .len = MC_FRAME_LEN + n, .hash = text_hash(text, n) };
}

static int fill_expect(struct live_bpf *b, const struct keyset *k)
{
	struct live_expect *e = calloc(k->count, sizeof(*e));
	uint32_t *keys = calloc(k->count, sizeof(*keys)), n = k->count;
	int err = e && keys ? 0 : -ENOMEM;

	for (uint32_t i = 0; i < k->count && !err; i++) {
		keys[i] = i;
		e[i] = expected(k, i);
	}
	if (!err)
		err = bpf_map_update_batch(bpf_map__fd(b->maps.expect), keys, e, &n, NULL);
	free(e);
	free(keys);
	return err;
}

static int fill_maps(struct live_bpf *b, const struct arguments *a)
{
	const struct keyset *k = &a->common.keys;
	struct request first = { 0 };
	struct live_config c = { .ifindex = if_nametoindex(a->iface), .keys = k->count,
				 .digits = k->digits, .src_port = a->path.src_port,
				 .dst_port = a->path.dst_port, .id_at = HEADERS, .port_at = 34,
				 .src_ip = htonl(a->path.src_ip), .dst_ip = htonl(a->path.dst_ip),
				 .end_hash = text_hash((const uint8_t *)"END\r\n", 5) };
	char key[KEY_MAX];
	uint32_t zero = 0;
	int err;

	memcpy(c.src_mac, a->path.src_mac, MAC_LEN);
	memcpy(c.dst_mac, a->path.dst_mac, MAC_LEN);
	c.frame_len = path_request(c.frame, &a->path, k, &first);
	c.frame[40] = c.frame[41] = 0;	/* no UDP checksum: every frame differs */
	c.digits_at = HEADERS + MC_FRAME_LEN + 4 + key_text(k, 0, key) - k->digits;
	err = bpf_map_update_elem(bpf_map__fd(b->maps.config), &zero, &c, 0);
	if (!err)
		err = fill_expect(b, k);
	return err ? bench_fail(-err, "filling livegen's maps: %s", strerror(-err)) : 0;
}

/* What became of the requests of one phase; what is pending is not known yet. */
static void read_counts(struct live_bpf *b, struct counts *out)
{
	uint64_t *const column[LIVE_COUNTS] = {
		[LIVE_SENT] = &out->sent, [LIVE_GOOD] = &out->verified,
		[LIVE_MISSING] = &out->missing, [LIVE_WRONG] = &out->wrong,
		[LIVE_LOST] = &out->lost, [LIVE_LATE] = &out->late,
		[LIVE_LATE_WRONG] = &out->late_wrong, [LIVE_DUPLICATE] = &out->duplicate,
		[LIVE_DUPLICATE_WRONG] = &out->duplicate_wrong, [LIVE_STRAY] = &out->stray,
		[LIVE_STRAY_PORT] = &out->stray_port, [LIVE_STRAY_ADDRESS] = &out->stray_address,
	};
	int cpus = libbpf_num_possible_cpus();
	uint64_t per_cpu[cpus];

	for (uint32_t i = 0; i < LIVE_COUNTS; i++) {
		uint32_t at = i + b->bss->run * LIVE_COUNTS;

		*column[i] = 0;
		if (!bpf_map_lookup_elem(bpf_map__fd(b->maps.count), &at, per_cpu))
			for (int cpu = 0; cpu < cpus; cpu++)
				*column[i] += per_cpu[cpu];
	}
	out->received = out->verified + out->missing + out->wrong;
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

/* Wait until all replies are there or none came for SETTLE_NS; notes when the last one came. */
static void settle(struct live_bpf *b, struct counts *c, uint64_t *last)
{
	uint64_t seen;

	read_counts(b, c);
	do {
		seen = c->received;
		for (uint64_t t = now_ns(); now_ns() - t < SETTLE_NS && c->received == seen &&
		     c->received + c->lost < c->sent;) {
			usleep(2000);
			read_counts(b, c);
		}
		if (c->received != seen)
			*last = now_ns();
	} while (c->received != seen && c->received + c->lost < c->sent);
}

/* What has no reply by now is lost: count it, and give it some time to come after all. */
static void bury(struct live_bpf *b, struct counts *c)
{
	uint64_t lost = 0, end, used = b->bss->number;

	used = used < LIVE_SLOTS ? used : LIVE_SLOTS;
	for (uint64_t i = 0; i < used; i++) {
		uint32_t was = b->bss->slot[i];

		if ((was & SLOT_STATE) == SLOT_PENDING)
			lost += __sync_bool_compare_and_swap(&b->bss->slot[i], was,
							     was | SLOT_LOST);
	}
	end = now_ns() + (lost ? LATE_NS : SECOND_NS);
	do {
		usleep(5000);
		read_counts(b, c);
		c->lost += lost;
	} while (now_ns() < end && (!lost || c->late < c->lost));
}

/*
 * Send until @n requests have left or the time is over. With a rate, @n is what is due, and
 * a generator that is behind gets another second.
 */
static int pass(struct live_bpf *b, const struct arguments *a, double rate, double seconds,
		uint64_t n, struct counts *out)
{
	uint64_t start, end, last;
	uint8_t frame[LIVE_FRAME];
	struct request first = { 0 };
	uint32_t len = path_request(frame, &a->path, &a->common.keys, &first);
	double nominal = rate > 0 ? n / rate : 0;
	int err = 0;

	start = now_ns();
	end = start + (seconds + (rate > 0 ? GRACE : 0)) * 1e9;
	b->bss->left = n;
	b->bss->next_due = start;
	b->bss->lag_max = 0;
	b->bss->interval_ns = rate > 0 ? 1e9 / rate : 0;
	while (!err && !drive_stop && b->bss->left && now_ns() < end)
		err = send_frames(b, frame, len, rate > 0 || b->bss->left > ROUND ? ROUND : b->bss->left);
	b->bss->left = 0;
	end = last = now_ns();
	settle(b, out, &last);
	bury(b, out);
	out->due = rate > 0 && !drive_stop ? n : out->sent;
	out->send_seconds = (end - start) / 1e9;
	if (out->send_seconds < nominal && !drive_stop)
		out->send_seconds = nominal;
	out->last_reply_seconds = (last - start) / 1e9;
	out->lag.max = b->bss->lag_max;
	return err;
}

/* How many requests the run is to send. */
static uint64_t requests(const struct load *l)
{
	uint64_t n = l->requests ? l->requests : UINT64_MAX;
	uint64_t due = l->rate > 0 ? (uint64_t)ceil(l->rate * l->seconds) : n;

	return due < n ? (uint64_t)due : n;
}

static void take_samples(struct live_bpf *b, const struct keyset *k, struct samples *out)
{
	static const char *const why[WHYS] = {
		"right", "the key was not found", "wrong MAC address", "an IP fragment", "wrong length",
		"wrong IP checksum", "wrong UDP checksum", "wrong frame header", "wrong bytes", "stray",
	};
	static const char *const kind[BAD_KINDS] = {
		"", "", "late, and ", "second reply, ", ", nothing was asked", ", wrong port",
		", wrong address",
	};
	char key[KEY_MAX], from[INET_ADDRSTRLEN], to[INET_ADDRSTRLEN];

	for (int i = 0; i < BAD_KINDS * SAMPLES_EACH; i++) {
		const struct live_sample *s = &b->bss->sample[i];
		int n = i / SAMPLES_EACH;

		if (s->why == WHY_STRAY)
			samples_add(out, n, "stray%s: from %s:%u to port %u of %s", kind[n],
				    inet_ntop(AF_INET, &s->src_ip, from, sizeof(from)),
				    ntohs(s->src_port), ntohs(s->dst_port),
				    inet_ntop(AF_INET, &s->dst_ip, to, sizeof(to)));
		else if (b->bss->sampled[n] > (unsigned int)i % SAMPLES_EACH)
			samples_add(out, n, "%s%s: key '%.*s', source port %u, request id %u", kind[n],
				    why[s->why], (int)key_text(k, s->key, key), key,
				    ntohs(s->dst_port), s->id);
	}
}

static int run(struct live_bpf *b, const struct arguments *a, struct result *res)
{
	const struct load *l = &a->common.load;
	int err = 0;

	if (l->warm_up) {
		/* slow enough for memcached to keep up: every reply is one that a cache can fill from */
		err = pass(b, a, WARM_RATE, 3600, a->common.keys.count, &res->counts[PHASE_WARM]);
		if (!err && !res->counts[PHASE_WARM].received)
			err = bench_fail(ENOTCONN, "no reply at all: needs the peer of '%s' an XDP program or GRO, the server a neighbour entry?",
					 a->iface);
	}
	b->bss->run = 1;
	if (!err && !drive_stop)
		err = pass(b, a, l->rate, l->seconds, requests(l), &res->counts[PHASE_RUN]);
	take_samples(b, &a->common.keys, &res->bad);
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
		err = preload(&a->common.preload, &a->common.keys);
		if (err)
			return err;
	}
	a->common.load.may_lose = true;	/* there is no loop that waits */
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
		.doc = "Flood memcached with GETs made inside the kernel, and check every reply in BPF: headers, checksums, id, length, and a hash of the text."
		       "\vThere is no latency; with --rate requests are sent evenly, else as fast as possible and lost ones are normal. A request is lost when no reply came for 0.2 s after the end. --window, --ports, --timeout and --may-lose mean nothing here.\n"
		       STATUS_HELP,
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
