// SPDX-License-Identifier: GPL-2.0-only
/*
 * Text and meta commands that may change what a GET gives. A value is hit in the cache, the
 * command is acknowledged, and every GET from then on gives what memcached has.
 */
#include <string.h>
#include <unistd.h>

#include "cases.h"

#define OLD	"5"		/* a number, so that incr and decr work */

enum {
	CHANGES = 0,		/* memcached must have something else afterwards */
	SAME = 1,		/* ... must not */
	QUIET = 2,		/* nothing is answered: a command behind it tells that it was done */
	SHORT = 4,		/* the item may expire soon: no hits expected afterwards */
	GONE = 8,		/* the key is deleted first */
};

/* Texts are for fill_in(). */
struct mutation {
	const char *name;
	const char *command;
	const char *reply;	/* how the reply ends */
	int flags;
	enum where where;
};

static bool ends_with(struct text t, const char *end)
{
	size_t len = strlen(end);

	return t.len >= len && !memcmp(t.bytes + t.len - len, end, len);
}

static void tell(enum where where, struct text command, const char *reply, bool quiet)
{
	int fd = dial(where);
	struct text got;

	if (is_udp(where)) {
		got = ask_udp(fd, command);
		if (!ends_with(got, reply))
			fail("\"%s\" is answered by \"%s\"", text_show(command), text_show(got));
		close(fd);
		return;
	}
	send_all(fd, command);
	if (quiet) {
		send_all(fd, text_make("mn\r\n"));
		got = read_until(fd, "\n");
		if (!text_equal(got, text_make("MN\r\n")))
			fail("\"%s\" is answered by \"%s\"", text_show(command), text_show(got));
	} else {
		got = read_until(fd, reply);
	}
	close(fd);
}

static void mutate(const void *arg)
{
	const struct mutation *m = arg;
	char *key = new_key(20);
	struct text old = value_reply(key, 5, text_make(OLD)), now;

	put(key, text_make(OLD));
	warm(key, old);
	if (m->flags & GONE)
		tell(TCP4, text_make("delete %s\r\n", key), "DELETED\r\n", false);
	tell(m->where, fill_in(m->command, key), m->reply, m->flags & QUIET);
	now = check(key, !(m->flags & SHORT));
	if (m->flags & SAME && !text_equal(now, old))
		fail("memcached changed it: \"%s\"", text_show(now));
	if (!(m->flags & SAME) && text_equal(now, old))
		fail("memcached did not change it");
}

/* A command that nobody knows: what is cached may be wrong now, so no hit. */
static void mutate_all(const void *arg)
{
	const struct mutation *m = arg;
	char *key = new_key(20);
	struct text old = value_reply(key, 5, text_make(OLD));
	bool hit;

	put(key, text_make(OLD));
	warm(key, old);
	tell(m->where, fill_in(m->command, key), m->reply, false);
	if (!text_equal(get_hit(key, &hit), old))
		fail("memcached changed it");
	if (hit)
		fail("the first GET behind it is a hit");
	check(key, true);
}

static void set_too_large(const void *arg)
{
	bool meta = arg;
	char *key = new_key(20);
	size_t len = 1500000;
	int fd = dial(TCP4);

	put(key, text_make(OLD));
	warm(key, value_reply(key, 5, text_make(OLD)));
	send_all(fd, meta ? text_make("ms %s %zu\r\n", key, len)
			  : text_make("set %s 0 0 %zu\r\n", key, len));
	send_all(fd, text_join(text_repeat('x', len), text_make("\r\nmn\r\n")));
	read_until(fd, "MN\r\n");
	if (!text_equal(check(key, true), text_make("END\r\n")))
		fail("memcached still has the old value");
}

