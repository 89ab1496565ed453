// SPDX-License-Identifier: GPL-2.0-only
/* Which mutation of which key comes next, and what it can come to. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "world.h"

#define TRIES	8

enum state { ABSENT, PRESENT, PERHAPS, UNSURE };

static const struct {
	enum does does;
	enum form form;
} kinds[N_KINDS] = {
	[KIND_SET] = { STORE, TEXT },
	[KIND_ADD] = { STORE_IF_NONE, TEXT },
	[KIND_REPLACE] = { STORE_IF_ANY, TEXT },
	[KIND_APPEND] = { EXTEND, TEXT },
	[KIND_PREPEND] = { EXTEND, TEXT },
	[KIND_CAS] = { STORE_IF_ANY, TEXT },
	[KIND_INCR] = { COUNT, TEXT },
	[KIND_DECR] = { COUNT, TEXT },
	[KIND_DELETE] = { REMOVE, TEXT },
	[KIND_TOUCH] = { KEEP, TEXT },
	[KIND_GAT] = { KEEP, TEXT },
	[KIND_GATS] = { KEEP, TEXT },
	[KIND_SET_TOO_LARGE] = { REMOVE, TEXT },
	[KIND_MS] = { STORE, META },
	[KIND_MS_ADD] = { STORE_IF_NONE, META },
	[KIND_MS_REPLACE] = { STORE_IF_ANY, META },
	[KIND_MS_APPEND] = { EXTEND, META },
	[KIND_MS_PREPEND] = { EXTEND, META },
	[KIND_MD] = { REMOVE, META },
	[KIND_MD_STALE] = { KEEP, META },
	[KIND_MA_INCR] = { COUNT, META },
	[KIND_MA_DECR] = { COUNT, META },
	[KIND_MG_TOUCH] = { KEEP, META },
	[KIND_MG_VIVIFY] = { MAKE, META },
	[KIND_BIN_SET] = { STORE, BINARY },
	[KIND_BIN_ADD] = { STORE_IF_NONE, BINARY },
	[KIND_BIN_REPLACE] = { STORE_IF_ANY, BINARY },
	[KIND_BIN_APPEND] = { EXTEND, BINARY },
	[KIND_BIN_PREPEND] = { EXTEND, BINARY },
	[KIND_BIN_INCR] = { COUNT, BINARY },
	[KIND_BIN_DECR] = { COUNT, BINARY },
	[KIND_BIN_DELETE] = { REMOVE, BINARY },
	[KIND_BIN_TOUCH] = { KEEP, BINARY },
	[KIND_BIN_GAT] = { KEEP, BINARY },
};

/* What the key is when this mutation is executed, as far as can be foretold. */
static enum state state_of(const struct item *item, uint64_t now)
{
	const struct ordered *k = item->ordered;
	const struct slot *s = ordered_slot(k, k->slots - 1);

	if (!item->known)
		return UNSURE;
	if (k->floor >> 1 == k->slots - 1 && k->floor & 1)
		return ABSENT;
	switch (s->may) {
	case MAY_NONE:
	case MAY_KEEP_NONE:
		return ABSENT;
	case MAY_NEW:
	case MAY_KEEP:
		return W.flushing || s->gone_from <= now + CLOCK * SECOND ? PERHAPS : PRESENT;
	}
	return UNSURE;
}

/* Is this a thing to do to such a key in such a state, now and then? */
static bool sensible(const struct item *item, enum kind kind, enum state state)
{
	enum does does = kinds[kind].does;

	if (does == STORE || L.to_warm)
		return does == STORE;
	if (kind == KIND_SET_TOO_LARGE)
		return item->sort != NUMBER && below(40) == 0;
	if (does == REMOVE)
		return below(2) == 0;
	if (state == UNSURE)
		return false;
	if (item->sort == NUMBER && (does == EXTEND || does == MAKE))
		return false;
	if (does == COUNT)
		return item->sort == NUMBER;
	if (does == EXTEND && item->len >= (item->sort == BIG ? BIG_MOST : VALUE_MOST) - 64)
		return false;
	if (kind == KIND_CAS)
		return state == PRESENT && item->has_cas;
	if (state == ABSENT && does != STORE_IF_NONE && does != MAKE)
		return below(8) == 0;
	if (state == PRESENT && does == STORE_IF_NONE)
		return below(4) == 0;
	return true;
}

static enum kind pick_kind(const struct item *item, enum form form, enum state state)
{
	enum kind kind;

	for (;;) {
		kind = 1 + below(N_KINDS - 1);
		if (kind >= KIND_EXPIRY || (kinds[kind].form == BINARY) != (form == BINARY))
			continue;
		if (sensible(item, kind, state))
			return kind;
	}
}

