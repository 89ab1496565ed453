// SPDX-License-Identifier: GPL-2.0-only
/*
 * The helper vector. rex.ko calls the kernel's own eBPF helpers, most of which are
 * not exported. A BPF program per hook calls each of the hook's helpers once; the
 * verifier lets it pass where the helpers are allowed at all, and rex.ko reads their
 * addresses from the loaded program. The programs never run.
 */
#include <bpf/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"
#include "../../kmod/include/rex_vector.h"

/* What to pass as an argument; see rex_vector.h. */
enum arg { NONE, CTX, ZERO, BUF, LEN, PERF_ARRAY, STACK_TRACE };

#define MAX_ARGS 5
#define BUF_SIZE 16

static const struct helper {
	const char *name;
	uint8_t hook;
	uint16_t id;
	uint8_t args[MAX_ARGS];
} helpers[] = {
#define HELPER(name, hook, id, symbol, ...) \
	{ "bpf_" #id "()", REX_HOOK_##hook, BPF_FUNC_##id, { __VA_ARGS__ } },
	REX_VECTOR(HELPER)
#undef HELPER
};

/* Of the shims. What attaches by BTF would need a function to attach to, but has the same helpers. */
static const enum bpf_prog_type prog_types[__REX_HOOK_MAX] = {
#define BPF_PROG_TYPE_TRACING BPF_PROG_TYPE_RAW_TRACEPOINT
#define PROG_TYPE(number, ID, name, safe, callers, type, ...) [number] = BPF_PROG_TYPE_##type,
	REX_HOOKS_SHIM(PROG_TYPE)
#undef PROG_TYPE
#undef BPF_PROG_TYPE_TRACING
};

static const struct map_kind {
	enum bpf_map_type type;
	uint32_t key_size, value_size, max_entries;
} map_kinds[] = {
	[PERF_ARRAY] = { BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 1 },
	[STACK_TRACE] = { BPF_MAP_TYPE_STACK_TRACE, 4, 8, 1 },
};

/* ---- the calling program ----------------------------------------------------------- */

struct caller {
	struct bpf_insn insns[1024];
	int n;
	int maps[ARRAY_SIZE(map_kinds)];	/* fds; 0: not made yet */
	int err;
};

static void emit(struct caller *c, uint8_t code, uint8_t dst, uint8_t src, int16_t off, int32_t imm)
{
	if (c->n == ARRAY_SIZE(c->insns))
		c->err = -E2BIG;
	else
		c->insns[c->n++] = (struct bpf_insn){ code, dst, src, off, imm };
}

static void mov_reg(struct caller *c, int dst, int src)
{
	emit(c, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
}

static void mov_imm(struct caller *c, int dst, int32_t imm)
{
	emit(c, BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm);
}

static void call(struct caller *c, int32_t id)
{
	emit(c, BPF_JMP | BPF_CALL, 0, 0, 0, id);
}

static void mov_map(struct caller *c, int dst, enum arg kind)
{
	const struct map_kind *k = &map_kinds[kind];

	if (!c->maps[kind]) {
		int fd = bpf_map_create(k->type, "rex_helper", k->key_size, k->value_size,
					k->max_entries, NULL);

		if (fd < 0)
			c->err = -errno;
		else
			c->maps[kind] = fd;
	}
	emit(c, BPF_LD | BPF_DW | BPF_IMM, dst, BPF_PSEUDO_MAP_FD, 0, c->maps[kind]);
	emit(c, 0, 0, 0, 0, 0);
}

/* The reference that the last call gave, as first argument of the next; without one, the end. */
static void mov_reference(struct caller *c)
{
	emit(c, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_0, 0, 2, 0);
	mov_imm(c, BPF_REG_0, 0);
	emit(c, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	mov_reg(c, BPF_REG_1, BPF_REG_0);
}

static void mov_arg(struct caller *c, int reg, enum arg arg)
{
	switch (arg) {
	case NONE:
		break;
	case CTX:
		mov_reg(c, reg, BPF_REG_6);
		break;
	case ZERO:
		mov_imm(c, reg, 0);
		break;
	case BUF:
		mov_reg(c, reg, BPF_REG_10);
		emit(c, BPF_ALU64 | BPF_ADD | BPF_K, reg, 0, 0, -BUF_SIZE);
		break;
	case LEN:
		mov_imm(c, reg, BUF_SIZE);
		break;
	default:
		mov_map(c, reg, arg);
	}
}

static void call_helper(struct caller *c, const struct helper *h)
{
	for (int i = 0; i < MAX_ARGS; i++)
		mov_arg(c, BPF_REG_1 + i, h->args[i]);
	call(c, h->id);
	switch (h->id) {
	case BPF_FUNC_sk_lookup_tcp:
	case BPF_FUNC_sk_lookup_udp:
		mov_reference(c);
		call(c, BPF_FUNC_sk_release);
		break;
	}
}

/* A program that calls each of @which[@n] once, as an fd. All are of one hook. */
static int load_caller(const struct helper *const *which, size_t n)
{
	struct caller c = {};
	int fd;

	mov_reg(&c, BPF_REG_6, BPF_REG_1);
	for (int off = -BUF_SIZE; off < 0; off += 8)
		emit(&c, BPF_ST | BPF_MEM | BPF_DW, BPF_REG_10, 0, off, 0);
	for (size_t i = 0; i < n; i++)
		call_helper(&c, which[i]);
	mov_imm(&c, BPF_REG_0, 0);
	emit(&c, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	fd = c.err;
	if (!fd) {
		fd = bpf_prog_load(prog_types[which[0]->hook], "rex_helpers", "GPL", c.insns, c.n,
				   NULL);
		fd = fd < 0 ? -errno : fd;
	}
	for (size_t i = 0; i < ARRAY_SIZE(c.maps); i++)
		if (c.maps[i])
			close(c.maps[i]);
	return fd;
}

int rex_helpers_missing(uint32_t hook, char *names, size_t size)
{
	size_t len = 0;
	int missing = 0;

	*names = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(helpers); i++) {
		const struct helper *h = &helpers[i];
		int fd = h->hook == hook ? load_caller(&h, 1) : -1;

		if (h->hook != hook)
			continue;
		if (fd == -EPERM)
			return fd;
		if (fd >= 0) {
			close(fd);
			continue;
		}
		if (len < size)
			len += snprintf(names + len, size - len, "%s%s", missing ? ", " : "", h->name);
		missing++;
	}
	return missing;
}

/* ---- binding -------------------------------------------------------------------------- */

static bool is_bound(const struct helpers *have, const struct helper *h)
{
	for (size_t i = 0; i < have->info.n_helpers; i++)
		if (have->bound[i].hook == h->hook && have->bound[i].id == h->id)
			return true;
	return false;
}

static int bind_one(struct rex *rex, const struct helper *h, int fd)
{
	struct nlmsghdr *nlh;
	char buf[NL_BUF];
	int err;

	nlh = genl_request(&rex->nl, buf, REX_CMD_HELPER_BIND, 0);
	mnl_attr_put_u32(nlh, REX_A_HOOK, h->hook);
	mnl_attr_put_u32(nlh, REX_A_HELPER_ID, h->id);
	mnl_attr_put_u32(nlh, REX_A_FD, fd);
	err = nl_talk(&rex->nl, nlh, NULL, NULL);
	/* Another rex.ko, which has no use for it; or the kernel calls a function of another name. */
	if (err == -ENOENT || err == -ESRCH)
		return 0;
	if (err)
		return rex_fail(err, "rex.ko rejected helper %u for hook %s: %s", h->id,
				rex_hook_name(h->hook), nl_reason(&rex->nl, err));
	return 0;
}

/*
 * One program for all, which this kernel takes if it has each of them at this hook;
 * otherwise one for each.
 */
static int bind_some(struct rex *rex, const struct helper *const *which, size_t n)
{
	int fd = load_caller(which, n), err = 0;

	if (fd == -EPERM)
		return rex_fail(fd, "cannot load a BPF program: %s", rex_strerror(fd));
	if (fd < 0) {
		for (size_t i = 0; n > 1 && !err && i < n; i++)
			err = bind_some(rex, &which[i], 1);
		return err;
	}
	for (size_t i = 0; !err && i < n; i++)
		err = bind_one(rex, which[i], fd);
	close(fd);
	return err;
}

/* Whether a program has a use for it: another one may be without what it costs. */
static bool is_wanted(const struct own_file *file, const struct helper *h)
{
	return h->id != BPF_FUNC_trace_printk || file->traces;
}

int rex_helpers_bind(struct rex *rex, const struct own_file *file)
{
	struct helpers *have = malloc(sizeof(*have));
	int err;

	if (!have)
		return rex_fail(-ENOMEM, "out of memory");
	err = rex_helpers_get(rex, have);
	for (int hook = 0; !err && hook < __REX_HOOK_MAX; hook++) {
		const struct helper *which[ARRAY_SIZE(helpers)];
		size_t n = 0;

		for (size_t i = 0; i < ARRAY_SIZE(helpers); i++)
			if (helpers[i].hook == hook && is_wanted(file, &helpers[i]) &&
			    !is_bound(have, &helpers[i]))
				which[n++] = &helpers[i];
		if (n)
			err = bind_some(rex, which, n);
	}
	free(have);
	return err;
}
