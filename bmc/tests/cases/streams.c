// SPDX-License-Identifier: GPL-2.0-only
/* Commands in pieces, many at once, and on connections that are older than the accelerator. */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cases.h"

static struct text old_value(const char *key)
{
	return value_reply(key, 5, text_make("old"));
}

/*
 * memcached reads again only when more comes. So who follows what it reads may learn only by the
 * client's next word that the last commands of a pipeline were carried out; hits are back then.
 */
static void next_word(int fd)
{
	send_all(fd, text_make("mn\r\n"));
	read_until(fd, "MN\r\n");
}

/* @format has the key, and then a number, twice if it is the value with its length 3 digits. */
static void split_everywhere(const void *format)
{
	char *key = new_key(12);
	int fd = dial(TCP4);
	size_t len = 2;

	put(key, text_make("old"));
	for (size_t i = 1; i < len; i++) {
		struct text command = text_make("%s", ""), before = truth(key), reply;
		char number[24];

		sprintf(number, "%03zu", i);
		for (const char *p = format; *p; p++)
			command = text_join(command, *p == '@' ? text_make("%s", key) : *p == '%' ?
					    text_make("%s", number) : text_bytes(p, 1));
		len = command.len;
		if (before.len == 5) {
			put(key, text_make("old"));
			before = truth(key);
		}
		warm(key, before);
		send_segment(fd, text_bytes(command.bytes, i));
		if (!text_equal(get(key), before))
			fail("half a command (%zu bytes) changed it", i);
		send_all(fd, text_bytes(command.bytes + i, len - i));
		reply = read_until(fd, "\n");
		if (text_equal(check(key, false), before))
			fail("memcached did not change it, but says %s (split at byte %zu)",
			     text_show(reply), i);
	}
}

static void byte_by_byte(const void *arg)
{
	char *key = new_key(20);
	struct text command = text_make("set %s 7 0 3\r\nnew\r\nincr %s 1\r\ndelete %s\r\n", key, key,
					key);
	int fd = dial(TCP4);

	(void)arg;
	put(key, text_make("old"));
	warm(key, old_value(key));
	for (size_t i = 0; i < command.len; i++)
		send_segment(fd, text_bytes(command.bytes + i, 1));
	read_until(fd, "DELETED\r\n");
	if (!text_equal(check(key, false), text_make("END\r\n")))
		fail("memcached still has it");
}

/* Segments that end wherever they like: 16 byte pieces of some 3000 bytes of commands. */
static void pieces(const void *arg)
{
	struct text all = text_make("%s", "");
	char *keys[30];
	int fd = dial(TCP4);

	(void)arg;
	for (size_t i = 0; i < 30; i++) {
		struct text value = text_repeat('a' + i % 26, i * 5);

		keys[i] = new_key(10 + i);
		put(keys[i], text_make("old"));
		warm(keys[i], old_value(keys[i]));
		all = text_join(all, text_make("set %s 0 0 %zu\r\n", keys[i], value.len));
		all = text_join(text_join(all, value), text_make("\r\n"));
	}
	for (size_t i = 0; i < all.len; i += 16)
		send_segment(fd, text_bytes(all.bytes + i, all.len - i < 16 ? all.len - i : 16));
	read_len(fd, 30 * 8);
	for (size_t i = 0; i < 30; i++)
		if (text_equal(check(keys[i], false), old_value(keys[i])))
			fail("memcached did not change key %zu", i);
	next_word(fd);
	for (size_t i = 0; i < 30; i++)
		check(keys[i], true);
}

struct many {
	size_t keys;
	const char *noreply;
};

/*
 * More keys at once than anything that remembers them may have room for, and than memcached
 * reads or carries out at once (16 KiB, 20 commands). One in 20 is looked at.
 */
static void many_at_once(const void *arg)
{
	const struct many *many = arg;
	struct text all = text_repeat(0, many->keys * 60);
	char *keys[many->keys / 20];
	int fd = dial(TCP4);

	all.len = 0;
	for (size_t i = 0; i < many->keys; i++) {
		char *key = new_key(20);

		if (i % 20 == 13) {
			keys[i / 20] = key;
			put(key, text_make("old"));
			warm(key, old_value(key));
		}
		all.len += sprintf(all.bytes + all.len, "set %s 0 0 3%s\r\nnew\r\n", key,
				   many->noreply);
	}
	send_all(fd, text_join(all, text_make("mn\r\n")));
	read_until(fd, "MN\r\n");
	for (size_t i = 0; i < many->keys / 20; i++)
		if (text_equal(check(keys[i], false), old_value(keys[i])))
			fail("memcached did not change key %zu", i);
	next_word(fd);
	for (size_t i = 0; i < many->keys / 20; i++)
		check(keys[i], true);
}

