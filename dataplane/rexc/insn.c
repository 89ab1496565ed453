// SPDX-License-Identifier: GPL-2.0-only
/*
 * Decodes every instruction. What needs the floating-point unit, a privilege or
 * the kernel's own control is refused; calls make the call graph, and what is
 * taken from the stack pointer the frame.
 */
#include <capstone/capstone.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "frame.h"
#include "object.h"

struct scan {
	struct object *o;
	struct function *f;
	struct frame frame;
	unsigned int refused;
};

static void refuse(struct scan *s, uint64_t at, const char *text, const char *note)
{
	struct place p;

	if (s->refused++ >= 5)
		return;
	p = lines_find(s->o, s->f->section, at);
	if (!p.file) {
		char *name = function_name(s->f);

		diag_error(NULL, 0, 0, "in %s: %s", name, text);
		free(name);
	} else {
		diag_error(p.file, p.line, p.column, "%s", text);
	}
	diag_note("%s", note);
}

static bool float_register(unsigned int reg)
{
	return (reg >= X86_REG_FP0 && reg <= X86_REG_FP7) ||
	       (reg >= X86_REG_K0 && reg <= X86_REG_K7) ||
	       (reg >= X86_REG_MM0 && reg <= X86_REG_MM7) ||
	       (reg >= X86_REG_ST0 && reg <= X86_REG_ST7) ||
	       (reg >= X86_REG_XMM0 && reg <= X86_REG_ZMM31);
}

static bool uses_float(csh cs, const cs_insn *in)
{
	static const unsigned int groups[] = {
		X86_GRP_FPU,  X86_GRP_MMX,   X86_GRP_3DNOW,  X86_GRP_SSE1,   X86_GRP_SSE2,
		X86_GRP_SSE3, X86_GRP_SSSE3, X86_GRP_SSE41,  X86_GRP_SSE42,  X86_GRP_SSE4A,
		X86_GRP_AVX,  X86_GRP_AVX2,  X86_GRP_AVX512, X86_GRP_FMA,    X86_GRP_FMA4,
		X86_GRP_XOP,  X86_GRP_AES,   X86_GRP_SHA,    X86_GRP_PCLMUL, X86_GRP_F16C,
	};
	const cs_x86 *x = &in->detail->x86;

	for (unsigned int i = 0; i < x->op_count; i++)
		if (x->operands[i].type == X86_OP_REG && float_register(x->operands[i].reg))
			return true;
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
		/* fences and prefetches are SSE by name only */
		if (cs_insn_group(cs, in, groups[i]))
			return in->id != X86_INS_PAUSE && in->id != X86_INS_LFENCE &&
			       in->id != X86_INS_MFENCE && in->id != X86_INS_SFENCE &&
			       in->id != X86_INS_PREFETCHT0 && in->id != X86_INS_PREFETCHT1 &&
			       in->id != X86_INS_PREFETCHT2 && in->id != X86_INS_PREFETCHNTA &&
			       in->id != X86_INS_PREFETCHW && in->id != X86_INS_MOVNTI;
	}
	return in->id == X86_INS_FXSAVE || in->id == X86_INS_FXRSTOR || in->id == X86_INS_XSAVE ||
	       in->id == X86_INS_XRSTOR || in->id == X86_INS_LDMXCSR || in->id == X86_INS_STMXCSR ||
	       in->id == X86_INS_EMMS || in->id == X86_INS_WAIT;
}

