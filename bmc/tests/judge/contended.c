// SPDX-License-Identifier: GPL-2.0-only
/*
 * The judge of keys that several write at once.
 *
 * Which of two overlapping writes came first is not known. Write A is certainly over when
 * another began after A had ended, and was executed: so the latest beginning among the
 * mutations known to be executed ("sure") is all that a read needs to remember. Known are
 * those that were acknowledged, and those whose value was read.
 */
#include <stdio.h>
#include <string.h>

#include "judge.h"

void contended_init(struct contended *k)
{
	memset(k, 0, sizeof(*k));
	k->next = 1;
}

static struct write *find(struct contended *k, uint32_t id)
{
	struct write *w = &k->write[id % WRITES];

	return id && w->id == id ? w : NULL;
}

uint32_t contended_begin(struct contended *k, uint64_t now, uint8_t kind, uint8_t via)
{
	struct write *w = &k->write[k->next % WRITES];

	if (w->pending)
		return 0;
	if (w->id && w->ended > k->forgotten)
		k->forgotten = w->ended;
	*w = (struct write){ .begun = now, .ended = NEVER, .id = k->next, .kind = kind, .via = via,
			     .pending = true };
	k->removing++;		/* until it says what it stores */
	return k->next++;
}

void contended_stores(struct contended *k, uint32_t id, const struct content *is)
{
	struct write *w = find(k, id);

	w->is = *is;
	w->is.flags = id;
	k->removing--;
}

static bool stores(const struct write *w)
{
	return w->is.flags != 0;
}

static void sure(struct contended *k, uint64_t begun, bool stored, uint8_t kind, uint8_t via)
{
	if (begun > k->sure) {
		k->sure = begun;
		k->sure_kind = kind;
		k->sure_via = via;
	}
	if (stored && begun > k->sure_stored)
		k->sure_stored = begun;
}

void contended_end(struct contended *k, uint32_t id, uint64_t now, enum outcome outcome)
{
	struct write *w = find(k, id);

	if (!w || !w->pending)
		return;
	w->pending = false;
	w->ended = now;
	if (!stores(w)) {
		k->removing--;
		if (outcome != NOTHING)
			k->removed = now;
	}
	if (outcome == EXECUTED)
		sure(k, w->begun, stores(w), w->kind, w->via);
	else if (outcome == NOTHING)
		w->id = 0;	/* nobody may ever read it */
}

void contended_flush_begin(struct contended *k)
{
	k->removing++;
}

void contended_flush_end(struct contended *k, uint64_t begun, uint64_t now, uint8_t kind)
{
	k->removing--;
	k->removed = now;
	sure(k, begun, false, kind, VIA_SELF);
}

void contended_died(struct contended *k, uint64_t now)
{
	unsigned int i;

	for (i = 0; i < WRITES; i++) {
		struct write *w = &k->write[i];

		if (!w->pending)
			continue;
		w->pending = false;
		w->ended = now;
	}
	k->removing = 0;
	k->removed = now;
	/* all that was ever written ended by now; the next to be executed begins later */
	sure(k, now + 1, false, KIND_RESTART, VIA_SELF);
}

struct reading contended_read(const struct contended *k, uint64_t now)
{
	return (struct reading){ .begun = now, .floor = k->sure, .sure_stored = k->sure_stored,
				 .kind = k->sure_kind, .via = k->sure_via };
}

enum verdict contended_reply(struct contended *k, const struct reading *r, uint64_t now,
			     const struct content *got, struct finding *f)
{
	struct write *w;

	(void)now;
	if (!got) {
		if (k->removing || k->removed >= r->sure_stored)
			return GOOD;
		*f = (struct finding){ .verdict = MISSING, .kind = r->kind, .via = r->via };
		snprintf(f->text, sizeof(f->text),
			 "no such key, but it was stored after the last delete, "
			 "%.3f ms before the read began",
			 (r->begun - r->sure_stored) / 1e6);
		return f->verdict;
	}
	w = find(k, got->flags);
	if (w && (!stores(w) || w->is.hash != got->hash || w->is.len != got->len))
		w = NULL;
	else if (!w && got->flags && got->flags < k->next && k->next - got->flags >= WRITES) {
		/* it was one of those that were forgotten, all of which had ended by then */
		if (r->floor <= k->forgotten)
			return UNCHECKED;
		*f = (struct finding){ .verdict = STALE, .kind = r->kind, .via = r->via };
		snprintf(f->text, sizeof(f->text), "the value of write %u, but %u were made since",
			 got->flags, k->next - 1 - got->flags);
		return f->verdict;
	}
	if (!w) {
		*f = (struct finding){ .verdict = WRONG, .kind = r->kind, .via = r->via };
		snprintf(f->text, sizeof(f->text), "nobody stored this: flags %u, %u bytes",
			 got->flags, got->len);
		return f->verdict;
	}
	if (w->ended < r->floor) {
		*f = (struct finding){ .verdict = STALE, .kind = r->kind, .via = r->via };
		snprintf(f->text, sizeof(f->text),
			 "the value of write %u (%s), which ended %.3f ms before a "
			 "mutation (%s, %s) began that was executed before the read began",
			 w->id, kind_names[w->kind], (r->floor - w->ended) / 1e6,
			 kind_names[r->kind], via_names[r->via]);
		return f->verdict;
	}
	sure(k, w->begun, true, w->kind, w->via);
	return GOOD;
}
