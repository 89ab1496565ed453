// SPDX-License-Identifier: GPL-2.0-only
/*
 * Shims: open one for an entry (its slot and cookie put into the instructions), and
 * the way back, slot and cookie of a loaded BPF program. The instructions in the
 * kernel are the only record of what is attached where.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xdp/libxdp.h>

#include "internal.h"
#include "../../dataplane/shims/shim.h"

#define SHIM(number, ID, name, ...) extern const char rex_shim_##name[], rex_shim_##name##_end[];
REX_HOOKS_SHIM(SHIM)
#undef SHIM

#define SHIM(number, ID, name, ...) [number] = { rex_shim_##name, rex_shim_##name##_end },
static const struct {
	const char *image, *end;
} shims[__REX_HOOK_MAX] = {
	REX_HOOKS_SHIM(SHIM)
};
#undef SHIM

extern const char rex_shim_xdp_leaf[], rex_shim_xdp_leaf_end[];

/* ---- what libbpf and libxdp have to say ------------------------------------------- */

/* Their warnings name the cause (verifier, extack); kept for our error texts, not printed. */
static _Thread_local char log_text[3072];

/* Once each: libxdp tries again and again, and says the same each time. */
static void log_add(const char *fmt, va_list ap)
{
	size_t len = strlen(log_text);
	char line[sizeof(log_text)];

	vsnprintf(line, sizeof(line), fmt, ap);
	if (!strstr(log_text, line))
		snprintf(log_text + len, sizeof(log_text) - len, "%s", line);
}

static int bpf_print(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	if (level == LIBBPF_WARN)
		log_add(fmt, ap);
	return 0;
}

static int xdp_print(enum libxdp_print_level level, const char *fmt, va_list ap)
{
	if (level == LIBXDP_WARN)
		log_add(fmt, ap);
	return 0;
}

void rex_log_reset(void)
{
	libbpf_set_print(bpf_print);
	libxdp_set_print(xdp_print);
	log_text[0] = '\0';
}

const char *rex_log_text(void)
{
	size_t len = strlen(log_text);

	while (len && log_text[len - 1] == '\n')
		log_text[--len] = '\0';
	return log_text;
}

void rex_log_set(const char *text)
{
	snprintf(log_text, sizeof(log_text), "%s", text);
}

const char *rex_log_reason(void)
{
	static const char mark[] = "Kernel error message: ";
	static _Thread_local char reason[256];
	const char *found = strstr(log_text, mark);

	if (!found)
		return "";
	found += strlen(mark);
	snprintf(reason, sizeof(reason), "%.*s", (int)strcspn(found, "\n"), found);
	return reason;
}

/* ---- open ----------------------------------------------------------------------------- */

#define LD_IMM64 (BPF_LD | BPF_DW | BPF_IMM)

static bool is_mov_const(const struct bpf_insn *insn)
{
	return insn->code == (BPF_ALU64 | BPF_MOV | BPF_K) ||
	       insn->code == (BPF_ALU | BPF_MOV | BPF_K);
}

/* How often each placeholder was found. */
struct found {
	int slots, cookies, lasts;
	int room;			/* instructions, one behind the other */
	struct bpf_insn *room_end;
};

/* What of a filter or of arguments goes into a shim. */
struct inside {
	int map_fd;			/* that it reads; -1: none */
	struct traced_args args;
};

/* @n: instructions of the shim's room, which say what it is for. */
static int fill_room(const struct rex_entry *e, struct bpf_insn *room, int n, struct inside *in)
{
	switch (n) {
	case REX_SHIM_ROOM:
		return rex_filter_patch(e, room, &in->map_fd);
	case REX_SHIM_ARGS_ROOM:
		return rex_args_patch(e, &in->args, room);
	default:
		return e->filter.protocol ? rex_fail(-EINVAL, "the %s shim has no room for a filter",
						     rex_hook_name(e->hook)) : 0;
	}
}

static bool is_room(const struct bpf_insn *insn)
{
	static const struct bpf_insn nop = { .code = BPF_JMP | BPF_JA };

	return !memcmp(insn, &nop, sizeof(nop));
}

static void patch_move(const struct rex_entry *e, struct bpf_insn *insn, struct found *f)
{
	if ((uint32_t)insn->imm == REX_SHIM_SLOT) {
		insn->imm = (int32_t)e->slot;
		f->slots++;
	}
}