static bool privileged(csh cs, const cs_insn *in)
{
	const cs_x86 *x = &in->detail->x86;

	if (cs_insn_group(cs, in, CS_GRP_PRIVILEGE) || cs_insn_group(cs, in, CS_GRP_IRET))
		return true;
	switch (in->id) {
	case X86_INS_SYSCALL:
	case X86_INS_SYSENTER:
	case X86_INS_SYSRET:
	case X86_INS_SYSEXIT:
	case X86_INS_INT:
	case X86_INS_INT1:
	case X86_INS_INTO:
	case X86_INS_IN:
	case X86_INS_OUT:
	case X86_INS_INSB:
	case X86_INS_INSW:
	case X86_INS_INSD:
	case X86_INS_OUTSB:
	case X86_INS_OUTSW:
	case X86_INS_OUTSD:
	case X86_INS_CLI:
	case X86_INS_STI:
	case X86_INS_HLT:
	case X86_INS_CLTS:
	case X86_INS_RDMSR:
	case X86_INS_WRMSR:
	case X86_INS_SWAPGS:
	case X86_INS_INVLPG:
	case X86_INS_LGDT:
	case X86_INS_LIDT:
	case X86_INS_LLDT:
	case X86_INS_LTR:
	case X86_INS_LMSW:
	case X86_INS_INVD:
	case X86_INS_WBINVD:
	case X86_INS_STD:
	case X86_INS_POPF:
	case X86_INS_POPFD:
	case X86_INS_POPFQ:
	case X86_INS_LJMP:
	case X86_INS_LCALL:
	case X86_INS_XSETBV:
	case X86_INS_MONITOR:
	case X86_INS_MWAIT:
		return true;
	default:
		break;
	}
	/* control, debug and segment registers */
	for (unsigned int i = 0; i < x->op_count; i++) {
		unsigned int reg = x->operands[i].type == X86_OP_REG ? x->operands[i].reg : 0;

		if ((reg >= X86_REG_CR0 && reg <= X86_REG_DR15) || reg == X86_REG_CS ||
		    reg == X86_REG_DS || reg == X86_REG_ES || reg == X86_REG_FS ||
		    reg == X86_REG_GS || reg == X86_REG_SS)
			return true;
	}
	return false;
}

/* Code is entered where a function begins, and nowhere else. */
static bool enters(const struct object *o, size_t callee, uint64_t offset)
{
	return o->functions[callee].offset == offset;
}

static int add_call(struct function *f, size_t callee, uint64_t at)
{
	struct call *more;

	if (!(f->ncalls & (f->ncalls + 1))) { /* room runs out at 2^n - 1 */
		more = reallocarray(f->calls, 2 * f->ncalls + 1, sizeof(*more));
		if (!more)
			return -ENOMEM;
		f->calls = more;
	}
	f->calls[f->ncalls++] = (struct call){ .callee = callee, .at = at };
	return 0;
}

static void add_indirect(struct function *f, uint64_t at)
{
	if (!f->indirect) {
		f->indirect = true;
		f->indirect_at = at;
	}
}

/* What a leaf has not, besides calls and jumps: repetition, and what may trap. */
static bool repeats_or_traps(csh cs, const cs_insn *in)
{
	const uint8_t rep = in->detail->x86.prefix[0];

	switch (in->id) {
	case X86_INS_UD2:
	case X86_INS_INT3:
	case X86_INS_DIV:
	case X86_INS_IDIV:
	case X86_INS_LOOP:
	case X86_INS_LOOPE:
	case X86_INS_LOOPNE:
	case X86_INS_XBEGIN:
		return true;
	case X86_INS_PAUSE:
		return false;
	default:
		return cs_insn_group(cs, in, CS_GRP_INT) ||
		       ((rep == X86_PREFIX_REP || rep == X86_PREFIX_REPNE) && in->id != X86_INS_RET);
	}
}

/* A call or jump: to where? */
static int branch(struct scan *s, const cs_insn *in, bool is_call)
{
	const cs_x86_op *op = &in->detail->x86.operands[0];
	bool was_leaf = !s->f->not_leaf;
	const struct reloc *r;
	const char *name;
	size_t self = s->f - s->o->functions;
	uint64_t target;
	long callee;

	s->f->not_leaf = true;
	if (in->detail->x86.op_count != 1 || op->type != X86_OP_IMM) {
		add_indirect(s->f, in->address);
		return 0;
	}
	r = object_reloc(&s->o->sections[s->f->section], in->address, in->address + in->size);
	if (r) {
		/* relative to the end of the field, which ends the instruction */
		callee = object_reloc_function(s->o, r, 4);
		name = s->o->symbols[r->symbol].name;
		if (callee < 0) {
			if (!strncmp(name, "__x86_indirect_thunk_", 21))
				add_indirect(s->f, in->address);
			else if (was_leaf && !is_call && !strcmp(name, "__x86_return_thunk"))
				s->f->not_leaf = false;
			return 0;
		}
		target = s->o->symbols[r->symbol].sym.st_value + (uint64_t)r->addend + 4;
	} else {
		target = op->imm;
		callee = object_function_at(s->o, s->f->section, target);
		if (callee < 0) {
			refuse(s, in->address, "a jump to nowhere",
			       "this is a bug of the compiler or of rexc");
			return 0;
		}
	}
	if ((size_t)callee == self && !is_call) {
		if (was_leaf && target > in->address)
			s->f->not_leaf = false;
		frame_jump(&s->frame, target);
		return 0;
	}
	if (!enters(s->o, callee, target)) {
		refuse(s, in->address, "a jump into the middle of another function",
		       "this is a bug of the compiler or of rexc");
		return 0;
	}
	return add_call(s->f, callee, in->address);
}

