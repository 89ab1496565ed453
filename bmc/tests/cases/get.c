// SPDX-License-Identifier: GPL-2.0-only
/* GETs over UDP, what they must give, and whether the accelerator answered. */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../shared.h"
#include "cases.h"
#include "mc/conn.h"

/* The first counter of both accelerators is BMC_HITS; the others are Rex's. */
#define COUNTERS	(setup.accel == REX ? __BMC_STATS : setup.accel == EBPF)

/* ms. The daemon restarts when a client blocks all hits, and has no hits meanwhile. */
#define WITHOUT_HITS	10000

uint64_t now_ms(void)
{
	return now_ns() / 1000000;
}

static void count(uint64_t values[__BMC_STATS])
{
	for (unsigned int i = 0; i < COUNTERS; i++)
		values[i] = counter(i);
}

/* What the accelerator counted since then: " 3 misses , 3 fills_refused pending,". */
static const char *counted(const uint64_t then[__BMC_STATS])
{
	static const char *const names[][2] = {
#define NAMES(name, group, label, help) { #group, label },
		BMC_STATS(NAMES)
#undef NAMES
	};
	struct text t = text_make("%s", "");

	for (unsigned int i = 0; i < COUNTERS; i++)
		if (counter(i) != then[i])
			t = text_join(t, text_make(" %llu %s %s,",
						   (unsigned long long)(counter(i) - then[i]),
						   names[i][0], names[i][1]));
	return t.bytes;
}

struct text value_reply(const char *key, unsigned int flags, struct text value)
{
	return text_join(text_join(text_make("VALUE %s %u %zu\r\n", key, flags, value.len), value),
			 text_make("\r\nEND\r\n"));
}

static struct text cas_of(const char *key)
{
	int fd = dial(LOCAL_TCP4);
	struct text reply;
	char cas[32];

	send_all(fd, text_make("gets %s\r\n", key));
	reply = read_until(fd, "END\r\n");
	close(fd);
	if (sscanf(reply.bytes, "VALUE %*s %*u %*u %31s", cas) != 1)
		fail("gets: %s", text_show(reply));
	return text_make("%s", cas);
}

struct text fill_in(const char *format, const char *key)
{
	struct text t = text_make("%s", "");

	for (const char *p = format; *p; p++) {
		struct text part = text_bytes(p, 1);

		if (*p == '@')
			part = text_make("%s", key);
		else if (*p == '~')
			part = base64(text_make("%s", key));
		else if (*p == '#')
			part = cas_of(key);
		else if (*p == '^')
			part = text_make("%lld", (long long)time(NULL) + 5);
		t = text_join(t, part);
	}
	return t;
}

struct text truth(const char *key)
{
	static int fd = -1;
	static pid_t owner;
	struct text line;
	unsigned int len;

	if (fd < 0 || owner != getpid()) {
		fd = dial(LOCAL_TCP4);
		owner = getpid();
	}
	send_all(fd, text_make("get %s\r\n", key));
	line = read_until(fd, "\n");
	/* the value may be in what was read, and may contain END lines: go by its length */
	if (sscanf(line.bytes, "VALUE %*s %*u %u", &len) == 1) {
		size_t whole = strchr(line.bytes, '\n') + 1 - line.bytes + len + 7;

		if (line.len < whole)
			line = text_join(line, read_len(fd, whole - line.len));
	}
	return line;
}

struct text get_hit(const char *key, bool *hit)
{
	static int fd = -1;
	static pid_t owner;
	uint64_t before = counter(BMC_HITS);
	struct text reply;

	if (fd < 0 || owner != getpid()) {
		fd = dial(UDP4);
		owner = getpid();
	}
	reply = ask_udp(fd, text_make("get %s\r\n", key));
	*hit = counter(BMC_HITS) != before;
	return reply;
}

struct text get(const char *key)
{
	bool hit;

	return get_hit(key, &hit);
}

void warm(const char *key, struct text want)
{
	uint64_t then[__BMC_STATS], end = now_ms() + WITHOUT_HITS;
	bool hit = false;

	count(then);
	for (int i = 0; i <= 5 || now_ms() < end; i++) {
		struct text reply = get_hit(key, &hit);

		if (!text_equal(reply, want))
			fail("GET %d, %s, gives \"%s\" instead of \"%s\"", i + 1,
			     hit ? "a hit" : "no hit", text_show(reply), text_show(want));
		if (hit || (setup.accel == NONE && i == 2))
			return;
		if (i > 4)
			usleep(10000);
	}
	fail("GETs are never hits:%s", counted(then));
}

struct text check(const char *key, bool must_hit)
{
	struct text replies[3], want;
	bool hits[3];

	for (int i = 0; i < 3; i++)
		replies[i] = get_hit(key, &hits[i]);
	want = truth(key);
	for (int i = 0; i < 3; i++)
		if (!text_equal(replies[i], want))
			fail("GET %d afterwards, %s, gives \"%s\", but memcached has \"%s\"", i + 1,
			     hits[i] ? "a hit" : "no hit", text_show(replies[i]), text_show(want));
	if (must_hit && want.len > 5)
		warm(key, want);
	return want;
}

void put(const char *key, struct text value)
{
	int fd = dial(TCP4);
	struct text set = text_join(text_make("set %s 5 0 %zu\r\n", key, value.len), value), reply;

	send_all(fd, text_join(set, text_make("\r\n")));
	reply = read_until(fd, "\n");
	if (!text_equal(reply, text_make("STORED\r\n")))
		fail("set of %s: %s", key, text_show(reply));
	close(fd);
}

char *new_key(size_t len)
{
	static unsigned int number;
	struct text unique = text_make("%d.%u", (int)getpid() % 10000, number++);
	struct text key = text_repeat('k', len);

	if (unique.len > len)
		memcpy(key.bytes, unique.bytes + unique.len - len, len);
	else
		memcpy(key.bytes + len - unique.len, unique.bytes, unique.len);
	return key.bytes;
}
