// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a function's instructions take from the stack pointer, along every path through it. The
 * compiler's own record (.stack_sizes) is only believed where it says no less.
 */
#include <capstone/capstone.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"

/* More often than this no path of a compiler's code comes by with more and more stack. */
#define MAX_VISITS 64
/* No jump within a function goes there. */
#define NOWHERE UINT64_MAX

enum effect {
	NONE,
	TAKE,		/* @value bytes; negative: gives back */
	ALIGN,		/* down to a multiple of @value */
	SAVE,		/* %rbp = %rsp */
	RESTORE,	/* %rsp = %rbp + @value */
	LEAVE,		/* the same, and pop %rbp */
	MARK,		/* %r11 = %rsp - @value: the end of a probe loop */
	MARK_MORE,	/* %r11 -= @value */
	PROBED,		/* cmp %r11, %rsp */
	UNKNOWN,	/* changes %rsp in a way that has no bound */
};

struct step {
	uint64_t at;
	enum effect effect;
	int64_t value;
	bool ends;		/* what follows is not executed next */
	bool jumps;
	bool loses_rbp, loses_r11;
	bool call;
	uint64_t target;	/* of a jump within the function, NOWHERE: out of it */
};

/* Bytes below the return address, and what rounding down may have added to them. */
struct depth {
	int64_t bytes, slack;
};

struct state {
	struct depth sp, bp, mark;
	bool has_bp, has_mark;
	unsigned int visits;
};

static bool is_sp(const cs_x86_op *op)
{
	return op->type == X86_OP_REG && (op->reg == X86_REG_RSP || op->reg == X86_REG_ESP ||
					  op->reg == X86_REG_SP || op->reg == X86_REG_SPL);
}

static bool is_bp(const cs_x86_op *op)
{
	return op->type == X86_OP_REG && (op->reg == X86_REG_RBP || op->reg == X86_REG_EBP ||
					  op->reg == X86_REG_BP || op->reg == X86_REG_BPL);
}

static bool is_r11(const cs_x86_op *op)
{
	return op->type == X86_OP_REG && (op->reg == X86_REG_R11 || op->reg == X86_REG_R11D ||
					  op->reg == X86_REG_R11W || op->reg == X86_REG_R11B);
}

static bool is_reg(const cs_x86_op *op, x86_reg reg)
{
	return op->type == X86_OP_REG && op->reg == reg;
}

/* disp(%base) */
static bool is_base(const cs_x86_op *op, x86_reg base)
{
	return op->type == X86_OP_MEM && op->mem.base == base && !op->mem.index && !op->mem.segment;
}

/* Does the instruction write the register that @is knows? Whoever does not only read, does. */
static bool writes(const cs_insn *in, bool (*is)(const cs_x86_op *))
{
	const cs_x86 *x = &in->detail->x86;

	if (in->id == X86_INS_CMP || in->id == X86_INS_TEST || in->id == X86_INS_PUSH)
		return false;
	if (in->id == X86_INS_XCHG || in->id == X86_INS_XADD || in->id == X86_INS_CMPXCHG)
		return is(&x->operands[0]) || is(&x->operands[1]);
	return x->op_count && is(&x->operands[0]);
}

/* Instructions with the stack pointer for an operand. */
static void with_sp(const cs_insn *in, struct step *s)
{
	const cs_x86 *x = &in->detail->x86;
	const cs_x86_op *to = &x->operands[0], *from = &x->operands[1];

	s->effect = UNKNOWN;
	if (x->op_count != 2 || in->id == X86_INS_XCHG || in->id == X86_INS_XADD ||
	    in->id == X86_INS_CMPXCHG)
		return;
	if (in->id == X86_INS_CMP || in->id == X86_INS_TEST) {
		s->effect = NONE;
		if (in->id == X86_INS_CMP && is_reg(to, X86_REG_RSP) && is_reg(from, X86_REG_R11))
			s->effect = PROBED;
	} else if (!is_sp(to)) {
		/* only read, by what has one operand to write */
		if (in->id == X86_INS_MOV || in->id == X86_INS_ADD || in->id == X86_INS_SUB)
			s->effect = NONE;
		if (in->id == X86_INS_MOV && is_reg(to, X86_REG_RBP) && is_reg(from, X86_REG_RSP))
			s->effect = SAVE;
		if (in->id == X86_INS_MOV && is_reg(to, X86_REG_R11) && is_reg(from, X86_REG_RSP))
			s->effect = MARK;
	} else if (!is_reg(to, X86_REG_RSP)) {
		return;
	} else if ((in->id == X86_INS_SUB || in->id == X86_INS_ADD) && from->type == X86_OP_IMM) {
		s->effect = TAKE;
		s->value = in->id == X86_INS_SUB ? from->imm : -from->imm;
	} else if (in->id == X86_INS_AND && from->type == X86_OP_IMM && from->imm <= -8 &&
		   from->imm >= -4096 && !(-from->imm & (-from->imm - 1))) {
		s->effect = ALIGN;
		s->value = -from->imm;
	} else if (in->id == X86_INS_MOV && is_reg(from, X86_REG_RBP)) {
		s->effect = RESTORE;
	}
}