static uint8_t may_be(enum does does, enum state state)
{
	switch (does) {
	case STORE:
		return MAY_NEW;
	case REMOVE:
		return MAY_NONE;
	case STORE_IF_NONE:
	case MAKE:
		return state == ABSENT ? MAY_NEW : state == PRESENT ? MAY_KEEP : MAY_NEW | MAY_KEEP;
	case KEEP:
		return state == ABSENT	  ? MAY_KEEP_NONE
		       : state == PRESENT ? MAY_KEEP
					  : MAY_KEEP | MAY_NONE;
	default:
		return state == ABSENT	  ? MAY_KEEP_NONE
		       : state == PRESENT ? MAY_NEW
					  : MAY_NEW | MAY_NONE;
	}
}

/* Seconds to live, as they are sent: some of them as a date. */
static void set_expiry(struct op *op, bool expires)
{
	op->exptime = op->seconds = 0;
	if (!expires)
		return;
	if (L.hot && below(8))
		op->seconds = 20 + below(60);
	else
		op->seconds = 1 + below(4) + (below(4) ? 0 : 3);
	op->exptime = op->seconds;
	if (below(4) == 0)
		op->exptime = time(NULL) + op->seconds;
}

static uint32_t draw_len(enum sort sort)
{
	enum { SHORT = 12 };
	static const uint16_t lens[] = { 0, 1, 2, 7, 8, 9, 31, 32, 33, 100, 113, 114, 255, 500,
					 1000, 1024, 1100 };

	if (sort == BIG)
		return 1401 + below(below(2) ? 9000 : BIG_MOST - 1500);
	/* most are small: a reply must fit into the frame of the request */
	if (L.hot)
		return lens[below(SHORT)];
	return below(4) ? lens[below(below(3) ? SHORT : sizeof(lens) / sizeof(*lens))]
			: below(VALUE_MOST + 1);
}

static struct content content_of(struct item *item, uint32_t flags)
{
	item->flags = flags;
	return (struct content){ .hash = value_hash(item->value, item->len), .flags = flags,
				 .len = item->len, .number = item->sort == NUMBER };
}

static void set_number(struct item *item, uint64_t number)
{
	item->number = number;
	item->len = sprintf((char *)item->value, "%llu", (unsigned long long)number);
}

/* The new value of an ordered key. What is sent is *@value, *@len. */
static void make_value(struct item *item, struct op *op, const uint8_t **value, uint32_t *len)
{
	static uint8_t chunk[64];

	switch (op->does) {
	case EXTEND:
		*len = 1 + below(40);
		value_make(op->item, op->slot, *len, chunk);
		if (op->kind == KIND_PREPEND || op->kind == KIND_MS_PREPEND ||
		    op->kind == KIND_BIN_PREPEND) {
			memmove(item->value + *len, item->value, item->len);
			memcpy(item->value, chunk, *len);
		} else {
			memcpy(item->value + item->len, chunk, *len);
		}
		item->len += *len;
		*value = chunk;
		op->is = content_of(item, item->flags);
		return;
	case COUNT:
		op->number = below(8) ? 1 + below(9) : draw() >> 40;
		if (op->kind == KIND_INCR || op->kind == KIND_MA_INCR || op->kind == KIND_BIN_INCR)
			set_number(item, item->number + op->number);
		else
			set_number(item, item->number > op->number ? item->number - op->number : 0);
		op->result = item->number;
		op->is = content_of(item, item->flags);
		return;
	case MAKE:
		item->len = 0;
		op->is = content_of(item, 0);
		return;
	default:
		if (item->sort == NUMBER) {
			set_number(item, below(2) ? 1000000000 + below(1000) : 90 + below(20));
		} else {
			item->len = draw_len(item->sort);
			value_make(op->item, op->slot, item->len, item->value);
		}
		*value = item->value;
		*len = item->len;
		op->is = content_of(item, op->slot);
	}
}

static const uint8_t *too_large(uint32_t *len)
{
	static uint8_t zeros[(1 << 20) + 100];

	*len = sizeof(zeros);
	return zeros;
}

/* A value for a command that should fail: it is stored only if a flush comes in between. */
static const uint8_t *spare_value(const struct item *item, struct op *op, uint32_t *len)
{
	static uint8_t spare[VALUE_MOST];

	*len = item->sort == NUMBER ? (uint32_t)sprintf((char *)spare, "%u", below(1000))
				    : draw_len(BLOB);
	if (item->sort != NUMBER)
		value_make(op->item, op->slot, *len, spare);
	op->is = (struct content){ .hash = value_hash(spare, *len), .flags = op->slot, .len = *len,
				   .number = item->sort == NUMBER };
	return spare;
}

static void command_write(const struct op *op, const uint8_t *value, uint32_t len, struct out *o)
{
	if (op->form == BINARY)
		binary_write(op, value, len, o);
	else
		text_write(op, value, len, o);
}

