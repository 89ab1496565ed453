// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "fail.h"
#include "track.h"

int track_init(struct track *t, uint32_t ports)
{
	*t = (struct track){ .ports = ports, .size = ports << 16 };
	t->slot = calloc(t->size, sizeof(*t->slot));
	return t->slot ? 0 : bench_fail(ENOMEM, "no memory for the request table of %u ports", ports);
}

void track_free(struct track *t)
{
	free(t->slot);
	t->slot = NULL;
}

int track_room(const struct track *t)
{
	/* half of the table stays settled, so that late replies and duplicates are recognised */
	return t->head - t->tail < t->size / 2;
}

struct request track_book(struct track *t, enum op op, uint32_t key, uint64_t due, uint16_t phase)
{
	uint32_t i = t->head++ % t->size;

	t->slot[i] = (struct slot){ .due = due, .sent = UINT64_MAX, .key = key, .op = op,
				    .state = SLOT_PENDING, .phase = phase };
	t->pending++;
	return (struct request){ .port = i % t->ports, .id = i / t->ports, .op = op, .key = key };
}

struct slot *track_sent(struct track *t, const struct request *r, uint64_t now)
{
	struct slot *s = &t->slot[(uint32_t)r->id * t->ports + r->port];

	s->sent = now;
	return s;
}

void track_unbook(struct track *t, uint32_t n)
{
	while (n--) {
		t->slot[--t->head % t->size].state = SLOT_FREE;
		t->pending--;
	}
}

struct slot *track_find(struct track *t, uint32_t port, uint16_t id)
{
	struct slot *s;

	if (port >= t->ports)
		return NULL;
	s = &t->slot[(uint32_t)id * t->ports + port];
	return s->state == SLOT_FREE ? NULL : s;
}

static void settle(struct track *t)
{
	while (t->tail < t->head && t->slot[t->tail % t->size].state != SLOT_PENDING)
		t->tail++;
}

void track_done(struct track *t, struct slot *s)
{
	s->state = SLOT_DONE;
	t->pending--;
	settle(t);
}

uint32_t track_expire(struct track *t, uint64_t before)
{
	uint32_t n = 0;

	while (t->tail < t->head) {
		struct slot *s = &t->slot[t->tail % t->size];

		if (s->sent >= before)
			break;
		s->state = SLOT_LOST;
		t->pending--;
		n++;
		settle(t);
	}
	return n;
}
