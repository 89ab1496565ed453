/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Can this reply be explained? README.md has the rules and why they are sound.
 *
 * An ordered key has one writer at a time, which may send several mutations down one
 * connection: its history is a row of slots, in the order in which the server executes
 * them. Slot n is the state of the key after mutation n. A contended key has any number of
 * writers at once, and is judged by intervals (contended.c).
 *
 * The judge keeps the recent past only; what a read may not return any more is decided by
 * what was known when it began (struct reading). All times are CLOCK_MONOTONIC in ns.
 */
#ifndef CONSISTENCY_JUDGE_H
#define CONSISTENCY_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kinds.h"

#define NEVER	UINT64_MAX
#define GRACE	3000000000ULL	/* by which gone_by is later than the time that was asked for */
#define RING	64		/* slots of an ordered key that are remembered */
#define WRITES	256		/* of a contended one */

/* What a key holds, as far as a reader can tell. */
struct content {
	uint64_t hash;		/* of the bytes */
	uint32_t flags, len;
	bool number;		/* decr pads with blanks: they do not count */
};

/* What may be so after a mutation: exactly one of them, and the judge may not know which. */
enum may {
	MAY_NEW = 1,		/* the slot's own content */
	MAY_KEEP = 2,		/* what was there is there still */
	MAY_KEEP_NONE = 4,	/* nothing was there, and nothing is */
	MAY_NONE = 8,		/* nothing is there */
};

struct slot {
	uint64_t begun, ended;		/* ended 0: no reply yet */
	struct content is;
	uint64_t gone_from, gone_by;	/* expiry: may be missing from, must be from */
	uint8_t may, kind, via;
	uint8_t could;			/* may, in case that a flush comes in between */
};

struct ordered {
	uint32_t slots;			/* the next one's number */
	uint32_t ended;			/* all below have ended */
	uint64_t floor; /* 2 * slot: that state was reached; + 1: and it is gone since */
	uint32_t flush_slot;		/* the last that had ended when a flush began */
	uint8_t gone_kind;		/* why the floor is odd */
	uint64_t gone_at;		/* if by expiry: when that was found */
	struct slot slot[RING];
};

struct write {
	uint64_t begun, ended;
	struct content is;
	uint32_t id;
	uint8_t kind, via;
	bool pending;
};

struct contended {
	uint32_t next;			/* id of the next write, the flags of its value */
	uint64_t sure, sure_stored; /* the latest beginning of a mutation known to be executed */
	uint8_t sure_kind, sure_via;
	uint32_t removing;		/* deletes and flushes under way */
	uint64_t removed;		/* the latest end of one */
	uint64_t forgotten; /* the latest end of a write that is not in the ring any more */
	struct write write[WRITES];
};

struct reading {
	uint64_t begun, floor, gone_at, sure_stored;
	uint8_t kind, via;
};

/*
 * EARLY: others found that it had expired, but before the time that was asked for. LATE: it has
 * expired, but since less than judge_late.
 */
enum verdict { GOOD, STALE, WRONG, MISSING, UNCHECKED, EARLY, LATE };

/* By so much an accelerator may be late that does not know when an item expires; 0: not at all. */
extern uint64_t judge_late;

/* Why it is not good. */
struct finding {
	enum verdict verdict;
	uint8_t kind, via;		/* of the mutation that the reply ignores */
	char text[240];
};

/* --- ordered.c */

/* A key that does not exist yet. */
void ordered_init(struct ordered *k, uint64_t now);
/* A mutation is about to be sent; @may: what it can come to. Returns its slot. */
uint32_t ordered_begin(struct ordered *k, uint64_t now, const struct slot *what);
/* It was answered; @may: what it has come to, as far as the answer says. */
void ordered_end(struct ordered *k, uint32_t slot, uint64_t now, uint8_t may);
/* The times at which the slot's content expires turned out to be these. */
void ordered_expires(struct ordered *k, uint32_t slot, uint64_t from, uint64_t by);
/* All keys go, at some moment in between. Mutations may be under way. */
void ordered_flush_begin(struct ordered *k, uint64_t now);
void ordered_flush_end(struct ordered *k, uint64_t now, uint8_t kind);
/* The server died: what has not ended by then was not executed, or is gone. */
void ordered_died(struct ordered *k, uint64_t now);

struct reading ordered_read(const struct ordered *k, uint64_t now);
/* The reply had @got; NULL: it says that there is no such key. Teaches the judge, too. */
enum verdict ordered_reply(struct ordered *k, const struct reading *r, uint64_t now,
			   const struct content *got, struct finding *f);

const struct slot *ordered_slot(const struct ordered *k, uint32_t slot);
/* True when nothing is under way and it is known what the key holds (or that it does not exist). */
bool ordered_certain(const struct ordered *k, uint64_t now, bool *exists);

/* --- contended.c */

void contended_init(struct contended *k);
/* Returns the id; 0 when too many are under way. A write that stores has it as its flags. */
uint32_t contended_begin(struct contended *k, uint64_t now, uint8_t kind, uint8_t via);
void contended_stores(struct contended *k, uint32_t id, const struct content *is);
/* NOTHING: the answer says that it changed nothing. UNKNOWN: perhaps, but not after @now. */
enum outcome { NOTHING, EXECUTED, UNKNOWN };
void contended_end(struct contended *k, uint32_t id, uint64_t now, enum outcome outcome);
void contended_flush_begin(struct contended *k);
void contended_flush_end(struct contended *k, uint64_t begun, uint64_t now, uint8_t kind);
void contended_died(struct contended *k, uint64_t now);
struct reading contended_read(const struct contended *k, uint64_t now);
enum verdict contended_reply(struct contended *k, const struct reading *r, uint64_t now,
			     const struct content *got, struct finding *f);

#endif