static void ordered_mutate(struct op *op, struct item *item, struct out *o)
{
	const struct slot *before = ordered_slot(item->ordered, item->ordered->slots - 1);
	enum state state = state_of(item, op->begun);
	const uint8_t *value = item->value;
	struct slot s = { .via = op->via, .gone_by = NEVER };
	uint32_t len = 0;

	op->slot = item->ordered->slots;
	op->cas = item->cas;
	op->kind = pick_kind(item, op->form, state);
	if (op->kind == KIND_SET_TOO_LARGE && op->via >= VIA_UDP)
		op->kind = KIND_DELETE;
	op->does = kinds[op->kind].does;
	if (op->form != BINARY)
		op->form = kinds[op->kind].form;
	/* what it found, or counted, is worth knowing, and what is not certain must be known */
	if (op->does == KEEP || op->does == MAKE || op->does == COUNT ||
	    op->kind == KIND_SET_TOO_LARGE ||
	    (state == PERHAPS && op->does != STORE && op->does != REMOVE))
		op->silent = false;
	if (op->kind == KIND_TOUCH && state == PRESENT && op->via < VIA_UDP)
		op->silent = below(4) == 0;
	s.kind = op->kind;
	s.may = op->expected = may_be(op->does, state);
	s.could = may_be(op->does, PERHAPS);
	set_expiry(op, op->does == MAKE || item->sort == EXPIRING);
	if (op->kind == KIND_SET_TOO_LARGE)
		value = too_large(&len);
	else if (s.may & MAY_NEW)
		make_value(item, op, &value, &len);
	else if (op->does <= EXTEND)
		value = spare_value(item, op, &len);
	else if (op->does == MAKE)
		op->is = (struct content){ .hash = value_hash(value, 0) };
	else if (op->does == COUNT)
		op->number = 1;
	/* whether it stored something its answer will tell, but not what the value is then */
	item->known =
		op->does == STORE || op->does == REMOVE || (item->known && !(s.may & (s.may - 1)));
	item->has_cas = false;
	s.is = op->is;
	s.gone_from = op->seconds > CLOCK ? op->begun + (op->seconds - CLOCK) * SECOND
					  : op->seconds ? op->begun : NEVER;
	op->gone_from = s.gone_from;
	/* until it is known whether the time of before was replaced, both hold */
	if (op->does != STORE && before->gone_from < s.gone_from)
		s.gone_from = before->gone_from;
	if (W.flushing)
		s.gone_from = op->begun;
	op->base64 = op->form == META && item->name.len <= BASE64_MOST && below(3) == 0;
	op->reading = ordered_read(item->ordered, op->begun);
	item->busy = op->owner;
	item->under_way++;
	ordered_begin(item->ordered, op->begun, &s);
	command_write(op, value, len, o);
}

static bool contended_mutate(struct op *op, struct item *item, struct out *o)
{
	static const enum kind text[] = { KIND_SET, KIND_SET, KIND_ADD, KIND_REPLACE, KIND_DELETE,
					  KIND_MS, KIND_MS_ADD, KIND_MS_REPLACE, KIND_MD };
	static const enum kind binary[] = { KIND_BIN_SET, KIND_BIN_ADD, KIND_BIN_REPLACE,
					    KIND_BIN_DELETE };
	static uint8_t value[VALUE_MOST];
	uint32_t len = 0;

	if (L.to_warm)
		op->kind = op->form == BINARY ? KIND_BIN_SET : KIND_SET;
	else
		op->kind = op->form == BINARY ? binary[below(sizeof(binary) / sizeof(*binary))]
					      : text[below(sizeof(text) / sizeof(*text))];
	op->does = kinds[op->kind].does;
	if (op->form != BINARY)
		op->form = kinds[op->kind].form;
	op->slot = contended_begin(item->contended, op->begun, op->kind, op->via);
	if (!op->slot)
		return false;
	if (op->does != REMOVE) {
		len = draw_len(BLOB);
		value_make(op->item, op->slot, len, value);
		op->is = (struct content){ .hash = value_hash(value, len),
					   .flags = op->slot,
					   .len = len };
		contended_stores(item->contended, op->slot, &op->is);
	}
	op->base64 = op->form == META && item->name.len <= BASE64_MOST && below(3) == 0;
	command_write(op, value, len, o);
	return true;
}

bool mutate(struct op *op, struct out *o)
{
	struct item *item;
	int tries;

	op->begun = now_ns();
	for (tries = 0; tries < TRIES; tries++) {
		op->item = L.to_warm ? keys_cold() : below(3) ? keys_hot() : below(W.n_items);
		item = &W.items[op->item];
		if (item->sort == BIG && (op->via >= VIA_UDP || (!L.to_warm && below(4))))
			continue;
		if (item->sort == CONTENDED) {
			if (!contended_mutate(op, item, o))
				continue;
		} else {
			if ((item->busy && item->busy != op->owner) || item->not_before > op->begun)
				continue;
			/* the judge looks back only so far */
			if (item->under_way >= (W.single ? 1 : RING / 4))
				continue;
			ordered_mutate(op, item, o);
		}
		L.to_warm -= item->cold;
		item->cold = false;
		W.count.mutations++;
		W.count.silent_mutations += op->silent;
		W.count.made[op->kind][op->via]++;
		keys_chase(op->item);
		return true;
	}
	return false;
}