static const struct mutation table[] = {
	{ "set", "set @ 7 0 3\r\nnew\r\n", "STORED\r\n" },
	{ "set_noreply", "set @ 7 0 3 noreply\r\nnew\r\n", "", QUIET },
	{ "set_of_no_bytes", "set @ 0 0 0\r\n\r\n", "STORED\r\n" },
	{ "set_with_a_bad_data_chunk", "set @ 0 0 3\r\nabcdef\r\n", "ERROR\r\n", SAME },
	{ "set_of_a_negative_length", "set @ 0 0 -1\r\n", "\r\n", SAME },
	{ "add", "add @ 0 0 3\r\nnew\r\n", "STORED\r\n", GONE },
	{ "add_noreply", "add @ 0 0 3 noreply\r\nnew\r\n", "", GONE | QUIET },
	{ "add_that_is_refused", "add @ 0 0 3\r\nnew\r\n", "NOT_STORED\r\n", SAME },
	{ "replace", "replace @ 0 0 3\r\nnew\r\n", "STORED\r\n" },
	{ "replace_noreply", "replace @ 0 0 3 noreply\r\nnew\r\n", "", QUIET },
	{ "append", "append @ 0 0 3\r\nnew\r\n", "STORED\r\n" },
	{ "append_noreply", "append @ 0 0 3 noreply\r\nnew\r\n", "", QUIET },
	{ "prepend", "prepend @ 0 0 3\r\nnew\r\n", "STORED\r\n" },
	{ "prepend_noreply", "prepend @ 0 0 3 noreply\r\nnew\r\n", "", QUIET },
	{ "cas", "cas @ 0 0 3 #\r\nnew\r\n", "STORED\r\n" },
	{ "cas_noreply", "cas @ 0 0 3 # noreply\r\nnew\r\n", "", QUIET },
	{ "cas_that_is_refused", "cas @ 0 0 3 1\r\nnew\r\n", "EXISTS\r\n", SAME },
	{ "incr", "incr @ 5\r\n", "10\r\n" },
	{ "incr_noreply", "incr @ 5 noreply\r\n", "", QUIET },
	{ "decr", "decr @ 1\r\n", "4\r\n" },
	{ "decr_noreply", "decr @ 1 noreply\r\n", "", QUIET },
	{ "delete", "delete @\r\n", "DELETED\r\n" },
	{ "delete_noreply", "delete @ noreply\r\n", "", QUIET },
	{ "delete_with_the_old_0", "delete @ 0\r\n", "DELETED\r\n" },
	{ "touch", "touch @ 1000\r\n", "TOUCHED\r\n", SAME },
	{ "touch_that_expires_it", "touch @ -1\r\n", "TOUCHED\r\n" },
	{ "touch_noreply", "touch @ -1 noreply\r\n", "", QUIET },
	{ "gat", "gat 1000 @\r\n", "END\r\n", SAME },
	{ "gat_that_expires_it", "gat -1 @\r\n", "END\r\n" },
	{ "gat_of_two_keys", "gat -1 other @\r\n", "END\r\n" },
	{ "gats_that_expires_it", "gats -1 @\r\n", "END\r\n" },
	{ "flush_all", "flush_all\r\n", "OK\r\n" },
	{ "flush_all_0", "flush_all 0\r\n", "OK\r\n" },
	{ "flush_all_noreply", "flush_all noreply\r\n", "", QUIET },
	{ "cache_memlimit", "cache_memlimit 64\r\n", "OK\r\n", SAME },
	{ "verbosity", "verbosity 0\r\n", "OK\r\n", SAME },
	{ "lru_of_memcached", "lru mode segmented\r\n", "OK\r\n", SAME },
	{ "slabs_of_memcached", "slabs automove 0\r\n", "OK\r\n", SAME },
	{ "shutdown_that_is_disabled", "shutdown\r\n", "ERROR: shutdown not enabled\r\n", SAME },

	{ "meta_set", "ms @ 3\r\nnew\r\n", "HD\r\n" },
	{ "meta_set_with_flags", "ms @ 3 c F9 T0 k O123\r\nnew\r\n", "\r\n" },
	{ "meta_set_mode_set", "ms @ 3 MS\r\nnew\r\n", "HD\r\n" },
	{ "meta_set_quiet", "ms @ 3 q\r\nnew\r\n", "", QUIET },
	{ "meta_set_mode_add", "ms @ 3 ME\r\nnew\r\n", "HD\r\n", GONE },
	{ "meta_set_mode_add_refused", "ms @ 3 ME\r\nnew\r\n", "NS\r\n", SAME },
	{ "meta_set_mode_append", "ms @ 3 MA\r\nnew\r\n", "HD\r\n" },
	{ "meta_set_mode_prepend", "ms @ 3 MP\r\nnew\r\n", "HD\r\n" },
	{ "meta_set_mode_replace", "ms @ 3 MR\r\nnew\r\n", "HD\r\n" },
	{ "meta_set_with_cas", "ms @ 3 C#\r\nnew\r\n", "HD\r\n" },
	{ "meta_set_with_a_wrong_cas", "ms @ 3 C1\r\nnew\r\n", "EX\r\n", SAME },
	{ "meta_set_invalidate", "ms @ 3 I C1\r\nnew\r\n", "HD\r\n" },
	{ "meta_set_base64", "ms ~ 3 b\r\nnew\r\n", "HD\r\n" },
	{ "meta_delete", "md @\r\n", "HD\r\n" },
	{ "meta_delete_quiet", "md @ q\r\n", "", QUIET },
	{ "meta_delete_base64", "md ~ b\r\n", "HD\r\n" },
	{ "meta_delete_invalidate", "md @ I T30\r\n", "HD\r\n", SAME },
	{ "meta_delete_invalidate_that_expires", "md @ I T-1\r\n", "HD\r\n" },
	{ "meta_arithmetic", "ma @\r\n", "HD\r\n" },
	{ "meta_arithmetic_decrement", "ma @ MD\r\n", "HD\r\n" },
	{ "meta_arithmetic_delta", "ma @ D7 v\r\n", "12\r\n" },
	{ "meta_arithmetic_quiet", "ma @ q\r\n", "", QUIET },
	{ "meta_arithmetic_base64", "ma ~ b\r\n", "HD\r\n" },
	{ "meta_arithmetic_vivifies", "ma @ N0 J13\r\n", "HD\r\n", GONE },
	{ "meta_arithmetic_expires", "ma @ T-1\r\n", "HD\r\n" },
	{ "meta_get", "mg @ v\r\n", "5\r\n", SAME },
	{ "meta_get_time_expires", "mg @ T-1\r\n", "HD\r\n" },
	{ "meta_get_time_expires_base64", "mg ~ b T-1\r\n", "HD\r\n" },
	{ "meta_get_quiet_expires", "mg @ q T-1\r\n", "HD\r\n" },
	{ "meta_get_vivifies", "mg @ N1000 v\r\n", "\r\n", GONE },
	{ "meta_get_recaches", "mg @ R30 v\r\n", "5\r\n", SAME },
	{ "meta_get_token", "mg @ E99 v\r\n", "\r\n", SAME },
	{ "meta_debug", "me @\r\n", "\r\n", SAME },

#define OVER(name, where)									\
	{ "set_over_" name, "set @ 7 0 3\r\nnew\r\n", "STORED\r\n", 0, where },			\
	{ "delete_over_" name, "delete @\r\n", "DELETED\r\n", 0, where },			\
	{ "incr_over_" name, "incr @ 5\r\n", "10\r\n", 0, where },				\
	{ "append_over_" name, "append @ 0 0 3\r\nnew\r\n", "STORED\r\n", 0, where },		\
	{ "touch_over_" name, "touch @ -1\r\n", "TOUCHED\r\n", 0, where },			\
	{ "meta_set_over_" name, "ms @ 3\r\nnew\r\n", "HD\r\n", 0, where },			\
	{ "flush_all_over_" name, "flush_all\r\n", "OK\r\n", 0, where }
	OVER("tcp6", TCP6),
	OVER("udp", UDP4),
	OVER("udp6", UDP6),
	OVER("loopback_tcp", LOCAL_TCP4),
	OVER("loopback_tcp6", LOCAL_TCP6),
	OVER("loopback_udp", LOCAL_UDP4),
	OVER("loopback_udp6", LOCAL_UDP6),
};

static const struct mutation unknown[] = {
	{ "unknown_command", "nonsense @\r\n", "ERROR\r\n", SAME },
	{ "unknown_command_over_udp", "nonsense @\r\n", "ERROR\r\n", SAME, UDP4 },
};

void run_mutations(void)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		run_case(table[i].name, mutate, &table[i]);
	for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++)
		run_case(unknown[i].name, mutate_all, &unknown[i]);
	run_case("set_that_is_too_large", set_too_large, NULL);
	run_case("meta_set_that_is_too_large", set_too_large, "meta");
}
