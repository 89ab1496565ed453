// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts the instructions that a packet costs, for the eBPF and for the Rex accelerator.
 *
 * Only meaningful under "topology/vm/run --icount", where the guest's clock advances by
 * one nanosecond per instruction: the duration that BPF_PROG_TEST_RUN reports is
 * the count. Each answer is compared with the bytes that memcached would have sent.
 *
 * The eBPF accelerator's cache is filled by its own egress entry. The Rex one trusts nothing but
 * what memcached reads and writes: it is started beside a real memcached (with the command that
 * is our argument) and filled by GETs to that.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/bpf.h>
#include <linux/types.h>
#include <net/if.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <rex/librex.h>
#include "baseline.h"
#include "bmc.skel.h"
#include "bmc_checked.skel.h"
#include "counted.h"
#include "insn.h"
#include "memcached.h"
#include "wrap.skel.h"

#define REPEAT	1000
#define ROUNDS	7
#define KEYS	3		/* of each length: one of 250 meets another key in its place */
#define ENTRIES	(1 << 16)
#define MAX_ROWS 32
#define TARGETS	3		/* columns: eBPF, eBPF with the checks, Rex */
#define TRACKED	1000		/* bytes of the value of the SET whose tracking is counted */

struct target {
	const char *name;
	struct wrap *wrap;
	int ingress, empty;		/* program fds */
	int egress;			/* -1: filled by a server */
	int ifindex;			/* that packets come from; 0: none */
};

static struct row {
	char packet[32];
	__s32 count[TARGETS];
} rows[MAX_ROWS];
static int n_rows;

/* @count: below 0, if what was subtracted happened to cost more */
static void note(int target, __s32 count, const char *format, ...)
{
	char packet[sizeof(rows->packet)];
	va_list ap;
	int i;

	va_start(ap, format);
	vsnprintf(packet, sizeof(packet), format, ap);
	va_end(ap);
	for (i = 0; i < n_rows; i++)
		if (!strcmp(rows[i].packet, packet))
			break;
	if (i == MAX_ROWS)
		die("more than %d rows", MAX_ROWS);
	if (i == n_rows)
		strcpy(rows[n_rows++].packet, packet);
	rows[i].count[target] = count;
}

/* One BPF_PROG_TEST_RUN. Returns the instructions per run. */
static __u32 run(const struct target *t, int prog, const struct frame *in, int repeat,
		 __u32 want, struct frame *out)
{
	static struct frame scratch;
	struct xdp_md ctx = { .data_end = in->len, .ingress_ifindex = t->ifindex };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = in->bytes, .data_size_in = in->len,
		    .repeat = repeat);

	if (t->ifindex) {
		opts.ctx_in = &ctx;
		opts.ctx_size_in = sizeof(ctx);
	}
	if (!out)
		out = &scratch;
	opts.data_out = out->bytes;
	opts.data_size_out = sizeof(out->bytes);
	if (bpf_prog_test_run_opts(prog, &opts))
		die("cannot run a program: %s", strerror(errno));
	if (opts.retval != want)
		die("verdict %d, expected %d, for a packet of %zu bytes", (int)opts.retval,
		    (int)want, in->len);
	out->len = opts.data_size_out;
	return opts.duration;
}

static int by_size(const void *a, const void *b)
{
	__u32 x = *(const __u32 *)a, y = *(const __u32 *)b;

	return (x > y) - (x < y);
}

static __u32 median(__u32 *counts, size_t n)
{
	qsort(counts, n, sizeof(*counts), by_size);
	return counts[n / 2];
}

/* The median of several rounds; under -icount they hardly differ. */
static __u32 count(const struct target *t, int prog, const struct frame *in, __u32 want)
{
	__u32 round[ROUNDS];
	int i;

	run(t, prog, in, 1, want, NULL);
	for (i = 0; i < ROUNDS; i++)
		round[i] = run(t, prog, in, REPEAT, want, NULL);
	return median(round, ROUNDS);
}

static void set_packet(struct wrap *wrap, const struct frame *in, size_t reply_len)
{
	struct insn_packet packet = { .len = in->len, .reply_len = reply_len };
	__u32 first = 0;

	if (in->len > sizeof(packet.bytes))
		die("a request of %zu bytes does not fit the wrapper", in->len);
	memcpy(packet.bytes, in->bytes, in->len);
	if (bpf_map_update_elem(bpf_map__fd(wrap->maps.packets), &first, &packet, 0))
		die("cannot set the packet: %s", strerror(errno));
}

