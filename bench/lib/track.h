/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests in flight. Request number n leaves from source port n % ports with
 * request id (n / ports) & 0xffff, so a table of ports * 65536 slots holds them in
 * the order they were sent, and (port, id) of a reply leads to its slot at once.
 */
#ifndef BENCH_TRACK_H
#define BENCH_TRACK_H

#include <stdbool.h>
#include <stdint.h>

enum slot_state { SLOT_FREE, SLOT_PENDING, SLOT_DONE, SLOT_LOST };

enum op { OP_GET, OP_SET, OP_DELETE, OPS };

struct slot {
	uint64_t due;		/* ns: when the request was to be sent */
	uint64_t sent;		/* ns: when it had left, UINT64_MAX until then */
	uint32_t key;
	uint8_t state;
	uint8_t op;
	uint16_t phase;		/* the caller's; a late reply belongs to its request's phase */
	uint64_t have;		/* the caller's, of a reply in several datagrams: what has come */
	bool judged;		/* the caller's: what still comes of that reply changes nothing */
};

struct track {
	struct slot *slot;
	uint32_t ports, size;	/* size = ports * 65536 */
	uint64_t head, tail;	/* next request number; oldest one not settled */
	uint32_t pending;
};

int track_init(struct track *t, uint32_t ports);
void track_free(struct track *t);

/* Can one more request be in flight? */
int track_room(const struct track *t);

struct request {
	uint32_t port;		/* 0..ports-1 */
	uint16_t id;
	enum op op;
	uint32_t key;		/* index, or that with KEY_ABSENT */
};

/* Book request number @t->head; track_room() must hold. */
struct request track_book(struct track *t, enum op op, uint32_t key, uint64_t due, uint16_t phase);

/* A booked request has left: its time runs from now on. */
struct slot *track_sent(struct track *t, const struct request *r, uint64_t now);

/* Take the last @n booked requests back: they will not leave. */
void track_unbook(struct track *t, uint32_t n);

/* The slot of a reply, NULL if @port or the slot was never used. The caller looks at its state. */
struct slot *track_find(struct track *t, uint32_t port, uint16_t id);

/* Settle a pending slot as answered. */
void track_done(struct track *t, struct slot *s);

/* Declare requests that left before @before lost; returns how many. */
uint32_t track_expire(struct track *t, uint64_t before);

#endif