static void lea(const cs_insn *in, struct step *s)
{
	const cs_x86_op *to = &in->detail->x86.operands[0], *from = &in->detail->x86.operands[1];

	if (is_reg(to, X86_REG_R11) && is_base(from, X86_REG_RSP)) {
		s->effect = MARK;
		s->value = -from->mem.disp;
	} else if (is_reg(to, X86_REG_RSP) && is_base(from, X86_REG_RSP)) {
		s->effect = TAKE;
		s->value = -from->mem.disp;
	} else if (is_reg(to, X86_REG_RSP) && is_base(from, X86_REG_RBP)) {
		s->effect = RESTORE;
		s->value = from->mem.disp;
	} else if (is_sp(to)) {
		s->effect = UNKNOWN;
	}
}

static void classify(csh cs, const cs_insn *in, struct step *s)
{
	const cs_x86 *x = &in->detail->x86;
	bool sp = false;

	for (unsigned int i = 0; i < x->op_count; i++)
		sp |= is_sp(&x->operands[i]);
	s->call = cs_insn_group(cs, in, CS_GRP_CALL);
	switch (in->id) {
	case X86_INS_PUSH:
		s->effect = x->operands[0].size == 8 ? TAKE : UNKNOWN;
		s->value = 8;
		break;
	case X86_INS_PUSHFQ:
		s->effect = TAKE;
		s->value = 8;
		break;
	case X86_INS_POP:
		s->effect = x->operands[0].size == 8 && !sp ? TAKE : UNKNOWN;
		s->value = -8;
		break;
	case X86_INS_RET:
		s->effect = x->op_count ? UNKNOWN : NONE;
		break;
	case X86_INS_LEAVE:
		s->effect = LEAVE;
		break;
	case X86_INS_ENTER:
	case X86_INS_PUSHF:
	case X86_INS_PUSHFD:
		s->effect = UNKNOWN;
		break;
	case X86_INS_LEA:
		lea(in, s);
		break;
	default:
		if (sp)
			with_sp(in, s);
		else if (in->id == X86_INS_SUB && is_reg(&x->operands[0], X86_REG_R11) &&
			 x->operands[1].type == X86_OP_IMM)
			s->effect = MARK_MORE, s->value = x->operands[1].imm;
		else if (!s->call && cs_reg_write(cs, in, X86_REG_RSP))
			s->effect = UNKNOWN;
	}
	s->loses_rbp = writes(in, is_bp) && s->effect != SAVE;
	s->loses_r11 = s->call || (writes(in, is_r11) && s->effect != MARK &&
				   s->effect != MARK_MORE);
}

static struct step *add(struct frame *f, uint64_t at)
{
	struct step *s;

	if (!(f->n & (f->n + 1))) { /* room runs out at 2^n - 1 */
		s = reallocarray(f->steps, 2 * f->n + 1, sizeof(*s));
		if (!s)
			return NULL;
		f->steps = s;
	}
	s = &f->steps[f->n++];
	memset(s, 0, sizeof(*s));
	s->at = at;
	s->target = NOWHERE;
	return s;
}

int frame_add_nothing(struct frame *f, uint64_t at)
{
	return add(f, at) ? 0 : -ENOMEM;
}

int frame_add(struct frame *f, csh cs, const cs_insn *in, bool relocated)
{
	struct step *s = add(f, in->address);

	if (!s)
		return -ENOMEM;
	classify(cs, in, s);
	/* the linker would put in another number */
	if (relocated && s->effect != NONE)
		s->effect = UNKNOWN;
	s->ends = in->id == X86_INS_RET || in->id == X86_INS_JMP || in->id == X86_INS_LJMP ||
		  in->id == X86_INS_UD2 || in->id == X86_INS_INT3;
	s->jumps = cs_insn_group(cs, in, CS_GRP_JUMP);
	return 0;
}

void frame_jump(struct frame *f, uint64_t target)
{
	if (f->n)
		f->steps[f->n - 1].target = target;
}

void frame_free(struct frame *f)
{
	free(f->steps);
	memset(f, 0, sizeof(*f));
}

static long step_at(const struct frame *f, uint64_t at)
{
	size_t low = 0, high = f->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (f->steps[mid].at < at)
			low = mid + 1;
		else
			high = mid;
	}
	return low < f->n && f->steps[low].at == at ? (long)low : -1;
}

/*
 * The compiler's loop over the pages of a large frame:
 *	1: sub $4096, %rsp; movq $0, (%rsp); cmp %r11, %rsp; jne 1b
 * It ends where %r11 says, which is a whole number of rounds away.
 */
