// SPDX-License-Identifier: GPL-2.0-only
/*
 * The judge of keys with one writer at a time.
 *
 * Positions: 2n is "mutation n was executed and its content is there", 2n + 1 "and nothing
 * is there (any more)". They only grow. A read that began when position F was known to be
 * reached, and ended when mutation C was the last that had been sent, must be explained by
 * a position in F..2C+1; what it returned then raises F for the reads that begin later.
 */
#include <stdio.h>
#include <string.h>

#include "judge.h"

const char *const kind_names[N_KINDS] = {
#define KIND(name, text) [KIND_##name] = text,
	KINDS(KIND)
};
const char *const via_names[N_VIAS] = {
#define VIA(name, text) [VIA_##name] = text,
	VIAS(VIA)
};

uint64_t judge_late;

static struct slot *at(struct ordered *k, uint32_t slot)
{
	return &k->slot[slot % RING];
}

const struct slot *ordered_slot(const struct ordered *k, uint32_t slot)
{
	return &k->slot[slot % RING];
}

static uint32_t oldest(const struct ordered *k)
{
	return k->slots > RING ? k->slots - RING : 0;
}

void ordered_init(struct ordered *k, uint64_t now)
{
	memset(k, 0, sizeof(*k));
	k->slot[0] = (struct slot){ .begun = now, .ended = now, .may = MAY_NONE,
				    .gone_from = NEVER, .gone_by = NEVER, .via = VIA_SELF };
	k->slots = k->ended = 1;
	k->floor = 1;
}

uint32_t ordered_begin(struct ordered *k, uint64_t now, const struct slot *what)
{
	struct slot *s = at(k, k->slots);

	*s = *what;
	s->begun = now;
	s->ended = 0;
	return k->slots++;
}

static bool same(const struct content *a, const struct content *b)
{
	return a->hash == b->hash && a->flags == b->flags && (a->len == b->len || a->number);
}

static void reach(struct ordered *k, uint64_t position, uint8_t kind)
{
	if (position <= k->floor)
		return;
	k->floor = position;
	k->gone_kind = kind;
}

void ordered_end(struct ordered *k, uint32_t slot, uint64_t now, uint8_t may)
{
	struct slot *s = at(k, slot), *before = at(k, slot - 1);

	s->ended = now;
	s->may = may;
	/* what is known need not be looked up in slots that will be forgotten */
	if (may == MAY_KEEP && slot && before->may == MAY_NEW) {
		s->is = before->is;
		s->may = MAY_NEW;
	} else if (may == MAY_KEEP_NONE) {
		s->may = MAY_NONE;
	}
	if (k->ended <= slot)
		k->ended = slot + 1;
	reach(k, 2 * (uint64_t)slot + (s->may == MAY_NONE), s->kind);
}

void ordered_expires(struct ordered *k, uint32_t slot, uint64_t from, uint64_t by)
{
	at(k, slot)->gone_from = from;
	at(k, slot)->gone_by = by;
}

void ordered_flush_begin(struct ordered *k, uint64_t now)
{
	uint32_t i;

	k->flush_slot = k->ended - 1;
	for (i = oldest(k); i < k->slots; i++) {
		if (at(k, i)->gone_from > now)
			at(k, i)->gone_from = now;
		if (i >= k->ended)
			at(k, i)->may |= at(k, i)->could;
	}
}

void ordered_flush_end(struct ordered *k, uint64_t now, uint8_t kind)
{
	(void)now;
	reach(k, 2 * (uint64_t)k->flush_slot + 1, kind);
}

void ordered_died(struct ordered *k, uint64_t now)
{
	while (k->ended < k->slots) {
		at(k, k->ended)->kind = KIND_RESTART;
		at(k, k->ended)->via = VIA_SELF;
		ordered_end(k, k->ended, now, MAY_NONE);
	}
	reach(k, 2 * (uint64_t)(k->slots - 1) + 1, KIND_RESTART);
	k->gone_kind = KIND_RESTART;
}

bool ordered_certain(const struct ordered *k, uint64_t now, bool *exists)
{
	const struct slot *s = ordered_slot(k, k->slots - 1);

	*exists = s->may == MAY_NEW && !(k->floor & 1);
	if (k->ended != k->slots)
		return false;
	if (s->may == MAY_NONE || (k->floor >> 1 == k->slots - 1 && k->floor & 1))
		return true;
	return s->may == MAY_NEW && now < s->gone_from;
}

struct reading ordered_read(const struct ordered *k, uint64_t now)
{
	return (struct reading){ .begun = now, .floor = k->floor, .gone_at = k->gone_at,
				 .kind = k->gone_kind };
}

/* The mutation that stored @got, if the key may hold it after mutation @i; NULL: it may not. */
static struct slot *holds(struct ordered *k, uint32_t i, const struct content *got)
{
	for (;; i--) {
		struct slot *s = at(k, i);

		if (s->may & MAY_NEW && same(&s->is, got))
			return s;
		if (!(s->may & MAY_KEEP) || i == oldest(k))
			return NULL;
	}
}