static void gat_of_50_keys(const void *arg)
{
	struct text all = text_make("gat -1");
	char *keys[50];
	int fd = dial(TCP4);

	(void)arg;
	for (size_t i = 0; i < 50; i++) {
		keys[i] = new_key(20);
		put(keys[i], text_make("old"));
		warm(keys[i], old_value(keys[i]));
		all = text_join(all, text_make(" %s", keys[i]));
	}
	send_all(fd, text_join(all, text_make("\r\n")));
	read_until(fd, "END\r\n");
	for (size_t i = 0; i < 50; i++)
		if (check(keys[i], false).len != 5)
			fail("memcached still has key %zu", i);
}

/*
 * memcached has read the command, but cannot write the replies to what is before it: it is not
 * carried out. GETs meanwhile must not put the old value back.
 */
static void replies_that_nobody_reads(const void *arg)
{
	char *key = new_key(20), *big = new_key(21);
	struct text all = text_make("%s", ""), value = text_repeat('b', 100000), reply;
	int fd = dial(TCP4);

	put(big, value);
	put(key, text_make("old"));
	warm(key, old_value(key));
	for (int i = 0; i < 200; i++)
		all = text_join(all, text_make("get %s\r\n", big));
	all = text_join(all, fill_in(arg, key));
	send_all(fd, text_join(all, text_make("mn\r\n")));
	for (int i = 0; i < 20; i++) {
		if (!text_equal(get(key), old_value(key)))
			fail("the command was carried out: nothing is tested");
		usleep(2000);
	}
	for (int i = 0; i < 200; i++)
		read_len(fd, value_reply(big, 5, value).len);
	reply = read_until(fd, "MN\r\n");
	if (text_equal(check(key, false), old_value(key)))
		fail("memcached did not change it: %s", text_show(reply));
	next_word(fd);
	check(key, true);
}

/* Connections that end within a command, and others that get their sockets' memory. */
static void reused_sockets(const void *arg)
{
	char *key = new_key(20);

	(void)arg;
	put(key, text_make("old"));
	for (int round = 0; round < 40; round++) {
		int half = dial(TCP4), fd;

		send_segment(half, text_make("set other 0 0 100\r\nabc"));
		close(half);
		fd = dial(TCP4);
		warm(key, truth(key));
		send_all(fd, text_make("set %s 0 0 2\r\n%02d\r\n", key, round));
		read_until(fd, "STORED\r\n");
		if (!text_equal(check(key, false), value_reply(key, 0, text_make("%02d", round))))
			fail("memcached did not store it");
		close(fd);
	}
}

/* A byte that TCP hands on beside the others: memcached does not read it. */
static void urgent_byte(const void *arg)
{
	char *key = new_key(20);
	int fd = dial(TCP4);

	(void)arg;
	put(key, text_make("old"));
	warm(key, old_value(key));
	send_segment(fd, text_make("set %s 0 0 3\r\nn", key));
	if (send(fd, "!", 1, MSG_OOB) != 1)
		fail("no urgent byte");
	send_segment(fd, text_make("ew\r\n"));
	read_until(fd, "STORED\r\n");
	if (!text_equal(check(key, false), value_reply(key, 0, text_make("new"))))
		fail("memcached did not store it");
	send_all(fd, text_make("delete %s\r\n", key));
	read_until(fd, "DELETED\r\n");
	check(key, false);
}

static void pipeline(const void *arg)
{
	char *a = new_key(20), *b = new_key(21), *c = new_key(22), *d = new_key(23);
	int fd = dial(TCP4);

	(void)arg;
	put(a, text_make("old"));
	put(b, text_make("7"));
	put(c, text_make("old"));
	put(d, text_make("old"));
	warm(a, old_value(a));
	warm(b, value_reply(b, 5, text_make("7")));
	warm(c, old_value(c));
	warm(d, old_value(d));
	send_all(fd, text_make("set %s 0 0 3\r\nnew\r\nget %s\r\nincr %s 3 noreply\r\ndelete %s\r\n"
			       "ms %s 2 q\r\nxy\r\nmd none q\r\nmn\r\n", a, a, b, c, d));
	read_until(fd, "MN\r\n");
	if (text_equal(check(a, false), old_value(a)) || text_equal(check(d, false), old_value(d)) ||
	    !text_equal(check(b, false), value_reply(b, 5, text_make("10"))) ||
	    check(c, false).len != 5)
		fail("memcached did not do all of it");
	next_word(fd);
	check(a, true);
	check(b, true);
	check(d, true);
}