static void patch_load(const struct rex_entry *e, struct bpf_insn *insn, struct found *f)
{
	if (e->hook != REX_HOOK_TRACEPOINT || BPF_SIZE(insn->code) != BPF_B ||
	    insn->off != REX_SHIM_LAST)
		return;
	f->lasts++;
	if (e->ctx_size > REX_SHIM_LAST_MIN)
		insn->off = e->ctx_size - 1;
	else
		*insn = (struct bpf_insn){
			.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = insn->dst_reg,
		};
}

/*
 * Put slot and cookie, and what else shim.h asks for, where the placeholders are: each
 * exactly once, or it is no shim.
 */
static int patch(struct bpf_program *prog, const struct rex_entry *e, struct inside *in)
{
	size_t n = bpf_program__insn_cnt(prog);
	struct bpf_insn *insns = malloc(n * sizeof(*insns));
	struct found f = {};
	int err = 0;

	if (!insns)
		return rex_fail(-ENOMEM, "out of memory");
	memcpy(insns, bpf_program__insns(prog), n * sizeof(*insns));
	for (size_t i = 0; i < n; i++) {
		struct bpf_insn *insn = &insns[i];

		if (is_room(insn)) {
			f.room = insn == f.room_end ? f.room + 1 : 1;
			f.room_end = insn + 1;
		} else if (is_mov_const(insn)) {
			patch_move(e, insn, &f);
		} else if (insn->code == LD_IMM64 && i + 1 < n) {
			if ((uint32_t)insn->imm == (uint32_t)REX_SHIM_COOKIE &&
			    (uint32_t)insn[1].imm == (uint32_t)(REX_SHIM_COOKIE >> 32)) {
				insn[0].imm = (int32_t)(uint32_t)e->cookie;
				insn[1].imm = (int32_t)(uint32_t)(e->cookie >> 32);
				f.cookies++;
			}
			i++;
		} else if (BPF_CLASS(insn->code) == BPF_LDX) {
			patch_load(e, insn, &f);
		}
	}
	if (f.slots != 1 || f.cookies != 1 || f.lasts != (e->hook == REX_HOOK_TRACEPOINT) ||
	    (f.room && f.room != REX_SHIM_ROOM && f.room != REX_SHIM_ARGS_ROOM))
		err = rex_fail(-EINVAL, "the %s shim in this librex does not have its placeholders "
			       "once each; build it again", rex_hook_name(e->hook));
	else
		err = fill_room(e, f.room_end - f.room, f.room, in);
	if (err)
		goto out;
	if ((err = bpf_program__set_insns(prog, insns, n)))
		rex_fail(err, "libbpf rejected the patched shim: %s", strerror(-err));
out:
	free(insns);
	return err;
}

static void shim_map_close(int *map_fd)
{
	if (*map_fd >= 0)
		close(*map_fd);
	*map_fd = -1;
}

/* Of @in, the arguments are there. */
static int shim_open(const struct rex_entry *entry, struct inside *in, struct bpf_object **obj_out,
		     struct bpf_program **prog_out)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = REX_SHIM_NAME);
	const char *image = NULL, *end = NULL;
	struct bpf_program *prog;
	struct bpf_object *obj;
	int err;

	rex_log_reset();
	in->map_fd = -1;
	if (entry->hook == REX_HOOK_STREAM)
		return rex_fail(-EOPNOTSUPP, "entry \"%s\" is for hook stream, for which there is no "
				"BPF program", entry->name);
	if (entry->hook < __REX_HOOK_MAX) {
		image = shims[entry->hook].image;
		end = shims[entry->hook].end;
	}
	if (!image)
		return rex_fail(-EOPNOTSUPP, "entry \"%s\" is for hook %s, which this rexctl cannot "
				"attach yet", entry->name, rex_hook_name(entry->hook));
	if (entry->hook == REX_HOOK_XDP && entry->flags & REX_ENTRY_LEAF) {
		image = rex_shim_xdp_leaf;
		end = rex_shim_xdp_leaf_end;
	}
	obj = bpf_object__open_mem(image, end - image, &opts);
	if (!obj)
		return rex_fail(-errno, "cannot open the %s shim: %s", rex_hook_name(entry->hook),
				strerror(errno));
	prog = bpf_object__find_program_by_name(obj, REX_SHIM_NAME);
	if (!prog)
		err = rex_fail(-EINVAL, "the %s shim has no program \"%s\"",
			       rex_hook_name(entry->hook), REX_SHIM_NAME);
	else
		err = patch(prog, entry, in);
	if (err) {
		shim_map_close(&in->map_fd);
		bpf_object__close(obj);
		return err;
	}
	if (entry->flags & REX_ENTRY_FRAGS)
		bpf_program__set_flags(prog, bpf_program__flags(prog) | BPF_F_XDP_HAS_FRAGS);
	*obj_out = obj;
	*prog_out = prog;
	return 0;
}

