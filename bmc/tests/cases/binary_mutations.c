// SPDX-License-Identifier: GPL-2.0-only
/* The same as mutations.c for memcached's binary protocol. */
#include <arpa/inet.h>
#include <string.h>
#include <unistd.h>

#include "cases.h"

#define OLD	"5"

enum {
	SET = 0x01, ADD, REPLACE, DELETE, INCREMENT, DECREMENT, FLUSH = 0x08, NOOP = 0x0a,
	APPEND = 0x0e, PREPEND, SETQ = 0x11, ADDQ, REPLACEQ, DELETEQ, INCREMENTQ, DECREMENTQ,
	FLUSHQ = 0x18, APPENDQ, PREPENDQ, TOUCH = 0x1c, GAT, GATQ, GATK = 0x23, GATKQ,
};

/* flags, exptime */
static const char store_extras[] = "\0\0\0\x07\0\0\0\0";
/* delta 3, initial value 0, exptime "do not make one" */
static const char count_extras[] = "\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\0\xff\xff\xff\xff";
/* more than 30 days is a point in time, some day in 1970 */
static const char past[] = "\0\x28\0\0", future[] = "\0\0\x03\xe8";

struct binary {
	const char *name;
	uint8_t opcode;
	const char *extras;
	size_t extra_len;
	const char *value;
	bool quiet, gone, no_key, same;
};

static const struct binary table[] = {
	{ "binary_set", SET, store_extras, 8, "new" },
	{ "binary_setq", SETQ, store_extras, 8, "new", .quiet = true },
	{ "binary_add", ADD, store_extras, 8, "new", .gone = true },
	{ "binary_addq", ADDQ, store_extras, 8, "new", .gone = true, .quiet = true },
	{ "binary_replace", REPLACE, store_extras, 8, "new" },
	{ "binary_replaceq", REPLACEQ, store_extras, 8, "new", .quiet = true },
	{ "binary_delete", DELETE },
	{ "binary_deleteq", DELETEQ, .quiet = true },
	{ "binary_increment", INCREMENT, count_extras, 20 },
	{ "binary_incrementq", INCREMENTQ, count_extras, 20, .quiet = true },
	{ "binary_decrement", DECREMENT, count_extras, 20 },
	{ "binary_decrementq", DECREMENTQ, count_extras, 20, .quiet = true },
	{ "binary_append", APPEND, .value = "new" },
	{ "binary_appendq", APPENDQ, .value = "new", .quiet = true },
	{ "binary_prepend", PREPEND, .value = "new" },
	{ "binary_prependq", PREPENDQ, .value = "new", .quiet = true },
	{ "binary_flush", FLUSH, .no_key = true },
	{ "binary_flushq", FLUSHQ, .no_key = true, .quiet = true },
	{ "binary_touch", TOUCH, future, 4, .same = true },
	{ "binary_touch_that_expires_it", TOUCH, past, 4 },
	{ "binary_gat", GAT, past, 4 },
	{ "binary_gatq", GATQ, past, 4 },
	{ "binary_gatk", GATK, past, 4 },
	{ "binary_gatkq", GATKQ, past, 4 },
};

static struct text command(uint8_t opcode, struct text extras, const char *key, const char *value)
{
	struct mc_binary h = {
		.magic = MC_BINARY_REQUEST, .opcode = opcode, .key_len = htons(strlen(key)),
		.extras_len = extras.len, .opaque = 0x01020304,
		.body_len = htonl(extras.len + strlen(key) + strlen(value)),
	};
	struct text t = text_join(text_bytes(&h, sizeof(h)), extras);

	return text_join(t, text_make("%s%s", key, value));
}

/* Reads one reply; its opcode must be @opcode. */
static void expect(int fd, uint8_t opcode)
{
	struct text t = read_len(fd, sizeof(struct mc_binary));
	struct mc_binary h;

	if (t.len < sizeof(h))
		fail("no reply to opcode %#x", opcode);
	memcpy(&h, t.bytes, sizeof(h));
	t = read_len(fd, ntohl(h.body_len));
	if (h.magic != MC_BINARY_RESPONSE || h.opcode != opcode || h.status)
		fail("opcode %#x is answered by opcode %#x, status %d: %s", opcode, h.opcode,
		     ntohs(h.status), text_show(t));
}

static void tell(const struct binary *b, const char *key)
{
	int fd = dial(TCP4);
	struct text extras = text_bytes(b->extras ?: "", b->extra_len);

	send_all(fd, command(b->opcode, extras, b->no_key ? "" : key, b->value ?: ""));
	if (b->quiet) {
		send_all(fd, command(NOOP, text_make("%s", ""), "", ""));
		expect(fd, NOOP);
	} else {
		expect(fd, b->opcode);
	}
	close(fd);
}

static void mutate(const void *arg)
{
	static const struct binary delete = { "delete", DELETE };
	const struct binary *b = arg;
	char *key = new_key(20);
	struct text old = value_reply(key, 5, text_make(OLD));

	put(key, text_make(OLD));
	warm(key, old);
	if (b->gone)
		tell(&delete, key);
	tell(b, key);
	if (text_equal(check(key, true), old) != b->same)
		fail("memcached %s", b->same ? "changed it" : "did not change it");
}

static void split_everywhere(const void *arg)
{
	char *key = new_key(20);
	struct text set;
	int fd = dial(TCP4);

	(void)arg;
	put(key, text_make(OLD));
	for (size_t i = 1; ; i++) {
		char value[16];

		sprintf(value, "value%zu", i);
		set = command(SET, text_bytes(store_extras, 8), key, value);
		if (i == set.len)
			break;
		warm(key, truth(key));
		send_segment(fd, text_bytes(set.bytes, i));
		get(key);
		send_all(fd, text_bytes(set.bytes + i, set.len - i));
		expect(fd, SET);
		if (!text_equal(check(key, false), value_reply(key, 7, text_make("%s", value))))
			fail("memcached did not store it (split at byte %zu)", i);
	}
}

static void pipeline(const void *arg)
{
	struct text all = text_make("%s", ""), extras = text_bytes(store_extras, 8);
	char *keys[20];
	int fd = dial(TCP4);

	(void)arg;
	for (size_t i = 0; i < 20; i++) {
		keys[i] = new_key(16 + i);
		put(keys[i], text_make(OLD));
		warm(keys[i], value_reply(keys[i], 5, text_make(OLD)));
		all = text_join(all, command(SETQ, extras, keys[i], "new"));
	}
	send_all(fd, text_join(all, command(NOOP, text_make("%s", ""), "", "")));
	expect(fd, NOOP);
	for (size_t i = 0; i < 20; i++)
		if (!text_equal(check(keys[i], false), value_reply(keys[i], 7, text_make("new"))))
			fail("memcached did not store key %zu", i);
	/* see next_word() in streams.c */
	send_all(fd, command(NOOP, text_make("%s", ""), "", ""));
	expect(fd, NOOP);
	for (size_t i = 0; i < 20; i++)
		check(keys[i], true);
}

void run_binary(void)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		run_case(table[i].name, mutate, &table[i]);
	run_case("binary_set_split_at_every_byte", split_everywhere, NULL);
	run_case("binary_quiet_pipeline", pipeline, NULL);
}
