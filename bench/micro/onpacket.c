// SPDX-License-Identifier: GPL-2.0-only
/* What runs on a packet, by BPF_PROG_TEST_RUN. Each result is compared. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "measure.h"
#include "micro.h"
#include "rows.h"

#define XDP_REPEAT	2000
#define MAX_DEPTH	33		/* tail calls that the kernel makes in a row */
#define MAX_FRAMES	8		/* functions, with the program itself, that the verifier allows */

static const char *const names[SIDES] = { "eBPF", "Rex" };

struct run {
	int fd;
	__u32 len;
	__u32 want;			/* verdict */
	__u32 reported;			/* the kernel's own figure of the last run */
	struct ring *ring;		/* what the program fills, or NULL */
};

/* A ring buffer with records of the last runs; @per_run of them by each, in sequence. */
struct ring {
	struct ring_buffer *buffer;
	unsigned int per_run;
	unsigned long records;
};

/* Each record has a header of 8 bytes. */
_Static_assert(MEASURE_MOST * MICRO_MANY * (8 + sizeof(struct micro_record)) <= MICRO_RING,
	       "the ring buffer has room for all records of a round");

static int take_record(void *ctx, void *data, size_t size)
{
	const struct micro_record *record = data;
	struct ring *ring = ctx;
	__u64 want = MICRO_FRAME + ring->records++ % ring->per_run;

	if (size != sizeof(*record) || record->sequence != want || record->check != ~want)
		die("wrong record of %zu bytes: %llu, expected %llu", size, record->sequence, want);
	return 0;
}

static void after_run(void *arg, unsigned int n)
{
	struct ring *ring = ((struct run *)arg)->ring;

	if (!ring)
		return;
	ring->records = 0;
	ring_buffer__consume(ring->buffer);
	if (ring->records != (unsigned long)n * ring->per_run)
		die("%lu records of %u runs, expected %u each", ring->records, n, ring->per_run);
}

static void run_times(void *arg, unsigned int n)
{
	static __u8 packet[MICRO_FRAME + 64];
	struct run *r = arg;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = r->len,
		    .repeat = n);

	if (bpf_prog_test_run_opts(r->fd, &opts))
		die("cannot run a program: %s", strerror(errno));
	if (opts.retval != r->want)
		die("verdict %u, expected %u", opts.retval, r->want);
	r->reported = opts.duration;
}

static __u64 sink(enum side side, const char *object)
{
	__u32 first = 0;
	__u64 value;

	if (bpf_map_lookup_elem(side_map(side, object, "SINK"), &first, &value))
		die("cannot read a result: %s", strerror(errno));
	return value;
}

/*
 * XDP has a dispatcher, which each test run patches the program into and out of: that has no fixed
 * length. So the kernel's own figure is used, which is without it: whole units per run, of runs
 * that are many enough for the reading of the clock to vanish.
 */
static double measure_xdp(struct run *r)
{
	double t[MEASURE_ROUNDS];

	for (int i = 0; i < MEASURE_ROUNDS; i++) {
		run_times(r, XDP_REPEAT);
		t[i] = r->reported;
	}
	return measure_settle(t, MEASURE_ROUNDS);
}

/* ---- empty programs ------------------------------------------------------------------- */

static void empty(enum side side, const char *hook, __u32 verdict)
{
	struct run r = { .len = MICRO_FRAME, .want = verdict };
	struct loaded l;
	bool xdp = !strcmp(hook, "xdp");
	char program[32];

	snprintf(program, sizeof(program), "empty_%s", hook);
	if (!side_load(side, "empty", program, NULL, 0, &l)) {
		row_none(side, side_why(), "empty-%s", hook);
		return;
	}
	r.fd = bpf_program__fd(l.prog);
	row_set(side, xdp ? measure_xdp(&r) : measure(run_times, after_run, &r), "empty-%s", hook);
	side_unload(&l);
}

/* ---- operations ------------------------------------------------------------------------- */

static __u32 next_key(__u32 key)
{
	return (key * 5 + 1) % MICRO_CHAIN;
}

static void fill_chain(enum side side, const char *map, int copies)
{
	int fd = side_map(side, "ops", map);
	__u64 value[copies];

	for (__u32 key = 0; key < MICRO_CHAIN; key++) {
		for (int i = 0; i < copies; i++)
			value[i] = next_key(key);
		if (bpf_map_update_elem(fd, &key, copies > 1 ? (void *)value :
					&(__u32){ next_key(key) }, 0))
			die("cannot fill %s: %s", map, strerror(errno));
	}
}

static __u64 end_of_chain(unsigned int n)
{
	__u32 key = MICRO_FRAME;

	while (n--)
		key = next_key(key);
	return key;
}

static __u64 sequence_after(unsigned int n)
{
	return MICRO_FRAME + n;
}

static __u64 after_adds(unsigned int n)
{
	__u32 sum = MICRO_FRAME;

	while (n--)
		sum += sum >> 1;
	return sum;
}

static __u64 after_muls(unsigned int n)
{
	__u32 product = MICRO_FRAME;

	while (n--)
		product = product * 11 >> 3;
	return product;
}

/* Runs @op once; it must have been done @n times. */
static struct run prepare(enum side side, const char *op, const char *times, unsigned int n,
			  __u64 (*result)(unsigned int), struct ring *ring)
{
	struct run r = { .len = MICRO_FRAME, .want = TC_ACT_OK, .ring = ring };
	__u64 before, after, want;
	char program[32];

	snprintf(program, sizeof(program), "%s_%s", op, times);
	r.fd = side_fd(side, "ops", program);
	run_times(&r, 1);
	after_run(&r, 1);
	before = sink(side, "ops");
	run_times(&r, 1);
	after_run(&r, 1);
	after = sink(side, "ops");
	want = result ? result(n) : before + n;
	if (after != want)
		die("%s program %s has the result %llu, expected %llu", names[side], program,
		    after, want);
	return r;
}

