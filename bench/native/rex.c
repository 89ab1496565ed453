// SPDX-License-Identifier: GPL-2.0-only
/*
 * The machine code of rex_bmc.ko, linked into this program. What a GET over TCP reads and is
 * answered with fills the cache, as on a server.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/bpf.h>

#include "bmc/shared.h"
#include "mc/ethernet.h"
#include "mc/proto.h"
#include "native.h"
#include "rex_ko.h"

#define RECORD	REX_STREAM_RECORD

static int (*ingress)(void *ctx), (*sockets)(void *ctx);
static void (*before)(void), (*after)(void);	/* a run that is traced */

static void event(enum rex_stream_event what, __u32 flags, const void *data, size_t len)
{
	static __u64 record[RECORD / sizeof(__u64)];
	struct rex_stream s = {
		.data = (__u64)data, .len = len, .record = (__u64)record, .socket = 1,
		.event = what, .flags = flags, .asked = 16384, .tid = 1, .limit = len,
	};

	if (sockets(&s) != REX_STREAM_PASS || s.limit != len)
		die("rex_bmc keeps bytes from the server");
}

/* The server reads from its UDP socket: the one that rex_ko.c finds for each packet. */
static void learn_socket(void)
{
	static __u64 record[RECORD / sizeof(__u64)];
	struct rex_stream s = {
		.record = (__u64)record, .socket = 2, .sock = REX_KO_SOCKET, .event = REX_STREAM_READ,
		.flags = REX_STREAM_UDP | REX_STREAM_NAMED, .asked = 65536, .tid = 1,
	};

	if (sockets(&s) != REX_STREAM_PASS)
		die("rex_bmc does not follow the UDP socket");
}

static void fill(const struct runner *r __attribute__((unused)), const struct packet *p)
{
	const size_t head = ETH_LEN + IP4_LEN + UDP_LEN + MC_FRAME_LEN;
	static __u32 flags = REX_STREAM_NEW;

	event(REX_STREAM_READ, flags, p->request.bytes + head, p->request.len - head);
	event(REX_STREAM_WROTE, 0, p->reply.bytes + head, p->reply.len - head);
	flags = 0;
}

static unsigned int traced(struct rex_ctx *ctx)
{
	unsigned int verdict;

	before();
	verdict = ingress(ctx);
	after();
	return verdict;
}

static unsigned int call(struct room *r)
{
	/*
	 * Each pointer by itself, as drivers set them: a load of both at once would wait until the
	 * store of each is through.
	 */
	unsigned char *volatile *end = &r->end;
	struct rex_ctx ctx;

	ctx.data = (__u64)r->data;
	ctx.data_end = (__u64)*end;
	ctx.raw = (__u64)r->data;
	return before ? traced(&ctx) : (unsigned int)ingress(&ctx);
}

static double run(const struct runner *r __attribute__((unused)), const struct packet *p, bool stub,
		  unsigned int n, struct frame *out)
{
	return native_run(p, stub, n, out, call);
}

void rex_trace(void (*begin)(void), void (*end)(void))
{
	before = begin;
	after = end;
}

struct runner rex_runner(void)
{
	struct bmc_meta *meta;

	rex_ko_start();
	ingress = rex_ko_entry("ingress");
	sockets = rex_ko_entry("sockets");
	meta = (struct bmc_meta *)rex_ko_map("bmc_meta")->base;
	*meta = (struct bmc_meta){
		.state = BMC_RUN, .epoch = 1, .generation = rex_program_generation,
		.quiet_from = BMC_NEVER, .seed = 0x0123456789abcdefULL, .udp_port = MC_PORT,
		.max_age = 1000000, .layout = BMC_LAYOUT, .server = getpid(), .era = 1,
	};
	learn_socket();
	return (struct runner){ .name = "rex", .fill = fill, .run = run };
}
