// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's own eBPF helpers. Most are not exported, but a BPF program that the verifier
 * accepted for a hook holds the addresses of those that it calls. User space loads a program
 * that calls just one helper, and the address is believed only if its symbol is the expected one.
 */
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/kallsyms.h>
#include <linux/string.h>

#include "internal.h"

const struct rex_vector_info rex_vector_info[REX_V_MAX] = {
	[REX_V_XDP_ADJUST_HEAD] = {
		REX_HOOK_XDP, BPF_FUNC_xdp_adjust_head, "bpf_xdp_adjust_head"
	},
	[REX_V_XDP_ADJUST_TAIL] = {
		REX_HOOK_XDP, BPF_FUNC_xdp_adjust_tail, "bpf_xdp_adjust_tail"
	},
};

/* Set once each, and never taken back: the helpers are part of the kernel image. */
rex_bpf_helper rex_vector[REX_V_MAX];

/* The address of the only helper that @bpf calls, 0 when there is not exactly one. */
static unsigned long rex_only_helper(const struct bpf_prog *bpf)
{
	unsigned long addr = 0;
	u32 i;

	for (i = 0; i < bpf->len; i++) {
		const struct bpf_insn *insn = &bpf->insnsi[i];

		if (insn->code != (BPF_JMP | BPF_CALL) || insn->src_reg)
			continue;
		if (addr)
			return 0;
		addr = (unsigned long)__bpf_call_base + insn->imm;
	}
	return addr;
}

int rex_vector_bind(u32 hook, u32 id, int fd, struct netlink_ext_ack *extack)
{
	char want[KSYM_NAME_LEN], *have;
	struct bpf_prog *bpf;
	unsigned long addr;
	int i, ret = 0;

	for (i = 0; i < REX_V_MAX; i++)
		if (rex_vector_info[i].hook == hook && rex_vector_info[i].id == id)
			break;
	if (i == REX_V_MAX) {
		NL_SET_ERR_MSG_FMT(extack, "rex.ko has no use for helper %u of hook %u", id, hook);
		return -ENOENT;
	}
	bpf = bpf_prog_get_type_dev(fd, rex_hooks[hook].prog_type, false);
	if (IS_ERR(bpf)) {
		NL_SET_ERR_MSG_FMT(extack, "file descriptor %d is no BPF program for %s", fd,
				   rex_hooks[hook].name);
		return PTR_ERR(bpf);
	}
	have = kmalloc(KSYM_SYMBOL_LEN, GFP_KERNEL);
	if (!have) {
		ret = -ENOMEM;
		goto put;
	}
	addr = rex_only_helper(bpf);
	snprintf(want, sizeof(want), "%s+0x0/", rex_vector_info[i].symbol);
	if (addr)
		sprint_symbol(have, addr);
	else
		strscpy(have, "none, or more than one", KSYM_SYMBOL_LEN);
	if (!strncmp(have, want, strlen(want))) {
		WRITE_ONCE(rex_vector[i], (rex_bpf_helper)addr);
	} else {
		NL_SET_ERR_MSG_FMT(extack, "the program calls %.30s, not just %.30s", have,
				   rex_vector_info[i].symbol);
		ret = -EINVAL;
	}
	kfree(have);
put:
	bpf_prog_put(bpf);
	return ret;
}