/* The bytes of a value are no commands, and what stands behind them is. */
static void value_like_commands(const void *arg)
{
	char *key = new_key(20), *victim = new_key(21), *other = new_key(22);
	struct text inner = text_make("x\r\nset %s 0 0 4\r\nevil\r\ndelete %s\r\nflush_all\r\nget ", victim,
				      victim);
	int fd = dial(TCP4);
	bool hit;

	(void)arg;
	put(victim, text_make("old"));
	put(other, text_make("old"));
	warm(victim, old_value(victim));
	warm(other, old_value(other));
	send_all(fd, text_join(text_join(text_make("set %s 0 0 %zu\r\n", key, inner.len), inner),
			       text_make("\r\ndelete %s\r\n", other)));
	read_until(fd, "DELETED\r\n");
	if (!text_equal(get_hit(victim, &hit), old_value(victim)))
		fail("the key in the value changed");
	if (setup.accel == REX && !hit)
		fail("the key in the value was thrown out of the cache");
	if (check(other, false).len != 5)
		fail("the command behind the value was not seen");
	next_word(fd);
	check(key, true);
}

/* A SET of which only a part comes before the connection ends is none. */
static void cut_off(const void *arg)
{
	bool reset = arg;
	struct linger linger = { .l_onoff = 1 };
	char *key = new_key(20);
	int fd = dial(TCP4);

	put(key, text_make("old"));
	warm(key, old_value(key));
	send_segment(fd, text_make("set %s 0 0 10\r\nhalf", key));
	if (!text_equal(get(key), old_value(key)))
		fail("half a command changed it");
	if (reset && setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)))
		fail("no SO_LINGER");
	close(fd);
	/* memcached needs a moment to notice; hits come back then */
	check(key, true);
}

/* A value of many reads, and the next command in its last segment. */
static void large_value(const void *arg)
{
	char *key = new_key(20), *next = new_key(21);
	size_t len = 300000;
	int fd = dial(TCP4);

	(void)arg;
	put(key, text_make("old"));
	put(next, text_make("old"));
	warm(key, old_value(key));
	warm(next, old_value(next));
	send_all(fd, text_join(text_join(text_make("set %s 0 0 %zu\r\n", key, len),
					 text_repeat('\n', len)), text_make("\r\ndelete %s\r\n", next)));
	read_until(fd, "DELETED\r\n");
	if (check(next, false).len != 5)
		fail("memcached still has the second key");
	if (truth(key).len < len)
		fail("memcached does not have the large value");
}

/* What connections that were there before the accelerator had sent by then. */
static const struct {
	const char *name, *before, *after, *reply;
} old[] = {
	{ "connection_older_than_the_accelerator", "mn\r\n",
	  "set @ 0 0 3\r\nnew\r\n", "STORED\r\n" },
	{ "connection_that_had_sent_nothing", "", "set @ 0 0 3\r\nnew\r\n", "STORED\r\n" },
	{ "connection_that_had_sent_half_a_command", "set @ 0 0",
	  " 3\r\nnew\r\n", "STORED\r\n" },
	{ "connection_that_had_sent_a_command_without_its_value", "set @ 0 0 10\r\n",
	  "0123456789\r\n", "STORED\r\n" },
	{ "connection_that_had_sent_half_a_value", "set @ 0 0 10\r\n01234",
	  "56789\r\n", "STORED\r\n" },
	{ "connection_that_had_sent_half_a_value_like_a_command",
	  "set other 0 0 40\r\nxxxxxxxxxxxxxxxxxx\r\n",
	  "set k 0 0 100\r\nabc\r\n\r\nincr @ 5 noreply\r\nmn\r\n", "MN\r\n" },
};
#define N_OLD (sizeof(old) / sizeof(*old))

static int old_fds[N_OLD];
static char *old_keys[N_OLD];

void prepare_old_connections(void)
{
	for (size_t i = 0; i < N_OLD && !setup.list; i++) {
		old_fds[i] = dial(TCP4);
		old_keys[i] = new_key(20);
		put(old_keys[i], text_make("7"));
		send_segment(old_fds[i], fill_in(old[i].before, old_keys[i]));
		if (!strcmp(old[i].before, "mn\r\n"))
			read_until(old_fds[i], "MN\r\n");
	}
}

static void finish_old(const void *arg)
{
	size_t i = *(const size_t *)arg;
	const char *key = old_keys[i];
	struct text before = value_reply(key, 5, text_make("7"));

	warm(key, before);
	send_all(old_fds[i], fill_in(old[i].after, key));
	read_until(old_fds[i], old[i].reply);
	if (text_equal(check(key, false), before))
		fail("memcached did not change it");
	/* and once more, now that the connection may be understood */
	next_word(old_fds[i]);
	warm(key, truth(key));
	send_all(old_fds[i], text_make("set %s 0 0 6\r\nsecond\r\n", key));
	read_until(old_fds[i], "STORED\r\n");
	if (!text_equal(check(key, true), value_reply(key, 0, text_make("second"))))
		fail("memcached did not store the second");
}

