// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's own eBPF helpers. Most are not exported, but a BPF program that the verifier
 * accepted for a hook holds the addresses of those that it calls. User space loads programs that
 * call what rex_vector.h lists, and an address is believed only if its symbol is the expected one.
 */
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/kallsyms.h>
#include <linux/string.h>

#include "internal.h"

#define REX_V_INFO(name, hook_, helper, symbol_, ...) \
	[REX_V_##name] = { REX_HOOK_##hook_, BPF_FUNC_##helper, #symbol_ },

const struct rex_vector_info rex_vector_info[REX_V_MAX] = { REX_VECTOR(REX_V_INFO) };

/* Set once each, and never taken back: the helpers are part of the kernel image. */
rex_bpf_helper rex_vector[REX_V_MAX];

/* The address of the function @symbol when @bpf calls it, else 0. @name: KSYM_SYMBOL_LEN bytes. */
static unsigned long rex_called_helper(const struct bpf_prog *bpf, const char *symbol, char *name)
{
	size_t len = strlen(symbol);
	u32 i;

	for (i = 0; i < bpf->len; i++) {
		const struct bpf_insn *insn = &bpf->insnsi[i];
		unsigned long addr = (unsigned long)__bpf_call_base + insn->imm;

		if (insn->code != (BPF_JMP | BPF_CALL) || insn->src_reg)
			continue;
		/* "name+offset/size", with "[module]" behind it where it is no part of the image */
		sprint_symbol(name, addr);
		if (!strncmp(name, symbol, len) && !strncmp(name + len, "+0x0/", 5) &&
		    !strchr(name, '['))
			return addr;
	}
	return 0;
}

/* What attaches by BTF would need a function to attach to; raw tracepoints have the same helpers. */
static enum bpf_prog_type rex_vector_prog_type(u32 hook)
{
	return hook == REX_HOOK_RAW_TRACEPOINT ? BPF_PROG_TYPE_RAW_TRACEPOINT :
						 rex_hooks[hook].prog_type;
}

int rex_vector_bind(u32 hook, u32 id, int fd, struct netlink_ext_ack *extack)
{
	struct bpf_prog *bpf;
	unsigned long addr;
	char *name;
	int i;

	for (i = 0; i < REX_V_MAX; i++)
		if (rex_vector_info[i].hook == hook && rex_vector_info[i].id == id)
			break;
	if (i == REX_V_MAX) {
		NL_SET_ERR_MSG_FMT(extack, "rex.ko does not use helper %u at hook %u", id, hook);
		return -ENOENT;
	}
	bpf = bpf_prog_get_type_dev(fd, rex_vector_prog_type(hook), false);
	if (IS_ERR(bpf)) {
		NL_SET_ERR_MSG_FMT(extack, "file descriptor %d is not a BPF program for %s", fd,
				   rex_hooks[hook].name);
		return PTR_ERR(bpf);
	}
	name = kmalloc(KSYM_SYMBOL_LEN, GFP_KERNEL);
	addr = name ? rex_called_helper(bpf, rex_vector_info[i].symbol, name) : 0;
	if (addr)
		WRITE_ONCE(rex_vector[i], (rex_bpf_helper)addr);
	else if (name)
		NL_SET_ERR_MSG_FMT(extack, "the program does not call %.40s",
				   rex_vector_info[i].symbol);
	bpf_prog_put(bpf);
	kfree(name);
	return addr ? 0 : name ? -ESRCH : -ENOMEM;
}