/* As count(), of a program that makes @reply of @in, without what the wrapper costs. */
static __u32 count_wrapped(const struct target *t, int prog, const struct frame *in,
			   size_t reply_len, const struct frame *reply)
{
	int wrapper = bpf_program__fd(t->wrap->progs.wrap);
	__u32 round[ROUNDS], first = 0;
	struct frame out;
	int i;

	if (bpf_map_update_elem(bpf_map__fd(t->wrap->maps.programs), &first, &prog, 0))
		die("cannot tail-call a program: %s", strerror(errno));
	for (i = 0; i < ROUNDS; i++) {
		set_packet(t->wrap, in, reply_len);
		round[i] = run(t, wrapper, in, REPEAT, XDP_TX, &out);
		if (reply && !frame_is_reply(&out, reply))
			die("wrong reply of %zu bytes, expected %zu", out.len, reply->len);
	}
	return median(round, ROUNDS);
}

/* Puts the reply to a GET into the accelerator's cache. */
static void fill(const struct target *t, const char *key, const struct frame *request,
		 const struct frame *reply, size_t value_len)
{
	if (t->egress < 0) {
		server_set(key, value_len);
		server_get(key);
		return;
	}
	run(t, t->ingress, request, 1, XDP_PASS, NULL);
	run(t, t->egress, reply, 1, (__u32)-1 /* TC_ACT_UNSPEC */, NULL);
}

static __u32 count_hit_of(const struct target *t, const char *key, size_t value_len)
{
	int stub = bpf_program__fd(t->wrap->progs.stub);
	struct frame request, reply, out;
	__u32 with;

	frame_get(&request, key);
	frame_reply(&reply, key, value_len);
	fill(t, key, &request, &reply, value_len);
	run(t, t->ingress, &request, 1, XDP_TX, &out);
	if (!frame_is_reply(&out, &reply))
		die("%s: wrong reply to a GET of %zu/%zu bytes", t->name, strlen(key), value_len);
	with = count_wrapped(t, t->ingress, &request, reply.len, &reply);
	return with - count_wrapped(t, stub, &request, reply.len, NULL);
}

static void count_hit(const struct target *t, int target, size_t key_len, size_t value_len)
{
	static char letter = 'a';	/* keys of its own for each case */
	__u32 of_key[KEYS];
	char key[256];

	make_key(key, key_len, letter++);
	for (int i = 0; i < KEYS; i++) {
		key[0] = '0' + i;
		of_key[i] = count_hit_of(t, key, value_len);
	}
	note(target, median(of_key, KEYS), "get-hit-%zu-%zu", key_len, value_len);
}

static void count_miss(const struct target *t, int target, size_t key_len)
{
	__u32 of_key[KEYS];
	struct frame frame;
	char key[256];

	make_key(key, key_len, 'M');
	for (int i = 0; i < KEYS; i++) {
		key[0] = '0' + i;
		frame_get(&frame, key);
		of_key[i] = count(t, t->ingress, &frame, XDP_PASS);
	}
	note(target, median(of_key, KEYS), "get-miss-%zu", key_len);
}

/*
 * @added: what a SET of 1000 bytes costs more than without the accelerator, apart from XDP. What its
 * segment and the acknowledgement of the reply cost there is the rest of what tracking costs.
 */
static void count_all(const struct target *t, int target, __u32 added)
{
	static const size_t hits[][2] = {
		{ 16, 32 }, { 16, 100 }, { 16, 500 }, { 16, 1000 }, { 64, 32 }, { 64, 1000 },
	};
	static const size_t misses[] = { 16, 64 }, sets[] = { 32, 200, 1000, 1400 };
	struct frame frame, *f = &frame;
	char key[256], text[MAX_FRAME];
	__u32 n, set = 0;
	size_t i, len;

	for (i = 0; i < sizeof(hits) / sizeof(*hits); i++)
		count_hit(t, target, hits[i][0], hits[i][1]);
	for (i = 0; i < sizeof(misses) / sizeof(*misses); i++)
		count_miss(t, target, misses[i]);
	make_key(key, 16, 'k');
	for (i = 0; i < sizeof(sets) / sizeof(*sets); i++) {
		len = mc_build_set(text, key, strlen(key), 0, value_bytes(sets[i]), sets[i]);
		frame_tcp(f, text, len);
		n = count(t, t->ingress, f, XDP_PASS);
		note(target, n, "tcp-set-%zu", sets[i]);
		if (sets[i] == TRACKED)
			set = n;
	}
	len = sprintf(text, "get %s\r\n", key);
	frame_tcp(f, text, len);
	note(target, count(t, t->ingress, f, XDP_PASS), "tcp-get");
	frame_tcp(f, "", 0);
	n = count(t, t->ingress, f, XDP_PASS);
	note(target, n, "tcp-ack");
	note(target, added + set + n, "tcp-set-%d-tracked", TRACKED);
	frame_udp(f, 53, "hello world hello world", 23);
	note(target, count(t, t->ingress, f, XDP_PASS), "udp-other");
	note(target, count(t, t->empty, f, XDP_PASS), "empty");
}