void run_old_connections(void)
{
	for (size_t i = 0; i < N_OLD; i++)
		run_case(old[i].name, finish_old, &i);
	for (size_t i = 0; i < N_OLD && !setup.list; i++)
		close(old_fds[i]);
}

void run_streams(void)
{
	run_case("set_split_at_every_byte", split_everywhere, "set @ 0 0 3\r\n%\r\n");
	run_case("delete_split_at_every_byte", split_everywhere, "delete @\r\n");
	run_case("meta_set_split_at_every_byte", split_everywhere, "ms @ 3 T0\r\n%\r\n");
	run_case("append_split_at_every_byte", split_everywhere, "append @ 0 0 3\r\n%\r\n");
	run_case("commands_byte_by_byte", byte_by_byte, NULL);
	run_case("commands_in_pieces_of_16_bytes", pieces, NULL);
	run_case("pipeline_of_all_kinds", pipeline, NULL);
	run_case("100_sets_at_once", many_at_once, &(struct many){ 100, "" });
	run_case("1000_sets_at_once", many_at_once, &(struct many){ 1000, "" });
	run_case("1000_sets_noreply_at_once", many_at_once, &(struct many){ 1000, " noreply" });
	run_case("gat_of_50_keys", gat_of_50_keys, NULL);
	run_case("set_behind_replies_that_nobody_reads", replies_that_nobody_reads,
		 "set @ 0 0 3\r\nnew\r\n");
	run_case("delete_noreply_behind_replies_that_nobody_reads", replies_that_nobody_reads,
		 "delete @ noreply\r\nbogus\r\n");
	run_case("sockets_that_are_used_again", reused_sockets, NULL);
	run_case("urgent_byte_in_a_set", urgent_byte, NULL);
	run_case("value_bytes_that_look_like_commands", value_like_commands, NULL);
	run_case("half_a_set_and_then_a_close", cut_off, NULL);
	run_case("half_a_set_and_then_a_reset", cut_off, "reset");
	run_case("set_of_300000_bytes", large_value, NULL);
}

static void exact_value(const void *arg)
{
	char *key = new_key(20);
	const struct text *value = arg;

	put(key, *value);
	warm(key, value_reply(key, 5, *value));
	check(key, true);
}

static void key_of_length(const void *arg)
{
	size_t len = *(const size_t *)arg;
	char *key = new_key(len);

	put(key, text_make("old"));
	warm(key, old_value(key));
	put(key, text_make("new"));
	if (text_equal(check(key, true), old_value(key)))
		fail("memcached did not change it");
}

static void short_keys(const void *arg)
{
	(void)arg;
	for (size_t len = 1; len < 12; len++)
		key_of_length(&len);
}

static void long_keys(const void *arg)
{
	(void)arg;
	for (size_t len = 224; len <= 250; len++)
		key_of_length(&len);
}

/* Keys of which one begins like the other, each with a value of its own. */
static void suffixes(const void *arg)
{
	char *keys[40];

	(void)arg;
	keys[0] = new_key(6);
	for (size_t i = 0; i < 40; i++) {
		if (i)
			keys[i] = text_make("%s%c", keys[i - 1], i % 3 ? 'x' : '0').bytes;
		put(keys[i], text_make("%zu", i));
	}
	for (size_t i = 0; i < 40; i++)
		warm(keys[i], value_reply(keys[i], 5, text_make("%zu", i)));
	put(keys[7], text_make("new"));
	for (size_t i = 0; i < 40; i++)
		check(keys[i], true);
}

void run_values(void)
{
	struct text all = text_repeat(0, 256), t;

	for (size_t i = 0; i < 256; i++)
		all.bytes[i] = i;
	run_case("value_of_all_bytes", exact_value, &all);
	t = text_make("a\nb\n");
	run_case("value_with_newlines", exact_value, &t);
	t = text_make("x\r\nEND\r\n");
	run_case("value_with_END", exact_value, &t);
	t = text_make("x\r\nVALUE victim 0 1\r\ny\r\nEND\r\n");
	run_case("value_with_VALUE", exact_value, &t);
	t = text_make("%s", "");
	run_case("value_of_no_bytes", exact_value, &t);
	t = text_repeat('v', 114);
	run_case("value_of_114_bytes", exact_value, &t);
	t = text_repeat('v', 190);
	run_case("value_of_190_bytes", exact_value, &t);
	run_case("keys_of_1_to_11_bytes", short_keys, NULL);
	run_case("keys_of_224_to_250_bytes", long_keys, NULL);
	run_case("keys_with_a_suffix", suffixes, NULL);
}
