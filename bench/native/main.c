// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nanoseconds per packet on this CPU: the eBPF accelerator as the kernel runs it, the same with the
 * checks of the Rex one, its C compiled for the CPU, and the Rex one. Round by round each runs a
 * batch of each packet, so that whatever disturbs the machine disturbs all of them.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mc/proto.h"
#include "native.h"

#define RUNNERS	4
#define PACKETS	16
#define BATCH	2000		/* runs: about 0.1 ms, less than a time slice */

static struct packet packets[PACKETS];
static int n_packets;

__attribute__((format(printf, 1, 2))) static struct packet *add(const char *format, ...)
{
	struct packet *p = &packets[n_packets++];
	va_list ap;

	va_start(ap, format);
	vsnprintf(p->name, sizeof(p->name), format, ap);
	va_end(ap);
	return p;
}

static void make_packets(void)
{
	static const size_t hits[][2] = { { 16, 32 }, { 16, 100 }, { 16, 1000 }, { 64, 32 }, { 64, 1000 } };
	char key[256], text[MAX_FRAME], letter = 'a';
	struct packet *p;
	size_t i;

	for (i = 0; i < sizeof(hits) / sizeof(*hits); i++) {
		p = add("get-hit-%zu-%zu", hits[i][0], hits[i][1]);
		make_key(key, hits[i][0], letter++);
		frame_get(&p->request, key);
		frame_reply(&p->reply, key, hits[i][1]);
		p->hit = true;
	}
	for (i = 16; i <= 64; i += 48) {
		p = add("get-miss-%zu", i);
		make_key(key, i, 'M');
		frame_get(&p->request, key);
	}
	make_key(key, 16, 'k');
	p = add("tcp-set-1000");
	frame_tcp(&p->request, text, mc_build_set(text, key, strlen(key), 0, value_bytes(1000), 1000));
	p = add("tcp-ack");
	frame_tcp(&p->request, "", 0);
	p = add("udp-other");
	frame_udp(&p->request, 53, "hello world hello world", 23);
}

/* Nanoseconds of one run, without what is around the program. */
static double one(const struct runner *r, const struct packet *p)
{
	double stub = r->run(r, p, true, BATCH, NULL);

	return (r->run(r, p, false, BATCH, NULL) - stub) / BATCH;
}

static void check(const struct runner *r, const struct packet *p)
{
	struct frame out;

	if (p->hit)
		r->fill(r, p);
	/* twice: what is asked for the first time only is not measured */
	r->run(r, p, false, 1, &out);
	r->run(r, p, false, 2, &out);
	if (p->hit ? !frame_is_reply(&out, &p->reply) :
		     out.len != p->request.len || memcmp(out.bytes, p->request.bytes, out.len))
		die("%s, %s: wrong frame of %zu bytes", r->name, p->name, out.len);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* A line for bench/native/run: PACKET, and for each runner the median, least and most. */
static void report(double *(*series)[RUNNERS], unsigned int rounds)
{
	for (int i = 0; i < n_packets; i++) {
		printf("%s", packets[i].name);
		for (int j = 0; j < RUNNERS; j++) {
			double *ns = series[i][j];

			qsort(ns, rounds, sizeof(*ns), by_size);
			printf("\t%.2f\t%.2f\t%.2f", ns[rounds / 2], ns[0], ns[rounds - 1]);
		}
		putchar('\n');
	}
}

int main(int argc, char **argv)
{
	static double *series[PACKETS][RUNNERS];
	struct runner runners[RUNNERS];
	unsigned int rounds;

	if (argc == 2 && !strcmp(argv[1], "profile")) {
		make_packets();
		runners[0] = rex_runner();
		for (int i = 0; i < n_packets; i++)
			check(&runners[0], &packets[i]);
		return profile(&runners[0], packets, n_packets);
	}
	if (argc != 4 || !((rounds = atoi(argv[1])) || !strcmp(argv[1], "checks"))) {
		fputs("usage: native ROUNDS|checks BMC.bpf.o BMC_CHECKED.bpf.o, native profile (called by bench)\n",
		      stderr);
		return 64;
	}
	make_packets();
	runners[0] = ebpf_runner("ebpf", argv[2]);
	runners[1] = ebpf_runner("ebpf_checked", argv[3]);
	runners[2] = ebpf_c_runner();
	runners[3] = rex_runner();
	if (!rounds)
		return compare_checks(&packets[0], &runners[1], &runners[3]);
	for (int i = 0; i < n_packets; i++)
		for (int j = 0; j < RUNNERS; j++) {
			series[i][j] = calloc(rounds, sizeof(double));
			if (!series[i][j])
				die("no memory for %u rounds", rounds);
			check(&runners[j], &packets[i]);
		}
	for (unsigned int round = 0; round < rounds; round++)
		for (int i = 0; i < n_packets; i++)
			for (int j = 0; j < RUNNERS; j++)
				series[i][j][round] = one(&runners[j], &packets[i]);
	report(series, rounds);
	return 0;
}
