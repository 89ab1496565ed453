// SPDX-License-Identifier: GPL-2.0-only
/* What the two native runners have in common: a frame, and the loop around their programs. */
#include <linux/bpf.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "native.h"

#define HEADROOM	256
#define TAILROOM	320		/* struct skb_shared_info */
#define PAGE		4096

double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

struct room *room(void)
{
	static struct room room;

	if (!room.page) {
		room.page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
		if (room.page == MAP_FAILED)
			die("no memory for a frame");
	}
	return &room;
}

int room_adjust_tail(struct room *r, int delta)
{
	unsigned char *end = r->end + delta;

	if (end > r->page + PAGE - TAILROOM || end < r->data + 14)
		return -1;
	if (delta > 0)
		memset(r->end, 0, delta);
	r->end = end;
	return 0;
}

/* By words; the wrapper of the eBPF programs has a helper for it. Both are subtracted. */
static void restore(struct room *r, const struct packet *p)
{
	size_t words = (p->request.len + 7) / 8;

	for (size_t i = 0; i < words; i++)
		((volatile uint64_t *)r->data)[i] = ((const uint64_t *)p->request.bytes)[i];
	r->end = r->data + p->request.len;
}

static unsigned int stub_hit(struct room *r, const struct packet *p)
{
	return room_adjust_tail(r, p->reply.len - p->request.len) ? XDP_ABORTED : XDP_TX;
}

__attribute__((noinline)) static unsigned int stub_pass(struct room *r)
{
	asm volatile("" : : "r"(r) : "memory");
	return XDP_PASS;
}

double native_run(const struct packet *p, bool stub, unsigned int n, struct frame *out,
		  unsigned int (*call)(struct room *room))
{
	struct room *r = room();
	unsigned int verdict = 0;
	double before;

	r->data = r->page + HEADROOM;
	restore(r, p);
	before = now_ns();
	if (!p->hit) {
		unsigned int (*volatile one)(struct room *room) = stub ? stub_pass : call;

		for (unsigned int i = 0; i < n; i++)
			verdict = one(r);
	} else if (stub) {
		for (unsigned int i = 0; i < n; i++) {
			restore(r, p);
			verdict = stub_hit(r, p);
		}
	} else {
		for (unsigned int i = 0; i < n; i++) {
			restore(r, p);
			verdict = call(r);
		}
	}
	before = now_ns() - before;
	if (verdict != (p->hit ? XDP_TX : XDP_PASS))
		die("%s: verdict %u%s", p->name, verdict, stub ? " of the stub" : "");
	if (out) {
		out->len = r->end - r->data;
		memcpy(out->bytes, r->data, out->len);
	}
	return before;
}
