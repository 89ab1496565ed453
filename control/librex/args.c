// SPDX-License-Identifier: GPL-2.0-only
/*
 * The arguments of traced functions and raw tracepoints: how many there are, by BTF, and the
 * instructions with which a shim copies them into struct rex_args.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"
#include "../../dataplane/shims/shim.h"

/* ---- what there is ---------------------------------------------------------------------------- */

static const struct btf_type *skip_modifiers(const struct btf *btf, uint32_t id)
{
	const struct btf_type *t = btf__type_by_id(btf, id);

	while (t && (btf_is_mod(t) || btf_is_typedef(t) || btf_is_type_tag(t)))
		t = btf__type_by_id(btf, t->type);
	return t;
}

/*
 * Whether the verifier lets a program load a value of that type from its context. Where this is wrong,
 * it refuses the shim; where this says no, a helper does it.
 */
static bool is_loadable(const struct btf *btf, uint32_t id)
{
	const struct btf_type *t = skip_modifiers(btf, id);

	if (!t || btf_is_int(t) || btf_is_any_enum(t) || btf_is_composite(t))
		return t;
	if (!btf_is_ptr(t))
		return false;
	if (!t->type)
		return true;
	t = skip_modifiers(btf, t->type);
	return t && (btf_is_int(t) || btf_is_composite(t));
}

/* Registers or places on the stack that it takes. */
static uint32_t slots_of(const struct btf *btf, uint32_t id)
{
	const struct btf_type *t = skip_modifiers(btf, id);

	return t && btf_is_composite(t) && t->size > 8 ? 2 : 1;
}

static bool read_proto(const struct btf *btf, const struct btf_type *func, struct traced_args *a)
{
	const struct btf_type *proto = btf__type_by_id(btf, func->type);
	const struct btf_param *p;

	if (!proto || !btf_is_func_proto(proto))
		return false;
	p = btf_params(proto);
	for (uint32_t i = 0; i < btf_vlen(proto); i++) {
		uint32_t n = slots_of(btf, p[i].type);

		if (a->n + n > REX_MAX_ARGS)
			return false;
		if (!is_loadable(btf, p[i].type))
			a->by_helper |= 1u << a->n;
		a->n += n;
	}
	a->returns = proto->type;
	a->ret_by_helper = proto->type && !is_loadable(btf, proto->type);
	return true;
}

static bool find_in(const struct btf *btf, const char *name, struct traced_args *a)
{
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_FUNC);

	return id > 0 && read_proto(btf, btf__type_by_id(btf, id), a);
}

/* Whether BTF @id is a module's, and not a BPF program's, or the kernel's. */
static bool is_modules(uint32_t id)
{
	char name[64] = "";
	struct bpf_btf_info info = { .name = (uintptr_t)name, .name_len = sizeof(name) };
	uint32_t len = sizeof(info);
	int fd = bpf_btf_get_fd_by_id(id);
	bool is = fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &len) && info.kernel_btf &&
		  strcmp(name, "vmlinux");

	if (fd >= 0)
		close(fd);
	return is;
}

/* In the modules, in libbpf's order: of several functions of that name it takes the first. */
static bool find_in_modules(struct btf *vmlinux, const char *name, struct traced_args *a)
{
	uint32_t id = 0;
	bool found = false;

	while (!found && !bpf_btf_get_next_id(id, &id)) {
		struct btf *btf = is_modules(id) ? btf__load_from_kernel_by_id_split(id, vmlinux) : NULL;

		if (!btf || libbpf_get_error(btf))
			continue;
		found = find_in(btf, name, a);
		btf__free(btf);
	}
	return found;
}

void rex_traced_args(const char *function, struct traced_args *a)
{
	struct btf *vmlinux = btf__load_vmlinux_btf();

	memset(a, 0, sizeof(*a));
	if (libbpf_get_error(vmlinux))
		return;
	if (!find_in(vmlinux, function, a))
		find_in_modules(vmlinux, function, a);
	btf__free(vmlinux);
}

/* ---- instructions --------------------------------------------------------------------------------- */

struct code {
	struct bpf_insn insns[REX_SHIM_ARGS_ROOM];
	int n;
};

/* As shim.h says; the context and the address of the arguments are kept from helpers in these. */
enum { CTX = BPF_REG_1, VALUE = BPF_REG_2, ARGS = BPF_REG_5, KEPT_CTX, KEPT_ARGS };

static void emit(struct code *c, uint8_t code, uint8_t dst, uint8_t src, int16_t off, int32_t imm)
{
	if (c->n < REX_SHIM_ARGS_ROOM)
		c->insns[c->n] = (struct bpf_insn){ code, dst, src, off, imm };
	c->n++;
}

static void move(struct code *c, uint8_t dst, uint8_t src)
{
	emit(c, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
}

static void set(struct code *c, size_t at, int32_t value)
{
	emit(c, BPF_ST | BPF_MEM | BPF_DW, ARGS, 0, at, value);
}

static void copy(struct code *c, uint32_t i, size_t at)
{
	emit(c, BPF_LDX | BPF_MEM | BPF_DW, VALUE, CTX, 8 * i, 0);
	emit(c, BPF_STX | BPF_MEM | BPF_DW, ARGS, VALUE, at, 0);
}

/* The same with bpf_get_func_arg(ctx, i, to) or bpf_get_func_ret(ctx, to). */
static void copy_by_helper(struct code *c, uint32_t helper, uint32_t i, size_t at)
{
	uint8_t to = helper == BPF_FUNC_get_func_arg ? BPF_REG_3 : BPF_REG_2;

	move(c, KEPT_CTX, CTX);
	move(c, KEPT_ARGS, ARGS);
	if (to == BPF_REG_3)
		emit(c, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_2, 0, 0, i);
	move(c, to, ARGS);
	emit(c, BPF_ALU64 | BPF_ADD | BPF_K, to, 0, 0, at);
	emit(c, BPF_JMP | BPF_CALL, 0, 0, 0, helper);
	move(c, CTX, KEPT_CTX);
	move(c, ARGS, KEPT_ARGS);
}

int rex_args_patch(const struct rex_entry *e, const struct traced_args *a, struct bpf_insn *room)
{
	struct code c = {};

	/* With what is behind it, in one word. */
	_Static_assert(offsetof(struct rex_args, __reserved) == 4 && sizeof(struct rex_args) == 112,
		       "struct rex_args");
	set(&c, offsetof(struct rex_args, n), a->n);
	for (uint32_t i = 0; i < a->n; i++) {
		size_t at = offsetof(struct rex_args, arg) + 8 * i;

		if (a->by_helper & (1u << i))
			copy_by_helper(&c, BPF_FUNC_get_func_arg, i, at);
		else
			copy(&c, i, at);
	}
	if (e->hook != REX_HOOK_FEXIT || !a->returns)
		set(&c, offsetof(struct rex_args, ret), 0);
	else if (a->ret_by_helper)
		copy_by_helper(&c, BPF_FUNC_get_func_ret, 0, offsetof(struct rex_args, ret));
	else
		copy(&c, a->n, offsetof(struct rex_args, ret));
	if (c.n > REX_SHIM_ARGS_ROOM)
		return rex_fail(-E2BIG, "the arguments take %d instructions in the %s shim, which has room "
				"for %d", c.n, rex_hook_name(e->hook), REX_SHIM_ARGS_ROOM);
	memcpy(room + REX_SHIM_ARGS_ROOM - c.n, c.insns, c.n * sizeof(*room));
	return 0;
}
