// SPDX-License-Identifier: GPL-2.0-only
/* What the judge learns from an answer, and what happens when it objects. */
#include <stdio.h>
#include <string.h>

#include "world.h"

#define SHOWN	25		/* violations printed in full */

void violation(enum verdict v, const struct op *op, const struct finding *f)
{
	static const char *const names[] = { "", "STALE", "WRONG", "MISSING", "" };
	struct name *key = &W.items[op->item].name;

	if (v == UNCHECKED) {
		W.count.unchecked++;
		return;
	}
	if (v == STALE) {
		W.count.stale++;
		W.count.stale_by[f->kind][f->via]++;
	} else {
		W.count.wrong++;
	}
	if (W.shown++ >= SHOWN && !W.verbose)
		return;
	printf("%s at %.6f s: key %u (%.*s%s), %s %s by %s: %s\n", names[v], now_ns() / 1e9,
	       op->item, key->len > 20 ? 20 : key->len, key->text, key->len > 20 ? "..." : "",
	       op->kind ? "answer to" : "read by", op->kind ? kind_names[op->kind] : "get",
	       via_names[op->via], f->text);
	fflush(stdout);
}

void read_begin(struct op *op)
{
	struct item *item = &W.items[op->item];

	op->begun = now_ns();
	op->reading = item->sort == CONTENDED ? contended_read(item->contended, op->begun)
					      : ordered_read(item->ordered, op->begun);
}

/*
 * A value that the judge does not remember: once written, so that it is very old, or by nobody?
 * What a set writes follows from the key and from the flags; of what append makes that is not so.
 */
static bool once_written(const struct op *op, const struct content *got, const struct finding *f)
{
	static uint8_t value[BIG_MOST];

	if (f->verdict != WRONG || got->len < 16 || got->len > sizeof(value) ||
	    W.items[op->item].sort == NUMBER)
		return false;
	value_make(op->item, got->flags, got->len, value);
	return value_hash(value, got->len) == got->hash;
}

void read_ended(struct op *op, const struct answer *a, uint64_t now)
{
	struct item *item = &W.items[op->item];
	struct content got;
	struct finding f;
	enum verdict v;

	W.count.keys_read++;
	if (a->said == SAID_VALUE) {
		got = (struct content){ .flags = a->flags,
					.len = a->len,
					.number = item->sort == NUMBER };
		/* decr leaves blanks where digits were */
		if (got.number)
			while (got.len && a->value[got.len - 1] == ' ')
				got.len--;
		got.hash = value_hash(a->value, got.len);
		/* a cas that nobody else can have changed is good for the next mutation */
		if (a->cas && item->sort != CONTENDED && !item->under_way &&
		    op->begun > item->not_before) {
			item->has_cas = op->reading.floor >> 1 == item->ordered->slots - 1;
			item->cas = a->cas;
		}
	} else {
		W.count.missed++;
	}
	v = item->sort == CONTENDED ? contended_reply(item->contended, &op->reading, now,
						      a->said == SAID_VALUE ? &got : NULL, &f)
				    : ordered_reply(item->ordered, &op->reading, now,
						    a->said == SAID_VALUE ? &got : NULL, &f);
	if (v == GOOD)
		return;
	/* a leap of the clock that not every CPU has seen yet: of expiry nothing can be said */
	if (v == STALE && f.kind == KIND_EXPIRY && W.jumped && now < W.jumped + 2 * SECOND)
		v = EARLY;
	if (v == EARLY || v == LATE) {
		W.count.early += v == EARLY;
		W.count.late_expiry += v == LATE;
		return;
	}
	if (a->said == SAID_VALUE && once_written(op, &got, &f)) {
		v = STALE;
		f.kind = item->sort == CONTENDED ? op->reading.kind : KIND_NONE;
		snprintf(f.text, sizeof(f.text), "a value that was written long ago, by %u",
			 got.flags);
	}
	/* memcached's clock may be very late where there is little CPU time: ask itself */
	if (v == STALE && f.kind == KIND_EXPIRY && a->said == SAID_VALUE && server_up() &&
	    server_has(&item->name, a->flags)) {
		W.count.late_clock++;
		return;
	}
	violation(v, op, &f);
}

/* What the answer says of the key's state; 0: it makes no sense. */
static uint8_t told(const struct op *op, const struct answer *a, uint8_t may)
{
	switch (a->said) {
	case SAID_STORED:
		return op->does <= EXTEND ? MAY_NEW : 0;
	case SAID_NUMBER:
		return op->does == COUNT ? MAY_NEW : 0;
	case SAID_EXISTS:
		return op->does == STORE_IF_NONE ? MAY_KEEP : 0;
	case SAID_NOT_STORED:
		return op->does == STORE_IF_NONE ? MAY_KEEP
			: op->does == STORE_IF_ANY || op->does == EXTEND ? MAY_NONE : 0;
	case SAID_NOT_FOUND:
		return op->does == STORE || op->does == STORE_IF_NONE ? 0 : MAY_NONE;
	case SAID_TOO_LARGE:
		return op->kind == KIND_SET_TOO_LARGE ? MAY_NONE : 0;
	case SAID_DONE:
		return op->does == REMOVE ? MAY_NONE : op->does == KEEP ? MAY_KEEP : 0;
	case SAID_VALUE:
		return op->does == MAKE && a->won ? MAY_NEW
			: op->does == KEEP || op->does == MAKE ? MAY_KEEP : 0;
	case SAID_NOTHING:
		/* a quiet form says nothing when it did what it is for; a miss of gat is none */
		if (op->kind == KIND_BIN_GAT)
			return MAY_NONE;
		if (op->form != TEXT && op->does <= COUNT)
			return MAY_NEW;
		return may;
	default:
		return 0;
	}
}