int rex_shim_open(const struct rex_entry *entry, struct bpf_object **obj, struct bpf_program **prog,
		  int *map_fd)
{
	struct inside in = {};
	int err = shim_open(entry, &in, obj, prog);

	*map_fd = in.map_fd;
	return err;
}

/* The verifier's or libbpf's refusal, with what it means when it is known. */
static int explain(int err, const struct rex_entry *entry)
{
	const char *hook = rex_hook_name(entry->hook), *said = rex_log_text();
	char what[256] = "";

	if (strstr(said, "calling kernel function") && strstr(said, "is not allowed"))
		snprintf(what, sizeof(what), "this kernel lacks kfuncs for the hook %s: it does not let "
			 "programs of that type call kernel functions; a newer kernel does", hook);
	else if (strstr(said, "not found in kernel or module BTFs"))
		snprintf(what, sizeof(what), "this kernel lacks kfuncs for the hook %s, or the loaded "
			 "rex.ko does not have that hook", hook);
	else
		snprintf(what, sizeof(what), "the kernel rejected the %s shim: %s", hook,
			 rex_strerror(err));
	return rex_fail(err, "%s%s%s", what, *said ? "\n" : "", said);
}

int rex_shim_load_opts(const struct rex_entry *entry, const struct rex_shim_opts *given,
		       struct bpf_object **obj_out, int *fd)
{
	struct rex_shim_opts opts;
	struct bpf_program *prog;
	struct bpf_object *obj;
	struct inside in = {};
	int err = rex_opts(&opts, sizeof(opts), given);

	if (!err && opts.n_args > REX_MAX_ARGS)
		err = rex_fail(-EINVAL, "%u arguments are more than the %u that there can be", opts.n_args,
			       REX_MAX_ARGS);
	if (!err && opts.target && entry->hook != REX_HOOK_RAW_TRACEPOINT)
		rex_traced_args(opts.target, &in.args);
	else
		in.args.n = opts.n_args;
	if (!err)
		err = shim_open(entry, &in, &obj, &prog);
	if (err)
		return err;
	if (opts.target) {
		err = bpf_program__set_attach_target(prog, 0, opts.target);
		if (err)
			rex_fail(err, "libbpf rejected \"%s\" as a target: %s%s%s", opts.target,
				 strerror(-err), *rex_log_text() ? ": " : "", rex_log_text());
	}
	if (!err) {
		err = bpf_object__load(obj);
		if (err)
			explain(err, entry);
	}
	shim_map_close(&in.map_fd);
	if (err) {
		bpf_object__close(obj);
		return err;
	}
	*obj_out = obj;
	*fd = bpf_program__fd(prog);
	return 0;
}

int rex_shim_load(const struct rex_entry *entry, struct bpf_object **obj, int *fd)
{
	return rex_shim_load_opts(entry, NULL, obj, fd);
}

/* ---- and back --------------------------------------------------------------------------- */

/*
 * Follow constants through the instructions up to the call of the kfunc. This also sees through
 * the kernel's constant blinding (net.core.bpf_jit_harden), which makes
 * "ax = imm ^ random; ax ^= random; r2 = ax" and the like of each constant.
 */
struct regs {
	uint64_t value[16];
	uint16_t known;			/* bit per register */
};

static void alu(struct regs *r, const struct bpf_insn *insn)
{
	bool wide = BPF_CLASS(insn->code) == BPF_ALU64, reg = BPF_SRC(insn->code) == BPF_X;
	uint64_t src = reg ? r->value[insn->src_reg] : (uint64_t)(int64_t)insn->imm;
	bool known = !reg || r->known & (1u << insn->src_reg);
	uint64_t *dst = &r->value[insn->dst_reg];

	if (reg && BPF_OP(insn->code) == BPF_XOR && insn->src_reg == insn->dst_reg)
		known = true;		/* "r ^= r": a blinded 0 */
	else if (BPF_OP(insn->code) != BPF_MOV)
		known &= !!(r->known & (1u << insn->dst_reg));
	switch (BPF_OP(insn->code)) {
	case BPF_MOV:
		*dst = src;
		break;
	case BPF_XOR:
		*dst ^= src;
		break;
	case BPF_OR:
		*dst |= src;
		break;
	case BPF_LSH:
		*dst <<= src & 63;
		break;
	default:
		known = false;
	}
	if (!wide)
		*dst = (uint32_t)*dst;
	if (known)
		r->known |= 1u << insn->dst_reg;
	else
		r->known &= ~(1u << insn->dst_reg);
}