static int scan_function(struct scan *s, csh cs, cs_insn *in)
{
	const struct section *sec = &s->o->sections[s->f->section];
	const uint8_t *code = sec->data + s->f->offset;
	size_t left = s->f->size, nth = 0;
	uint64_t at = s->f->offset;
	unsigned int test = 0;
	int err = 0;

	while (!err && left) {
		/* endbr64: not every capstone knows it */
		if (left >= 4 && !memcmp(code, "\xf3\x0f\x1e\xfa", 4)) {
			err = frame_add_nothing(&s->frame, at);
			code += 4;
			at += 4;
			left -= 4;
			continue;
		}
		if (!cs_disasm_iter(cs, &code, &left, &at, in)) {
			refuse(s, at, "an instruction that rexc does not know",
			       "only what rexc can decode may run in the kernel");
			return 0;
		}
		nth++;
		err = frame_add(&s->frame, cs, in,
				object_reloc(sec, in->address, in->address + in->size));
		if (err)
			break;
		/* testl $0x8000, %esp; jz */
		if (nth == 1 && in->size == 6 && !memcmp(in->bytes, "\xf7\xc4\x00\x80\x00\x00", 6))
			test = 1;
		else if (nth == 2 && test && in->id == X86_INS_JE)
			s->f->checked = true;
		if (repeats_or_traps(cs, in))
			s->f->not_leaf = true;
		if (privileged(cs, in))
			refuse(s, in->address, "an instruction that only the kernel itself may use",
			       "programs change the kernel only through the rex crate");
		else if (uses_float(cs, in))
			refuse(s, in->address,
			       "floating point or SIMD is not available in the kernel",
			       "use integers; the floating-point registers belong to user space "
			       "while a "
			       "program runs");
		else if (cs_insn_group(cs, in, CS_GRP_CALL))
			err = branch(s, in, true);
		else if (cs_insn_group(cs, in, CS_GRP_JUMP))
			err = branch(s, in, false);
	}
	return err;
}

/* Is what the compiler has recorded enough for what the instructions do? */
static int check_frame(struct scan *s)
{
	static const char note[] = "rexc computes the worst case of the stack from the frames of all "
				   "functions; this is a bug of the compiler or of rexc";
	struct function *f = s->f;
	struct frame_size size;
	int err = frame_solve(&s->frame, &size);
	char text[128];

	if (err == -ENOMEM)
		return err;
	if (!f->has_frame) {
		refuse(s, f->offset, "a function with a frame of unknown size", note);
		return 0;
	}
	if (err) {
		refuse(s, size.at, "the stack has no bound here", note);
		return 0;
	}
	if (size.bytes > f->frame + size.slack) {
		snprintf(text, sizeof(text),
			 "a function that takes %llu bytes of stack, of which %llu are recorded",
			 (unsigned long long)size.bytes, (unsigned long long)f->frame);
		refuse(s, f->offset, text, note);
		return 0;
	}
	if (f->frame < size.bytes + size.slack)
		f->frame = size.bytes + size.slack;
	return 0;
}

int insn_scan(struct object *o)
{
	struct scan s = { .o = o };
	cs_insn *in;
	int err = 0;
	csh cs;

	if (cs_open(CS_ARCH_X86, CS_MODE_64, &cs) != CS_ERR_OK)
		return -ENOMEM;
	cs_option(cs, CS_OPT_DETAIL, CS_OPT_ON);
	in = cs_malloc(cs);
	if (!in)
		err = -ENOMEM;
	for (size_t i = 0; !err && i < o->nfunctions; i++) {
		unsigned int refused = s.refused;

		s.f = &o->functions[i];
		err = scan_function(&s, cs, in);
		if (!err && s.refused == refused)
			err = check_frame(&s);
		frame_free(&s.frame);
	}
	if (in)
		cs_free(in, 1);
	cs_close(&cs);
	return err ? err : s.refused ? -EPERM : 0;
}
