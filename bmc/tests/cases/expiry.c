// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nothing is answered that memcached no longer has. Each item is requested over TCP (memcached) and
 * then over UDP: an item that was missing before the second request must not return. If its expiry
 * cannot be known it may, for at most --max-age.
 */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../shared.h"
#include "cases.h"

#define OLD	"5"
#define MAX_AGE	(1000 + 2 * 135)	/* ms; the accelerator's clock has ticks of 134 ms */

struct item {
	const char *name;
	const char *set;	/* for fill_in() */
	const char *then;	/* once it is cached; may be "" */
	bool stays;
	bool hits;		/* it lives long enough to be hit in the cache */
	bool unknown;		/* when it expires */
	/* found out: */
	char *key;
	bool gone;
	unsigned int gets, n_hits;
	uint64_t gone_at;	/* ms */
	uint64_t epochs;	/* how often all that was known had been forgotten when it was set */
	char why[1024];
};

static struct item items[] = {
	{ "expiry_relative", "set @ 5 5 1\r\n5\r\n", "", .hits = true },
	{ "expiry_absolute", "set @ 5 ^ 1\r\n5\r\n", "", .hits = true },
	{ "expiry_in_the_past", "set @ 5 -1 1\r\n5\r\n", "" },
	{ "expiry_given_by_set", "set @ 5 0 1\r\n5\r\n", "set @ 5 3 1\r\n5\r\n" },
	{ "expiry_given_by_cas", "set @ 5 0 1\r\n5\r\n", "cas @ 5 3 1 #\r\n5\r\n" },
	{ "expiry_given_by_add", "", "add @ 5 4 1\r\n5\r\n", .unknown = true },
	{ "expiry_given_by_replace", "set @ 5 0 1\r\n5\r\n", "replace @ 5 3 1\r\n5\r\n" },
	{ "expiry_given_by_touch", "set @ 5 0 1\r\n5\r\n", "touch @ 3\r\n" },
	{ "expiry_given_by_gat", "set @ 5 0 1\r\n5\r\n", "gat 3 @\r\n" },
	{ "expiry_given_by_gats", "set @ 5 0 1\r\n5\r\n", "gats 3 @\r\n" },
	{ "expiry_given_by_absolute_touch", "set @ 5 0 1\r\n5\r\n", "touch @ ^\r\n" },
	{ "expiry_given_by_meta_set", "set @ 5 0 1\r\n5\r\n", "ms @ 1 F5 T3\r\n5\r\n" },
	{ "expiry_given_by_meta_get", "set @ 5 0 1\r\n5\r\n", "mg @ T3\r\n" },
	{ "expiry_given_by_meta_arithmetic", "set @ 5 0 1\r\n5\r\n", "ma @ D0 T3\r\n" },
	{ "expiry_given_by_meta_delete", "set @ 5 0 1\r\n5\r\n", "md @ I T3\r\n" },
	{ "expiry_of_a_vivified_item", "", "ma @ N4 J5\r\n", .unknown = true },
	{ "expiry_kept_by_incr", "set @ 5 5 1\r\n5\r\n", "incr @ 0\r\n" },
	{ "expiry_kept_by_append", "set @ 5 5 1\r\n5\r\n", "append @ 0 1000 0\r\n\r\n" },
	{ "expiry_kept_by_touch_of_another", "set @ 5 5 1\r\n5\r\n", "touch @x 1000\r\n" },
	{ "expiry_put_off_by_touch", "set @ 5 4 1\r\n5\r\n", "touch @ 1000\r\n", .stays = true, .hits = true },
	{ "expiry_taken_away_by_touch", "set @ 5 4 1\r\n5\r\n", "touch @ 0\r\n", .stays = true, .hits = true },
	{ "expiry_taken_away_by_set", "set @ 5 4 1\r\n5\r\n", "set @ 5 0 1\r\n5\r\n", .stays = true, .hits = true },
};
#define N_ITEMS (sizeof(items) / sizeof(*items))

static struct item before_start = {
	"expiry_of_an_item_older_than_the_accelerator", .unknown = true,
};
static struct item flushed[] = {
	{ "flush_all_later_of_a_cached_value", "set @ 5 0 1\r\n5\r\n", "", .hits = true },
	{ "flush_all_later_of_a_value_set_meanwhile", "", "set @ 5 0 1\r\n5\r\n" },
};