/* Programs of frames of one buffer and of several do not call one another. */
static struct wrap *open_wrap(bool frags)
{
	struct wrap *wrap = wrap__open();
	struct bpf_program *prog;

	if (!wrap)
		die("cannot open the wrapper: %s", strerror(errno));
	if (frags)
		bpf_object__for_each_program(prog, wrap->obj)
			bpf_program__set_flags(prog, BPF_F_XDP_HAS_FRAGS);
	if (wrap__load(wrap))
		die("cannot load the wrapper: %s", strerror(errno));
	return wrap;
}

/* @elf: one of the two objects made of bmc.bpf.c. */
static void load_ebpf(struct target *t, const char *name, const void *elf, size_t size)
{
	struct bpf_object *obj = bpf_object__open_mem(elf, size, NULL);

	baseline_load(obj, name, ENTRIES);
	t->name = name;
	t->wrap = open_wrap(false);
	t->ingress = baseline_prog(obj, "bmc_ingress");
	t->egress = baseline_prog(obj, "bmc_egress");
	t->empty = bpf_program__fd(t->wrap->progs.empty);
}

static int shim(const struct rex_program *program, const char *name)
{
	const struct rex_entry *entry;
	struct bpf_object *obj;
	int fd;

	if (rex_program_entry(program, name, -1, &entry) || rex_shim_load(entry, &obj, &fd))
		die("%s", rex_errmsg());
	return fd;
}

/* The program that the start command has loaded, and that runs on @dev. */
static void find_rex(struct target *t, const char *dev, const char *empty_ko)
{
	struct rex_program *bmc, *empty;
	const struct rex_entry *entry;
	struct rex *rex = NULL;

	if (rex_program_load(&rex, empty_ko, &empty) || rex_program_get(rex, "rex_bmc", &bmc) ||
	    rex_program_entry(bmc, "ingress", -1, &entry))
		die("%s", rex_errmsg());
	t->name = "rex";
	t->wrap = open_wrap(entry->flags & REX_ENTRY_FRAGS);
	t->ingress = shim(bmc, "ingress");
	t->egress = -1;
	t->empty = shim(empty, "empty");
	t->ifindex = if_nametoindex(dev);
	if (!t->ifindex)
		die("there is no interface \"%s\"", dev);
}

int main(int argc, char **argv)
{
	struct target targets[TARGETS] = {}, *rex = &targets[TARGETS - 1];
	__u32 alone, tracked, other_alone, other;
	const void *elf;
	size_t size;
	int i;

	if (argc != 4) {
		fputs("usage: insn DEV START-COMMAND REX_EMPTY.ko (called by bench/insn/run)\n", stderr);
		return 64;
	}
	alone = server_count_sets(MC_PORT, TRACKED);
	other_alone = server_count_sets(OTHER_PORT, TRACKED);
	elf = bmc__elf_bytes(&size);
	load_ebpf(&targets[0], "ebpf", elf, size);
	elf = bmc_checked__elf_bytes(&size);
	load_ebpf(&targets[1], "ebpf_checked", elf, size);
	for (i = 0; i < TARGETS - 1; i++)
		count_all(&targets[i], i, 0);
	if (system(argv[2]))
		die("\"%s\" failed", argv[2]);
	find_rex(rex, argv[1], argv[3]);
	tracked = server_count_sets(MC_PORT, TRACKED);
	other = server_count_sets(OTHER_PORT, TRACKED);
	note(TARGETS - 1, other - other_alone, "tcp-set-%d-other", TRACKED);
	/* The client has no part in it: another server's SETs cost what they did. */
	count_all(rex, TARGETS - 1, tracked - alone);
	for (i = 0; i < n_rows; i++)
		printf("%s\t%d\t%d\t%d\n", rows[i].packet, rows[i].count[0], rows[i].count[1],
		       rows[i].count[2]);
	printf("# a SET of %d bytes, client and server: %u alone, %u tracked; of another server %u, %u\n",
	       TRACKED, alone, tracked, other_alone, other);
	return 0;
}
