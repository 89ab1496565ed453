// SPDX-License-Identifier: GPL-2.0-only
/* The keys, and which of them comes next. */
#include <stdlib.h>
#include <string.h>

#include "world.h"

#define CHASED	64		/* keys that were changed just now */
#define ZIPF	0.99

static uint32_t chase[CHASED], chase_in, chase_out;
static uint32_t *rank;		/* which key is how hot */
static struct picker hot;	/* draws ranks */

static void *need(void *p)
{
	if (!p)
		die("out of memory");
	return p;
}

static enum sort sort_of(uint32_t i)
{
	if (i >= W.first_contended)
		return i >= W.first_big ? BIG : CONTENDED;
	return i % 8 == 3 ? NUMBER : i % 8 == 6 ? EXPIRING : BLOB;
}

void keys_make(uint32_t ordered, uint32_t contended, uint32_t big, uint64_t seed)
{
	uint32_t n = ordered + contended + big, i, j;

	W.n_items = n;
	W.first_contended = ordered;
	W.first_big = ordered + contended;
	W.items = need(calloc(n, sizeof(*W.items)));
	rank = need(calloc(n, sizeof(*rank)));
	for (i = 0; i < n; i++) {
		struct item *item = &W.items[i];

		key_name(i, &item->name);
		item->sort = sort_of(i);
		item->known = true;
		if (item->sort == CONTENDED) {
			item->contended = need(malloc(sizeof(*item->contended)));
			contended_init(item->contended);
		} else {
			item->value = need(malloc(item->sort == BIG ? BIG_MOST : VALUE_MOST + 32));
			item->ordered = need(malloc(sizeof(*item->ordered)));
			ordered_init(item->ordered, now_ns());
		}
	}
	/* any sort may be hot, but a big one */
	for (i = 0; i < n; i++)
		rank[i] = i;
	for (i = W.first_big; i-- > 1; ) {
		uint32_t other = mix64(seed + i) % (i + 1);

		j = rank[i];
		rank[i] = rank[other];
		rank[other] = j;
	}
	if (picker_init(&hot, n, ZIPF, seed))
		die("out of memory");
}

void keys_chase(uint32_t item)
{
	if (chase_in - chase_out < CHASED)
		chase[chase_in++ % CHASED] = item;
}

uint32_t keys_hot(void)
{
	return rank[picker_at(&hot, draw())];
}

void keys_warm(void)
{
	uint32_t i;

	for (i = 0; i < W.n_items; i++)
		W.items[i].cold = true;
	L.to_warm = W.n_items;
}

uint32_t keys_cold(void)
{
	static uint32_t at;

	do
		at = (at + 1) % W.n_items;
	while (!W.items[at].cold);
	return at;
}

uint32_t keys_pick(void)
{
	if (chase_in != chase_out && draw() & 1)
		return chase[chase_out++ % CHASED];
	return keys_hot();
}
