// SPDX-License-Identifier: GPL-2.0-only
/*
 * The helper vector. rex.ko calls the kernel's own eBPF helpers, most of which are
 * not exported. A tiny BPF program per hook and helper calls the helper once; the
 * verifier lets it pass where the helper is allowed at all, and rex.ko reads the
 * helper's address from the loaded program. The programs never run.
 */
#include <bpf/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

/* What to pass as an argument, so that the verifier is content. */
enum arg {
	NONE,
	CTX,				/* the hook's context */
	ZERO,
	BUF,				/* 16 zero bytes on the stack */
	LEN,				/* their number */
};

static const struct helper {
	uint8_t hook;
	uint16_t id;
	uint8_t args[5];
} helpers[] = {
	{ REX_HOOK_XDP, BPF_FUNC_xdp_adjust_head, { CTX, ZERO } },
	{ REX_HOOK_XDP, BPF_FUNC_xdp_adjust_tail, { CTX, ZERO } },
};

#define BUF_SIZE 16

static const struct {
	enum bpf_prog_type type;
} hooks[__REX_HOOK_MAX] = {
	[REX_HOOK_XDP] = { BPF_PROG_TYPE_XDP },
	[REX_HOOK_TC] = { BPF_PROG_TYPE_SCHED_CLS },
};

#define INSN(c, d, s, o, i) \
	((struct bpf_insn){ .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) })
#define MOV_REG(d, s)	INSN(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define MOV_IMM(d, i)	INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define ADD_IMM(d, i)	INSN(BPF_ALU64 | BPF_ADD | BPF_K, d, 0, 0, i)
#define STORE_0(o)	INSN(BPF_ST | BPF_MEM | BPF_DW, BPF_REG_10, 0, o, 0)
#define CALL(f)		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, f)
#define EXIT		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

/* A program that calls @h once, as an fd. */
static int load_caller(const struct helper *h)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts);
	struct bpf_insn insns[32];
	int n = 0, fd;

	insns[n++] = MOV_REG(BPF_REG_6, BPF_REG_1);
	for (int off = -BUF_SIZE; off < 0; off += 8)
		insns[n++] = STORE_0(off);
	for (int i = 0; i < 5 && h->args[i] != NONE; i++) {
		int reg = BPF_REG_1 + i;

		switch (h->args[i]) {
		case CTX:
			insns[n++] = MOV_REG(reg, BPF_REG_6);
			break;
		case ZERO:
			insns[n++] = MOV_IMM(reg, 0);
			break;
		case BUF:
			insns[n++] = MOV_REG(reg, BPF_REG_10);
			insns[n++] = ADD_IMM(reg, -BUF_SIZE);
			break;
		case LEN:
			insns[n++] = MOV_IMM(reg, BUF_SIZE);
			break;
		}
	}
	insns[n++] = CALL(h->id);
	insns[n++] = MOV_IMM(BPF_REG_0, 0);
	insns[n++] = EXIT;
	fd = bpf_prog_load(hooks[h->hook].type, "rex_helper", "GPL", insns, n, &opts);
	return fd < 0 ? -errno : fd;
}

static bool is_bound(const struct rex_info *info, const struct helper *h)
{
	for (size_t i = 0; i < info->n_helpers; i++)
		if (info->helpers[i].hook == h->hook && info->helpers[i].id == h->id)
			return true;
	return false;
}

static int bind_one(struct rex *rex, const struct helper *h)
{
	struct nlmsghdr *nlh;
	char buf[NL_BUF];
	int fd = load_caller(h), err;

	if (fd == -EPERM || fd == -EACCES)
		return rex_fail(fd, "cannot load a BPF program: %s", rex_strerror(fd));
	if (fd < 0)
		return 0;		/* this kernel does not have it at this hook */
	nlh = genl_request(&rex->nl, buf, REX_CMD_HELPER_BIND, 0);
	mnl_attr_put_u32(nlh, REX_A_HOOK, h->hook);
	mnl_attr_put_u32(nlh, REX_A_HELPER_ID, h->id);
	mnl_attr_put_u32(nlh, REX_A_FD, fd);
	err = nl_talk(&rex->nl, nlh, NULL, NULL);
	close(fd);
	/* This rex.ko has no use for it. */
	if (err == -ENOENT)
		return 0;
	if (err)
		return rex_fail(err, "rex.ko does not take helper %u for hook %s: %s", h->id,
				rex_hook_name(h->hook), nl_reason(&rex->nl, err));
	return 0;
}

int rex_helpers_bind(struct rex *rex)
{
	struct rex_info *info = malloc(sizeof(*info));
	int err;

	if (!info)
		return rex_fail(-ENOMEM, "out of memory");
	err = rex_info(rex, info);
	for (size_t i = 0; !err && i < ARRAY_SIZE(helpers); i++)
		if (!is_bound(info, &helpers[i]))
			err = bind_one(rex, &helpers[i]);
	free(info);
	return err;
}
