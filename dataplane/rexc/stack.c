// SPDX-License-Identifier: GPL-2.0-only
/* The worst case of a program's stack, from its frames and its call graph. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "object.h"
#include "rexc.h"

/* Deeper call chains count as recursion. */
#define MAX_DEPTH 10000

enum state { UNSEEN, ACTIVE, DONE };

struct node {
	enum state state;
	uint64_t worst; /* of this function and all below */
	long deepest; /* the callee on the worst path; -1: none */
};

struct walk {
	const struct object *o;
	struct node *nodes;
	struct stack_report *r;
	unsigned int depth;
};

static int unbounded(struct walk *w, size_t function, const char *fmt, size_t other)
{
	char *an = function_name(&w->o->functions[function]);
	char *bn = function_name(&w->o->functions[other]);
	int err = 0;

	w->r->bounded = false;
	w->r->function = function;
	if (asprintf(&w->r->why, fmt, an, bn) < 0) {
		w->r->why = NULL;
		err = -ENOMEM;
	}
	free(an);
	free(bn);
	return err ? err : -ELOOP;
}

static int visit(struct walk *w, size_t i)
{
	const struct function *f = &w->o->functions[i];
	struct node *n = &w->nodes[i];

	if (f->indirect)
		return unbounded(w, i, "%s calls through a pointer (dyn, fn)", i);
	if (w->depth++ > MAX_DEPTH)
		return unbounded(w, i, "%s is nested too deeply", i);
	n->state = ACTIVE;
	n->deepest = -1;
	for (size_t k = 0; k < f->ncalls; k++) {
		size_t to = f->calls[k].callee;
		int err = 0;

		if (w->nodes[to].state == ACTIVE)
			return unbounded(w, to,
					 to == i ? "%s calls itself" : "%s and %s call each other",
					 i);
		if (w->nodes[to].state == UNSEEN)
			err = visit(w, to);
		if (err)
			return err;
		if (w->nodes[to].worst + 8 > n->worst) {
			n->worst = w->nodes[to].worst + 8;
			n->deepest = (long)to;
		}
	}
	n->worst += f->frame;
	n->state = DONE;
	w->depth--;
	return 0;
}

/* "a (40 bytes) -> b (16 bytes)", and the function with the largest frame. */
static int describe(struct walk *w, long i)
{
	uint64_t largest = 0;

	w->r->function = i;
	for (; i >= 0; i = w->nodes[i].deepest) {
		const struct function *f = &w->o->functions[i];
		char *name = function_name(f), *old = w->r->why;
		int ret = asprintf(&w->r->why, "%s%s%s (%lu)", old ? old : "", old ? " -> " : "",
				   name, (unsigned long)f->frame);

		free(old);
		free(name);
		if (ret < 0) {
			w->r->why = NULL;
			return -ENOMEM;
		}
		if (f->frame > largest) {
			largest = f->frame;
			w->r->function = i;
		}
	}
	return 0;
}

int stack_compute(const struct object *o, struct stack_report *r)
{
	struct walk w = { .o = o, .r = r };
	long worst = -1;
	int err = 0;

	memset(r, 0, sizeof(*r));
	w.nodes = calloc(o->nfunctions + 1, sizeof(*w.nodes));
	if (!w.nodes)
		return -ENOMEM;
	for (size_t i = 0; !err && i < o->nentries; i++) {
		size_t entry = o->entries[i];

		w.depth = 0;
		if (w.nodes[entry].state == UNSEEN)
			err = visit(&w, entry);
		if (!err && (worst < 0 || w.nodes[entry].worst > w.nodes[worst].worst))
			worst = (long)entry;
	}
	if (!err && worst >= 0) {
		r->bounded = true;
		r->worst = w.nodes[worst].worst;
		err = describe(&w, worst);
	}
	free(w.nodes);
	return err == -ELOOP ? 0 : err;
}

void stack_free(struct stack_report *r)
{
	free(r->why);
	r->why = NULL;
}

static int too_big(const struct object *o, size_t function, const char *fmt, uint64_t bytes,
		   unsigned int limit)
{
	const struct function *f = &o->functions[function];
	struct place p = lines_find_function(o, function);
	char *name = function_name(f);

	diag_error(p.file, p.line, p.column, fmt, name, (unsigned long)bytes, limit);
	free(name);
	return -EPERM;
}

int stack_check(const struct object *o, const struct stack_report *r, bool checked)
{
	int err = 0;

	if (!checked) {
		if (!r->bounded || r->worst <= STACK_LIMIT)
			return 0;
		err = too_big(o, r->function,
			      "`%s` has the largest part of the %lu bytes of stack that "
			      "this program can need; %u are available",
			      r->worst, STACK_LIMIT);
		diag_note("bytes per call, deepest path: %s", r->why);
		diag_note("keep large data in a map or a static behind a SpinLock instead of on "
			  "the stack");
		return err;
	}
	for (size_t i = 0; i < o->nfunctions; i++) {
		const struct function *f = &o->functions[i];

		if (f->frame > FRAME_LIMIT) {
			err = too_big(o, i,
				      "`%s` needs %lu bytes of stack; %u are available to a "
				      "function "
				      "of a program with recursion or calls through pointers",
				      f->frame, FRAME_LIMIT);
			diag_note("%s", r->why);
			diag_note("keep large data in a map or a static behind a SpinLock instead "
				  "of on "
				  "the stack");
		} else if (!f->checked) {
			diag_error(NULL, 0, 0, "`%s` has no stack check; this is a bug of rexc",
				   f->name);
			err = -EPERM;
		}
	}
	return err;
}