static bool is_probe_loop(const struct frame *f, size_t i, const struct state *in)
{
	const struct step *s = &f->steps[i];
	int64_t way = in->mark.bytes - in->sp.bytes;

	return i + 3 < f->n && s[0].effect == TAKE && s[0].value > 0 && s[1].effect == NONE &&
	       !s[1].jumps && !s[1].call && !s[1].loses_r11 && s[2].effect == PROBED &&
	       s[3].jumps && !s[3].ends && s[3].target == s[0].at && in->has_mark && way > 0 &&
	       way % s[0].value == 0 && in->mark.slack == in->sp.slack;
}

/* The state after a step; false when it has no bound. */
static bool run(const struct step *s, struct state *st)
{
	switch (s->effect) {
	case TAKE:
		st->sp.bytes += s->value;
		break;
	case ALIGN:
		/* %rsp is a multiple of 8 */
		st->sp.slack += s->value - 8;
		break;
	case SAVE:
		st->bp = st->sp;
		st->has_bp = true;
		break;
	case RESTORE:
	case LEAVE:
		if (!st->has_bp)
			return false;
		st->sp = st->bp;
		st->sp.bytes -= s->effect == LEAVE ? 8 : s->value;
		break;
	case MARK:
		st->mark = st->sp;
		st->mark.bytes += s->value;
		st->has_mark = true;
		break;
	case MARK_MORE:
		st->mark.bytes += s->value;
		break;
	case UNKNOWN:
		return false;
	case NONE:
	case PROBED:
		break;
	}
	if (s->loses_rbp || s->effect == LEAVE)
		st->has_bp = false;
	if (s->loses_r11)
		st->has_mark = false;
	return st->sp.bytes >= 0 && st->sp.bytes <= FRAME_MAX && st->sp.slack <= FRAME_MAX;
}

static bool same(const struct depth *a, const struct depth *b)
{
	return a->bytes == b->bytes && a->slack == b->slack;
}

/* Where paths meet, the deeper one counts. False when nothing is new. */
static bool merge(struct state *to, const struct state *from)
{
	struct state old = *to;

	if (!to->visits) {
		*to = *from;
		to->visits = 1;
		return true;
	}
	if (from->sp.bytes > to->sp.bytes)
		to->sp.bytes = from->sp.bytes;
	if (from->sp.slack > to->sp.slack)
		to->sp.slack = from->sp.slack;
	to->has_bp &= from->has_bp && same(&to->bp, &from->bp);
	to->has_mark &= from->has_mark && same(&to->mark, &from->mark);
	if (same(&to->sp, &old.sp) && to->has_bp == old.has_bp && to->has_mark == old.has_mark)
		return false;
	to->visits++;
	return true;
}

struct walk {
	const struct frame *f;
	struct state *states;	/* before each step */
	size_t *todo, n;	/* steps to look at, each there once */
	bool *waiting;
};

static void go(struct walk *w, size_t to, const struct state *st)
{
	if (!merge(&w->states[to], st) || w->waiting[to])
		return;
	w->waiting[to] = true;
	w->todo[w->n++] = to;
}

/* One step, and on to those behind it. False when the stack has no bound here. */
static bool look(struct walk *w, size_t i, struct frame_size *size)
{
	const struct frame *f = w->f;
	const struct step *s = &f->steps[i];
	struct state st = w->states[i];
	long to = s->jumps && s->target != NOWHERE ? step_at(f, s->target) : -1;
	size_t next = i + 1;

	size->at = s->at;
	if (st.visits > MAX_VISITS || (s->jumps && s->target != NOWHERE && to < 0))
		return false;
	if (is_probe_loop(f, i, &st)) {
		st.sp = st.mark;
		next = i + 4;
	} else if (!run(s, &st)) {
		return false;
	}
	if ((uint64_t)st.sp.bytes > size->bytes)
		size->bytes = st.sp.bytes;
	if ((uint64_t)st.sp.slack > size->slack)
		size->slack = st.sp.slack;
	if (to >= 0)
		go(w, to, &st);
	if (s->ends)
		return true;
	if (next < f->n)
		go(w, next, &st);
	/* only a call may stand at the end: of what never comes back */
	return next < f->n || s->call;
}

int frame_solve(const struct frame *f, struct frame_size *size)
{
	struct walk w = { .f = f };
	struct state first = { 0 };
	int err = 0;

	memset(size, 0, sizeof(*size));
	w.states = calloc(f->n + 1, sizeof(*w.states));
	w.todo = calloc(f->n + 1, sizeof(*w.todo));
	w.waiting = calloc(f->n + 1, sizeof(*w.waiting));
	if (!w.states || !w.todo || !w.waiting)
		err = -ENOMEM;
	if (!err && f->n)
		go(&w, 0, &first);
	while (!err && w.n) {
		size_t i = w.todo[--w.n];

		w.waiting[i] = false;
		if (!look(&w, i, size))
			err = -ERANGE;
	}
	free(w.states);
	free(w.todo);
	free(w.waiting);
	return err;
}