static void refuse(const struct op *op, const struct answer *a, const struct slot *s)
{
	struct finding f = { .verdict = WRONG, .kind = op->kind, .via = op->via };

	snprintf(f.text, sizeof(f.text), "\"%s\"%s, mutation %u after %s, expected%s%s%s", a->line,
		 op->silent ? " (quiet)" : "", op->slot,
		 s ? kind_names[ordered_slot(W.items[op->item].ordered, op->slot - 1)->kind]
		   : "others",
		 s && s->may & MAY_NEW ? " stored" : "", s && s->may & MAY_KEEP ? " kept" : "",
		 s && s->may & (MAY_NONE | MAY_KEEP_NONE) ? " none" : "");
	violation(WRONG, op, &f);
}

static void contended_ended(struct op *op, struct item *item, const struct answer *a, uint64_t now)
{
	enum outcome outcome = EXECUTED;

	switch (a->said) {
	case SAID_STORED:
	case SAID_DONE:
		break;
	case SAID_NOT_STORED:
	case SAID_EXISTS:
		outcome = NOTHING;
		break;
	case SAID_NOT_FOUND:
		/* a delete has seen to it that nothing is there */
		outcome = op->does == REMOVE ? EXECUTED : NOTHING;
		break;
	case SAID_NOTHING:
		if (op->form == TEXT && (op->does == STORE_IF_NONE || op->does == STORE_IF_ANY))
			outcome = UNKNOWN;
		break;
	default:
		refuse(op, a, NULL);
	}
	contended_end(item->contended, op->slot, now, outcome);
}

static void ordered_ended(struct op *op, struct item *item, const struct answer *a, uint64_t now)
{
	const struct slot *s = ordered_slot(item->ordered, op->slot), *before;
	uint8_t may = told(op, a, s->may), known = s->may;
	bool flushed = W.flushing || W.flushed > op->begun;
	uint64_t from, by;

	if (known & MAY_KEEP_NONE)
		known |= MAY_NONE;
	if (!(may & known)) {
		refuse(op, a, s);
		/* one alarm for it is enough */
		may = s->may | s->could | MAY_KEEP | MAY_NONE;
		item->known = false;
	}
	if (a->said == SAID_NUMBER && may == MAY_NEW && a->number != op->result)
		refuse(op, a, s);
	/* what gat and mg return was there until now */
	if (a->said == SAID_VALUE && may == MAY_KEEP) {
		read_ended(op, a, now);
	}
	before = ordered_slot(item->ordered, op->slot - 1);
	from = before->gone_from;
	by = before->gone_by;
	if ((may == MAY_NEW && op->does != EXTEND && op->does != COUNT) ||
	    (may == MAY_KEEP && op->does == KEEP)) {
		from = op->gone_from;
		by = op->seconds ? now + (op->seconds + CLOCK) * SECOND : NEVER;
	} else if (may & (may - 1)) {
		from = s->gone_from;
		by = NEVER;
	}
	/* it may have been executed before the flush */
	if (flushed && s->gone_from < from)
		from = s->gone_from;
	ordered_expires(item->ordered, op->slot, from, by);
	ordered_end(item->ordered, op->slot, now, may);
	/* stored against expectation: not what make_value() has made */
	if (may == MAY_NEW && !(op->expected & MAY_NEW))
		item->known = false;
	if (!--item->under_way)
		item->busy = 0;
}

void mutate_ended(struct op *op, const struct answer *a, uint64_t now)
{
	struct item *item = &W.items[op->item];

	if (item->sort == CONTENDED)
		contended_ended(op, item, a, now);
	else
		ordered_ended(op, item, a, now);
	keys_chase(op->item);
}

void mutate_unknown(struct op *op, uint64_t until)
{
	struct item *item = &W.items[op->item];
	const struct slot *s;

	if (item->sort == CONTENDED) {
		contended_end(item->contended, op->slot, until, UNKNOWN);
		return;
	}
	s = ordered_slot(item->ordered, op->slot);
	/* not even begun, perhaps: what was there may be there still */
	ordered_end(item->ordered, op->slot, until, s->may | s->could | MAY_KEEP);
	ordered_expires(item->ordered, op->slot, op->begun, NEVER);
	item->known = false;
	item->not_before = until;
	if (!--item->under_way)
		item->busy = 0;
}

void world_flush_begin(uint64_t now)
{
	uint32_t i;

	W.flushing = true;
	for (i = 0; i < W.n_items; i++) {
		if (W.items[i].sort == CONTENDED)
			contended_flush_begin(W.items[i].contended);
		else
			ordered_flush_begin(W.items[i].ordered, now);
	}
}

void world_flush_end(uint64_t begun, uint64_t now, enum kind kind)
{
	uint32_t i;

	W.flushing = false;
	W.flushed = now;
	for (i = 0; i < W.n_items; i++) {
		struct item *item = &W.items[i];

		if (item->sort == CONTENDED)
			contended_flush_end(item->contended, begun, now, kind);
		else
			ordered_flush_end(item->ordered, now, kind);
		item->has_cas = false;
	}
}

/* The server died, and all it had with it. */
void world_died(uint64_t now)
{
	uint32_t i;

	W.flushing = false;
	W.flushed = now;
	for (i = 0; i < W.n_items; i++) {
		struct item *item = &W.items[i];

		item->has_cas = false;
		if (item->sort == CONTENDED) {
			contended_died(item->contended, now);
			continue;
		}
		ordered_died(item->ordered, now);
		item->known = true;
		item->busy = item->under_way = 0;
	}
}