static void operation(enum side side, const char *row, const char *op,
		      __u64 (*result)(unsigned int), struct ring *few_ring,
		      struct ring *many_ring)
{
	struct run few = prepare(side, op, "few", MICRO_FEW, result, few_ring);
	struct run many = prepare(side, op, "many", MICRO_MANY, result, many_ring);
	double cost = measure(run_times, after_run, &many) - measure(run_times, after_run, &few);

	row_set(side, cost / (MICRO_MANY - MICRO_FEW), "%s", row);
}

static void records(enum side side, const char *row, const char *op)
{
	struct ring few = { .per_run = MICRO_FEW }, many = { .per_run = MICRO_MANY };
	int fd = side_map(side, "ops", "RING");

	few.buffer = ring_buffer__new(fd, take_record, &few, NULL);
	many.buffer = ring_buffer__new(fd, take_record, &many, NULL);
	if (!few.buffer || !many.buffer)
		die("cannot read the ring buffer: %s", strerror(errno));
	operation(side, row, op, sequence_after, &few, &many);
	ring_buffer__free(few.buffer);
	ring_buffer__free(many.buffer);
}

/* One look-up and none: nothing that the compiler could keep from one to the next. */
static void first_lookup(enum side side)
{
	struct run one = prepare(side, "array", "one", 1, end_of_chain, NULL);
	struct run none = prepare(side, "array", "none", 0, end_of_chain, NULL);

	row_set(side, measure(run_times, after_run, &one) - measure(run_times, after_run, &none), "array-lookup-first");
}

static void operations(enum side side)
{
	int cpus = libbpf_num_possible_cpus();

	fill_chain(side, "ARRAY", 1);
	fill_chain(side, "HASH", 1);
	fill_chain(side, "PERCPU", cpus);
	first_lookup(side);
	operation(side, "array-lookup", "array", end_of_chain, NULL, NULL);
	operation(side, "percpu-array-lookup", "percpu", end_of_chain, NULL, NULL);
	operation(side, "hash-lookup", "hash", end_of_chain, NULL, NULL);
	operation(side, "static-atomic-add", "atomic", NULL, NULL, NULL);
	operation(side, "spin-lock-unlock", "lock", NULL, NULL, NULL);
	/* eBPF has one way: without a check */
	operation(side, "add", "add", after_adds, NULL, NULL);
	operation(side, "add-wrapping", side == REX ? "add_wrapping" : "add", after_adds, NULL,
		  NULL);
	operation(side, "mul", "mul", after_muls, NULL, NULL);
	operation(side, "mul-wrapping", side == REX ? "mul_wrapping" : "mul", after_muls, NULL,
		  NULL);
	records(side, "ringbuf-reserve-submit", "reserve");
	records(side, "ringbuf-output", "output");
}

/* ---- call depth --------------------------------------------------------------------------- */

static __u32 f(unsigned int n)
{
	return n <= 1 ? n : 3 * f(n - 1) + n;
}

static double call_depth(enum side side, int fd, unsigned int n)
{
	struct run r = { .fd = fd, .len = MICRO_FRAME + n };

	run_times(&r, 1);
	if (sink(side, "calls") != f(n))
		die("depth %u: %s has the result %llu, expected %u", n, names[side],
		    sink(side, "calls"), f(n));
	return measure(run_times, after_run, &r);
}

static void set_level(__u32 index, const char *program)
{
	int fd = side_fd(EBPF, "calls", program);

	if (bpf_map_update_elem(side_map(EBPF, "calls", "LEVELS"), &index, &fd, 0))
		die("cannot make %s a tail call: %s", program, strerror(errno));
}

/* The verifier's limit as it is, not as we think it is. */
static void ebpf_functions(unsigned int n)
{
	struct loaded l;
	char program[32];

	snprintf(program, sizeof(program), "calls_%u", n);
	if (n < MAX_FRAMES) {
		row_set(EBPF, call_depth(EBPF, side_fd(EBPF, "calls", program), n),
			"functions-%u", n);
		return;
	}
	if (side_load(EBPF, "toodeep", program, NULL, 0, &l))
		die("the verifier takes %u nested functions: measure them", n);
	row_none(EBPF, side_why(), "functions-%u", n);
}

static void depths(void)
{
	int ebpf = side_fd(EBPF, "calls", "depth"), cb = side_fd(EBPF, "calls", "depth_cb");
	int rex = side_fd(REX, "calls", "depth");
	double recursion[MAX_DEPTH + 1];
	unsigned int n;

	set_level(0, "level_cb");
	set_level(1, "level");
	for (n = 1; n <= MAX_DEPTH; n++) {
		recursion[n] = call_depth(REX, rex, n);
		row_set(EBPF, call_depth(EBPF, ebpf, n), "depth-%u", n);
		row_set(REX, recursion[n], "depth-%u", n);
	}
	for (n = 1; n <= MAX_DEPTH; n++) {
		row_set(EBPF, call_depth(EBPF, cb, n), "depth-cb-%u", n);
		row_set(REX, recursion[n], "depth-cb-%u", n);
	}
	for (n = 1; n <= MAX_FRAMES; n++) {
		ebpf_functions(n);
		row_set(REX, recursion[n], "functions-%u", n);
	}
}

void run_packet_rows(void)
{
	for (enum side side = 0; side < SIDES; side++) {
		empty(side, "xdp", XDP_PASS);
		empty(side, "tc", TC_ACT_OK);
		empty(side, "cgroup_skb", 1);
	}
	for (enum side side = 0; side < SIDES; side++)
		operations(side);
	depths();
}
