// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs for the hook "stream", to test rex.ko by itself. "serve" answers gets in the server's
 * place, in order: see cstream.h. The others misbehave or do nothing.
 */
#include <linux/errno.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/version.h>
#include <rex_prog.h>

#include "cstream.h"

static uint max_len = 100;
module_param(max_len, uint, 0644);
static bool shorten;	/* reads end before the next get that can be answered */
module_param(shorten, bool, 0644);
static uint quiet;	/* every Nth read of whole gets, nothing is to be seen until the next one;
				   of these, every other one, the first write, without bytes */
module_param(quiet, uint, 0644);
static uint every = 1;	/* the misbehaving programs, so often */
module_param(every, uint, 0644);

enum { N_READY, N_READ, N_WROTE, N_CLOSED, N_NEW, N_LOST, N_UDP, N_WRONG, N_GETS, N_SETS, N_REPLIES,
       N_LIMITED, N_READ_BYTES, N_WROTE_BYTES, N_FULL, N_LISTENERS, N_LEFT_LISTENERS, N_LEFT,
       N_NOTHING, N_QUIET, N_ONCE, N_MAX };
static ulong counts[N_MAX];
static int n_counts = N_MAX;
module_param_array(counts, ulong, &n_counts, 0644);
static uint wrong_line;
module_param(wrong_line, uint, 0644);

#define COUNT(what, n)	__atomic_add_fetch(&counts[what], n, __ATOMIC_RELAXED)

struct record {
	__u32	out;			/* commands that were read and not answered */
	__u32	in_len, out_len;	/* bytes of @in, @reply */
	__u32	dirty;			/* what is outstanding is not known */
	__u32	quiet;			/* nothing is to be seen before the next read; 2: a write */
	__u32	reads, skips;
	char	in[SET_LEN + 2];	/* the beginning of a command, or of a reply */
	char	reply[VAL_LEN + 2];
};

static void wrong(struct record *r, uint line)
{
	COUNT(N_WRONG, 1);
	WRITE_ONCE(wrong_line, line);
	r->dirty = 1;
}
#define WRONG(r) wrong(r, __LINE__)

static bool is_hit(const char *p, __u32 n)
{
	return n >= GET_LEN && !memcmp(p, "get ", 4) && get_number(p + 4, 8) % 4 > 0;
}

/* Whole commands that lead, and whose replies fit. */
static __s32 on_ready(struct rex_stream *ctx, struct record *r)
{
	const char *p = (char *)ctx->data;
	char *to = (char *)ctx->reply;
	__u32 used = 0, made = 0;

	if (r->dirty || r->out || r->in_len)
		return REX_STREAM_PASS;
	while (is_hit(p + used, ctx->len - used)) {
		int key = get_number(p + used + 4, 8);

		if (made + VAL_LEN + value_len(key, max_len) + 2 > ctx->room)
			break;
		made += put_reply(to + made, key, max_len);
		used += GET_LEN;
	}
	if (!used)
		return REX_STREAM_PASS;
	ctx->consume = used;
	ctx->reply_len = made;
	return REX_STREAM_ANSWER;
}

/* One command that has been read. Gives the bytes of its value, with the end. */
static int command(struct record *r)
{
	int len;

	r->in_len = 0;
	r->out++;
	if (r->in[0] == 'g') {
		COUNT(N_GETS, 1);
		return 0;
	}
	COUNT(N_SETS, 1);
	len = get_number(r->in + 13, 7);
	if (len < 0 || memcmp(r->in, "set ", 4))
		WRONG(r);
	return len + 2;
}

/* Whether it is one to be quiet after: the next read shows that all of it has been answered. */
static void be_quiet(struct rex_stream *ctx, struct record *r)
{
	const char *p = (char *)ctx->data;
	__u32 at;

	for (at = 0; at < ctx->len; at += GET_LEN)
		if (ctx->len - at < GET_LEN || memcmp(p + at, "get ", 4))
			return;
	if (ctx->flags & (REX_STREAM_FULL | REX_STREAM_MORE) || ++r->reads % quiet)
		return;
	COUNT(N_QUIET, 1);
	r->quiet = 1 + (r->reads / quiet & 1);
	ctx->quiet = REX_STREAM_QUIET & ~(r->quiet == 2 ? REX_STREAM_QUIET_WROTE : 0);
	r->dirty = 1;
}

