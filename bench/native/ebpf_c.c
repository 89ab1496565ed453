// SPDX-License-Identifier: GPL-2.0-only
/* bmc.bpf.c as a C compiler makes it for this CPU: what a perfect JIT could reach. */
#include <linux/types.h>

#include "baseline.h"
#include "native.h"

#define BMC_CONFIG	BASELINE_CONFIG(NATIVE_ENTRIES)
static struct bmc_entry native_cache[NATIVE_ENTRIES];
static __u64 native_stats[__BMC_STATS];

#include "bmc.bpf.c"

long bpf_xdp_adjust_tail(struct xdp_md *ctx, int delta)
{
	struct room *r = room();
	int err = room_adjust_tail(r, delta);

	ctx->data_end = (__u32)(long)r->end;
	return err;
}

/* Not needed: there is always room behind the frame. */
long bpf_xdp_adjust_head(struct xdp_md *ctx __attribute__((unused)), int delta __attribute__((unused)))
{
	return -1;
}

long bpf_xdp_load_bytes(struct xdp_md *ctx, __u32 offset, void *to, __u32 len)
{
	if (offset + len > ctx->data_end - ctx->data)
		return -1;
	memcpy(to, (void *)(long)ctx->data + offset, len);
	return 0;
}

long bpf_xdp_store_bytes(struct xdp_md *ctx, __u32 offset, void *from, __u32 len)
{
	if (offset + len > ctx->data_end - ctx->data)
		return -1;
	memcpy((void *)(long)ctx->data + offset, from, len);
	return 0;
}

long bpf_skb_load_bytes(const void *skb, __u32 offset, void *to, __u32 len)
{
	const struct __sk_buff *s = skb;

	if (offset + len > s->data_end - s->data)
		return -1;
	memcpy(to, (void *)(long)s->data + offset, len);
	return 0;
}

static unsigned int call(struct room *r)
{
	struct xdp_md ctx = { .data = (__u32)(long)r->data, .data_end = (__u32)(long)r->end };

	return bmc_ingress(&ctx);
}

static double run(const struct runner *r __attribute__((unused)), const struct packet *p, bool stub,
		  unsigned int n, struct frame *out)
{
	return native_run(p, stub, n, out, call);
}

static void fill(const struct runner *runner __attribute__((unused)), const struct packet *p)
{
	struct room *r = room();
	struct __sk_buff skb = { .data = (__u32)(long)r->page };

	memcpy(r->page, p->reply.bytes, p->reply.len);
	skb.data_end = skb.data + p->reply.len;
	bmc_egress(&skb);
}

struct runner ebpf_c_runner(void)
{
	return (struct runner){ .name = "ebpf_c", .fill = fill, .run = run };
}