/* May the key be absent after mutation @i, at some time before @end? */
static bool absent(const struct ordered *k, uint32_t i, uint64_t end)
{
	for (;; i--) {
		const struct slot *s = ordered_slot(k, i);

		if (s->may & MAY_NONE || s->gone_from <= end)
			return true;
		if (!(s->may & (MAY_KEEP | MAY_KEEP_NONE)) || i == oldest(k))
			return false;
	}
}

/* The reply is not explained: by what would it have been, before the read began? */
static void explain(const struct ordered *k, const struct reading *r, const struct content *got,
		    struct finding *f)
{
	uint32_t low = r->floor >> 1, i, kept = low;
	const struct slot *s;

	if (!got) {
		s = ordered_slot(k, low);
		*f = (struct finding){ .verdict = MISSING, .kind = s->kind, .via = s->via };
		snprintf(f->text, sizeof(f->text),
			 "no such key, but mutation %u (%s) stored it, %.3f ms before the read "
			 "began",
			 low, kind_names[s->kind], (int64_t)(r->begun - s->ended) / 1e6);
		return;
	}
	for (i = low; ; i--) {
		s = ordered_slot(k, i);
		/* one that the server died with may have been executed, and seen, before */
		if ((s->may & MAY_NEW || s->kind == KIND_RESTART) && same(&s->is, got))
			break;
		if (i == oldest(k)) {
			*f = (struct finding){ .verdict = WRONG, .kind = ordered_slot(k, low)->kind,
					       .via = ordered_slot(k, low)->via };
			snprintf(f->text, sizeof(f->text),
				 "no mutation stored this: flags %u, %u bytes; "
				 "read began after mutation %u, ended after %u",
				 got->flags, got->len, low, k->slots - 1);
			return;
		}
		kept = i;
	}
	/* @kept: the first that should have changed it; the same slot: it had to go by itself */
	f->verdict = STALE;
	if (i == low) {
		f->kind = r->floor & 1 ? r->kind : KIND_EXPIRY;
		f->via = r->floor & 1 && r->kind != KIND_EXPIRY ? VIA_SELF : s->via;
		snprintf(f->text, sizeof(f->text), "the value of mutation %u (%s), gone by %s: %s", i,
			 kind_names[s->kind], kind_names[f->kind],
			 r->floor & 1 ? "others have found nothing" : "its time was over");
		return;
	}
	s = ordered_slot(k, kept);
	/* a touch that found nothing changed nothing: it shows what had happened before */
	f->kind = s->may == MAY_NONE && s->could == (MAY_KEEP | MAY_NONE) ? KIND_EXPIRY : s->kind;
	f->via = s->via;
	snprintf(f->text, sizeof(f->text),
		 "the value of mutation %u, %u older than the last known: mutation %u (%s, %s) "
		 "%s%.3f ms before the read began",
		 i, low - i, kept, kind_names[s->kind], via_names[s->via],
		 s->ended && s->ended <= r->begun ? "was acknowledged " : "was visible, but sent ",
		 (int64_t)(r->begun - (s->ended && s->ended <= r->begun ? s->ended : s->begun)) /
			 1e6);
}

enum verdict ordered_reply(struct ordered *k, const struct reading *r, uint64_t now,
			   const struct content *got, struct finding *f)
{
	uint32_t i = r->floor >> 1;
	struct slot *stored;
	bool late = false;

	if (i <= oldest(k) && oldest(k))
		return UNCHECKED;
	for (; i < k->slots; i++) {
		uint64_t position = 2 * (uint64_t)i + !got;

		if (position < r->floor)
			continue;
		if (!got) {
			if (!absent(k, i, now))
				continue;
			if (position > k->floor)
				k->gone_at = now;
			reach(k, position,
			      ordered_slot(k, i)->may & MAY_NONE ? ordered_slot(k, i)->kind
								 : KIND_EXPIRY);
			return GOOD;
		}
		stored = holds(k, i, got);
		if (!stored)
			continue;
		if (r->begun > ordered_slot(k, i)->gone_by) {
			late = true;
			continue;
		}
		reach(k, position, 0);
		/* who sees what only it can have stored knows that it was executed, and did store */
		if (!got->number && got->flags)
			stored->may &= ~(MAY_KEEP | MAY_KEEP_NONE);
		return GOOD;
	}
	explain(k, r, got, f);
	if (late)
		f->verdict = STALE;
	i = r->floor >> 1;
	if (f->verdict != STALE || f->kind != KIND_EXPIRY || !holds(k, i, got))
		return f->verdict;
	/* the server's clock was late when it stored this: it has forgotten it too soon */
	if (r->floor & 1 && r->begun + GRACE <= ordered_slot(k, i)->gone_by)
		f->verdict = EARLY;
	else if (r->begun < (r->floor & 1 ? r->gone_at : ordered_slot(k, i)->gone_by) + judge_late)
		f->verdict = LATE;
	return f->verdict;
}