static void on_read(struct rex_stream *ctx, struct record *r)
{
	const char *p = (char *)ctx->data;
	__u32 n = ctx->len, at = 0, begun = 0;
	bool whole = !r->in_len && !r->dirty;

	r->quiet = 0;
	COUNT(N_READ_BYTES, n);
	if (ctx->flags & REX_STREAM_FULL)
		COUNT(N_FULL, 1);
	/* The server reads when it has written all replies. */
	if (r->dirty && n >= 4 && (!memcmp(p, "get ", 4) || !memcmp(p, "set ", 4))) {
		__u32 reads = r->reads;

		memset(r, 0, sizeof(*r));
		r->reads = reads;
	}
	if (r->dirty)
		return;
	while (at < n) {
		__u32 value;

		if (shorten && !r->in_len && begun && is_hit(p + at, n - at)) {
			COUNT(N_LIMITED, 1);
			ctx->limit = at;
			return;
		}
		begun = 1;
		r->in[r->in_len++] = p[at++];
		if (r->in_len < (r->in[0] == 'g' ? GET_LEN : SET_LEN))
			continue;
		if (r->in[r->in_len - 1] != '\n') {
			WRONG(r);
			return;
		}
		value = command(r);
		if (value > n - at) {
			ctx->skip = value - (n - at);
			return;
		}
		at += value;
	}
	if (quiet && whole)
		be_quiet(ctx, r);
}

static void on_wrote(struct rex_stream *ctx, struct record *r)
{
	const char *p = (char *)ctx->data;
	__u32 n = ctx->len, at = 0;

	COUNT(N_WROTE_BYTES, n);
	while (at < n && !r->dirty) {
		int value = 0;

		r->reply[r->out_len++] = p[at++];
		if (r->out_len < (r->reply[0] == 'S' ? STORED_LEN : VAL_LEN))
			continue;
		if (r->reply[r->out_len - 1] != '\n' || !r->out) {
			WRONG(r);
			return;
		}
		if (r->reply[0] == 'v') {
			value = get_number(r->reply + 13, 7) + 2;
			if (value != value_len(get_number(r->reply + 4, 8), max_len) + 2) {
				WRONG(r);
				return;
			}
		}
		r->out--;
		r->out_len = 0;
		COUNT(N_REPLIES, 1);
		if (value > n - at) {
			ctx->skip = value - (n - at);
			return;
		}
		at += value;
	}
}

static void begin(struct rex_stream *ctx, struct record *r)
{
	/* Of a listener, its end is all that is heard. */
	if (ctx->flags & REX_STREAM_LISTENER) {
		COUNT(ctx->flags & REX_STREAM_DETACHED ? N_LEFT_LISTENERS : N_LISTENERS, 1);
		return;
	}
	COUNT(ctx->event, 1);
	if (ctx->flags & REX_STREAM_DETACHED)
		COUNT(N_LEFT, 1);
	if (ctx->flags & REX_STREAM_NEW)
		COUNT(N_NEW, 1);
	if (ctx->flags & REX_STREAM_UDP && ctx->event != REX_STREAM_CLOSED)
		COUNT(ctx->event == REX_STREAM_READ && !ctx->len ? N_NOTHING : N_UDP, 1);
	if (r->quiet == 2 && ctx->event == REX_STREAM_WROTE && !ctx->len) {
		COUNT(N_ONCE, 1);
		r->quiet = 1;
	} else if (r->quiet && ctx->event != REX_STREAM_READ && ctx->event != REX_STREAM_CLOSED) {
		WRONG(r);
	}
	if (!(ctx->flags & REX_STREAM_LOST))
		return;
	COUNT(N_LOST, 1);
	if (memchr_inv(r, 0, sizeof(*r)))
		WRONG(r);
	r->dirty = 1;
}

static __s32 e_serve(struct rex_stream *ctx)
{
	struct record *r = (void *)ctx->record;

	begin(ctx, r);
	switch (ctx->event) {
	case REX_STREAM_READY:
		return on_ready(ctx, r);
	case REX_STREAM_READ:
		on_read(ctx, r);
		break;
	case REX_STREAM_WROTE:
		on_wrote(ctx, r);
		break;
	}
	return REX_STREAM_PASS;
}