static void tell(const char *format, const char *key)
{
	static int fd = -1;

	if (!*format)
		return;
	if (fd < 0)
		fd = dial(TCP4);
	send_all(fd, text_join(fill_in(format, key), text_make("mn\r\n")));
	read_until(fd, "MN\r\n");
}

static uint64_t epochs(void)
{
	return counter(BMC_EPOCH_UNSYNCED) + counter(BMC_EPOCH_LAPSE) + counter(BMC_EPOCH_OVERFLOW);
}

static void poll_item(struct item *i)
{
	struct text want = value_reply(i->key, 5, text_make(OLD)), none = text_make("END\r\n");
	struct text before = truth(i->key), got, after;
	bool hit;

	if (!i->gone && text_equal(before, none)) {
		i->gone = true;
		i->gone_at = now_ms();
	}
	got = get_hit(i->key, &hit);
	i->gets++;
	i->n_hits += hit;
	if (text_equal(got, before))
		return;
	/* it may have gone in between */
	after = truth(i->key);
	if (text_equal(got, after) && text_equal(got, none))
		return;
	if (setup.accel == REX && i->gone && now_ms() < i->gone_at + MAX_AGE &&
	    (i->unknown || i->epochs != epochs()))
		return;
	if (!*i->why)
		snprintf(i->why, sizeof(i->why), "GET %u, %s, gives \"%s\", but memcached has \"%s\"%s",
			 i->gets, hit ? "a hit" : "no hit", text_show(got), text_show(before),
			 text_equal(got, want) ? ": expired" : "");
}

/* Asks for them until each that does not stay is gone, and then for a while. */
static void poll_all(struct item *item, size_t n)
{
	time_t end = time(NULL) + 9;
	bool left = true;

	while (left && time(NULL) < end) {
		left = false;
		for (size_t i = 0; i < n; i++) {
			poll_item(&item[i]);
			left |= !item[i].gone && !item[i].stays;
		}
		usleep(2000);
	}
	for (int round = 0; round < 3; round++)
		for (size_t i = 0; i < n; i++)
			poll_item(&item[i]);
	for (size_t i = 0; i < n; i++) {
		if (*item[i].why)
			continue;
		if (item[i].gone == item[i].stays)
			sprintf(item[i].why, "memcached %s has it", item[i].stays ? "no longer" : "still");
		else if (setup.accel == REX && item[i].hits && !item[i].n_hits)
			sprintf(item[i].why, "none of %u GETs was a hit", item[i].gets);
	}
}

static void finish(struct item *item, size_t n)
{
	for (size_t i = 0; i < n; i++)
		run_case(item[i].name, say_why, item[i].why);
}

void prepare_expiry(void)
{
	if (setup.list)
		return;
	before_start.key = new_key(20);
	tell("set @ 5 6 1\r\n5\r\n", before_start.key);
}

void run_expiry_of_old(void)
{
	if (!setup.list)
		poll_all(&before_start, 1);
	finish(&before_start, 1);
}

/* Makes the item, and asks for it: into the cache, if it may. */
static void make(struct item *i)
{
	i->key = new_key(20);
	i->epochs = setup.accel == REX ? epochs() : 0;
	tell(i->set, i->key);
	poll_item(i);
	poll_item(i);
}

static void change(struct item *i)
{
	if (*i->then)
		i->epochs = setup.accel == REX ? epochs() : 0;
	i->gone = false;
	tell(i->then, i->key);
	poll_item(i);
	poll_item(i);
}

static void run_items(void)
{
	for (size_t i = 0; i < N_ITEMS; i++) {
		make(&items[i]);
		change(&items[i]);
	}
	poll_all(items, N_ITEMS);
	make(&flushed[0]);
	make(&flushed[1]);
	tell("flush_all 3\r\n", "");
	change(&flushed[0]);
	change(&flushed[1]);
	poll_all(flushed, 2);
}

void run_expiry(void)
{
	if (!setup.list)
		run_items();
	finish(items, N_ITEMS);
	finish(flushed, 2);
}