static int decode(const struct bpf_insn *insns, size_t n, uint32_t *slot, uint64_t *cookie)
{
	const uint16_t args = 1u << BPF_REG_2 | 1u << BPF_REG_3, clobbered = 0x3f;
	struct regs r = {};

	for (size_t i = 0; i < n; i++) {
		const struct bpf_insn *insn = &insns[i];
		uint8_t class = BPF_CLASS(insn->code);

		if (insn->code == LD_IMM64 && !insn->src_reg && i + 1 < n) {
			r.value[insn->dst_reg] = (uint32_t)insn->imm |
						 (uint64_t)(uint32_t)insns[i + 1].imm << 32;
			r.known |= 1u << insn->dst_reg;
			i++;
		} else if (class == BPF_ALU || class == BPF_ALU64) {
			alu(&r, insn);
		} else if (insn->code == (BPF_JMP | BPF_CALL)) {
			if (insn->src_reg != BPF_PSEUDO_KFUNC_CALL) {
				r.known &= ~clobbered;		/* a helper */
				continue;
			}
			if ((r.known & args) != args)
				return 0;
			*slot = (uint32_t)r.value[BPF_REG_2];
			*cookie = r.value[BPF_REG_3];
			return 1;
		} else if (class == BPF_LDX || class == BPF_LD) {
			r.known &= ~(1u << insn->dst_reg);
		} else if (insn->code == (BPF_JMP | BPF_EXIT)) {
			r.known = 0;	/* a filter's; the call is behind it */
		}
		/* Stores change no register; jumps only go around the copying of arguments, or to the call. */
	}
	return 0;
}

int rex_shim_decode(int fd, uint32_t *slot, uint64_t *cookie)
{
	struct bpf_insn insns[512];	/* those of raw tracepoints, blinded, have some 60 */
	struct bpf_prog_info info = {
		.xlated_prog_insns = (uintptr_t)insns,
		.xlated_prog_len = sizeof(insns),
	};
	uint32_t len = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		return rex_fail(-errno, "cannot read a BPF program: %s", rex_strerror(errno));
	/* By the name alone for a start; whoever takes it gets past the decoder or not. */
	if (strcmp(info.name, REX_SHIM_NAME) || info.xlated_prog_len > sizeof(insns))
		return 0;
	if (!info.xlated_prog_insns)
		return rex_fail(-EPERM, "the kernel hides the instructions of BPF program %u; rexctl "
				"needs CAP_SYSLOG and kernel.kptr_restrict below 2 to tell what is "
				"attached", info.id);
	return decode(insns, info.xlated_prog_len / sizeof(*insns), slot, cookie);
}

int rex_shim_decode_id(uint32_t id, uint32_t *slot, uint64_t *cookie)
{
	int fd = bpf_prog_get_fd_by_id(id), ret;

	if (fd < 0) {
		if (errno == ENOENT)
			return 0;	/* gone meanwhile */
		return rex_fail(-errno, "cannot open BPF program %u: %s", id, rex_strerror(errno));
	}
	ret = rex_shim_decode(fd, slot, cookie);
	close(fd);
	return ret;
}

int rex_shim_each(int (*fn)(const struct rex_shim *shim, void *data), void *data)
{
	struct rex_shim shim = {};
	int ret = 0;

	while (!ret && !bpf_prog_get_next_id(shim.id, &shim.id)) {
		ret = rex_shim_decode_id(shim.id, &shim.slot, &shim.cookie);
		if (ret > 0)
			ret = fn(&shim, data);
	}
	if (!ret && errno != ENOENT)
		return rex_fail(-errno, "cannot list BPF programs: %s", rex_strerror(errno));
	return ret;
}

struct wanted {
	const struct rex_entry *entry;
	uint32_t *ids;
	int max, n;
};

static int note_id(const struct rex_shim *shim, void *data)
{
	struct wanted *w = data;

	if (shim->slot == w->entry->slot && shim->cookie == w->entry->cookie) {
		if (w->n < w->max)
			w->ids[w->n] = shim->id;
		w->n++;
	}
	return 0;
}

int rex_shim_ids(const struct rex_entry *entry, uint32_t *ids, int max)
{
	struct wanted w = { .entry = entry, .ids = ids, .max = max };
	int err = rex_shim_each(note_id, &w);

	return err ? err : w.n;
}