static __s32 e_pass(struct rex_stream *ctx)
{
	return REX_STREAM_PASS;
}

/* Answers nothing, but looks at all: the same bytes must come as without answers. */
static __s32 e_watch(struct rex_stream *ctx)
{
	struct record *r = (void *)ctx->record;

	begin(ctx, r);
	if (ctx->event == REX_STREAM_READ)
		on_read(ctx, r);
	else if (ctx->event == REX_STREAM_WROTE)
		on_wrote(ctx, r);
	return REX_STREAM_PASS;
}

static bool now(void)
{
	static __u32 calls;

	return every && __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) % every == 0;
}

/* As "serve", but asks for what cannot be every so often: of each kind in turn. */
static __s32 e_bad(struct rex_stream *ctx)
{
	static __u32 kind;
	__s32 ret = e_serve(ctx);

	if (!now())
		return ret;
	switch (__atomic_add_fetch(&kind, 1, __ATOMIC_RELAXED) % 9) {
	case 0:
		ctx->consume = ctx->len + 1;
		return REX_STREAM_ANSWER;
	case 1:
		ctx->consume = 1;
		ctx->reply_len = ctx->room + 1;
		return REX_STREAM_ANSWER;
	case 2:
		ctx->consume = 0;
		ctx->reply_len = 1;
		return REX_STREAM_ANSWER;
	case 3:
		ctx->limit = 0;
		break;
	case 4:
		ctx->limit = ctx->len + 1;
		break;
	case 5:
		ctx->limit = 0xffffffff;
		ctx->skip = 0xffffffff;
		break;
	case 6:
		return 3;
	case 7:
		return -1;
	case 8:
		ctx->quiet = REX_STREAM_QUIET + 1;
		break;
	}
	return ret == REX_STREAM_ANSWER ? REX_STREAM_PASS : ret;
}

/* As "serve", but ends early every so often. Enabled again by whoever watches. */
static __s32 e_panic(struct rex_stream *ctx)
{
	static const char file[] = "src/stream.rs", text[] = "on purpose";

	if (now())
		rex_panic(file, sizeof(file) - 1, 1, 1, text, sizeof(text) - 1);
	return e_serve(ctx);
}

/* As "serve", but loses each write between a read that ended within a value and the next one. */
static __s32 e_lose(struct rex_stream *ctx)
{
	struct record *r = (void *)ctx->record;
	__s32 ret = e_serve(ctx);

	if (ctx->event == REX_STREAM_READ)
		r->skips = ctx->skip;
	return ctx->event == REX_STREAM_WROTE && r->skips ? -1 : ret;
}

/* No memory, and no replies. */
static __s32 e_swallow(struct rex_stream *ctx)
{
	if (ctx->event != REX_STREAM_READY)
		return REX_STREAM_PASS;
	ctx->consume = ctx->len;
	return REX_STREAM_ANSWER;
}

#define STREAM(n, size) { .name = #n, .hook = REX_HOOK_STREAM, .ctx_size = (size), \
			  .fn = (unsigned long)e_##n }

__u32 rex_program_generation;

static struct rex_entry_def entries[] = {
	STREAM(serve, sizeof(struct record)), STREAM(pass, 0), STREAM(watch, sizeof(struct record)),
	STREAM(bad, sizeof(struct record)), STREAM(lose, sizeof(struct record)),
	STREAM(panic, sizeof(struct record)), STREAM(swallow, 0),
};

static struct rex_program_def def = {
	.abi = REX_ABI_VERSION,
	.generation = &rex_program_generation,
	.entries = entries, .entries_end = entries + ARRAY_SIZE(entries),
};

static int __init cstream_init(void)
{
	return rex_program_register(THIS_MODULE, &def);
}

static void __exit cstream_exit(void)
{
	rex_program_unregister(THIS_MODULE);
}

module_init(cstream_init);
module_exit(cstream_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Rex test programs for the hook stream");
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
MODULE_IMPORT_NS("REX");
#else
MODULE_IMPORT_NS(REX);
#endif
