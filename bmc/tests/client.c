// SPDX-License-Identifier: GPL-2.0-only
/*
 * A memcached client for the accelerator's tests. Values are made of a letter, so that
 * the reply to a GET can be checked to the last byte.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mc/conn.h"
#include "mc/proto.h"
#include "mc/random.h"

#define MAX	(64 << 10)

static union mc_addr server;

__attribute__((format(printf, 1, 2), noreturn))
static void die(const char *format, ...)
{
	va_list ap;

	fputs("bmc-client: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

static int open_socket(int type, unsigned int ms)
{
	int fd = mc_connect(&server, type, ms);

	if (fd < 0)
		die("cannot connect: %s", strerror(errno));
	return fd;
}

/* The whole reply to @text over UDP; -1: none came. */
static ssize_t ask(const char *text, size_t len, uint8_t *reply)
{
	int fd = open_socket(SOCK_DGRAM, 10000);	/* an emulated machine may pause */
	uint16_t id = getpid() ^ len;
	ssize_t n;

	if (mc_ask(fd, id, text, len))
		die("cannot send: %s", strerror(errno));
	n = mc_answer(fd, id, reply, MAX, NULL);
	if (n < 0 && errno == EPROTO)
		die("a datagram with a wrong frame header");
	close(fd);
	return n;
}

/* The value of @len bytes that are all @letter. */
static const char *value(size_t len, char letter)
{
	static char bytes[MAX];

	return memset(bytes, letter, len);
}

/* GETs @key and compares. */
static void check_get(const char *key, size_t len, char letter)
{
	static uint8_t reply[MAX];
	static char want[MAX];
	char text[512];
	size_t want_len = mc_build_value(want, key, strlen(key), 0, value(len, letter), len);
	ssize_t got = ask(text, sprintf(text, "get %s\r\n", key), reply);

	if (got < 0)
		die("GET of %zu/%zu bytes: no reply", strlen(key), len);
	if ((size_t)got != want_len || memcmp(reply, want, want_len))
		die("GET of %zu/%zu bytes: wrong reply of %zd bytes, expected %zu:\n%.*s",
		    strlen(key), len, got, want_len, got < 200 ? (int)got : 200, reply);
}

static void check_set(const char *key, size_t len, char letter)
{
	static char text[MAX];
	int fd = open_socket(SOCK_STREAM, 5000);

	if (mc_send(fd, text, mc_build_set(text, key, strlen(key), 0, value(len, letter), len)) ||
	    mc_stored(fd, 1))
		die("SET of %zu bytes failed: %s", len,
		    errno == EPROTO ? "not answered with STORED" : strerror(errno));
	close(fd);
}

/* The key of @len bytes numbered @n. */
static const char *make_key(size_t len, unsigned int n)
{
	static char key[256];

	memset(key, 'k', len);
	for (key[len] = '\0'; len && n; n /= 26)
		key[--len] = 'a' + n % 26;
	return key;
}

/* Each size of value for some sizes of keys: miss, hit, hit, new value, hit. */
static void matrix(void)
{
	static const size_t keys[] = { 1, 7, 8, 9, 16, 17, 64, 249, 250 };
	static const size_t values[] = { 0, 1, 2, 7, 8, 31, 32, 100, 113, 500, 1000, 1100, 1200, 1300,
					 1350, 1370, 1380, 1390, 1400 };
	size_t i, j;
	int round;

	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		for (j = 0; j < sizeof(values) / sizeof(*values); j++) {
			const char *key = make_key(keys[i], keys[i] > 1 ? j + 1 : 0);

			check_set(key, values[j], 'v');
			for (round = 0; round < 3; round++)
				check_get(key, values[j], 'v');
			check_set(key, values[j] ^ 1, 'w');
			for (round = 0; round < 3; round++)
				check_get(key, values[j] ^ 1, 'w');
		}
	}
}

static uint32_t draw(void)
{
	static uint64_t n;

	return mix64(n++);
}

/* Sends @n damaged requests: no reply is expected, and no harm. */
static void garbage(unsigned int n)
{
	static const char *const seeds[] = {
		"get key\r\n", "get \r\n", "get a b c\r\n", "gets a\r\n", "get kkkkkkkkkkkkkkkkkkkkkkkkk\r\n",
		"VALUE a 0 1\r\nx\r\nEND\r\n", "set a 0 0 1\r\nx\r\n", "",
	};
	int udp = open_socket(SOCK_DGRAM, 10), tcp = -1;
	uint8_t text[512];
	unsigned int i, j;
	size_t len;

	for (i = 0; i < n; i++) {
		const char *seed = seeds[draw() % (sizeof(seeds) / sizeof(*seeds))];

		mc_frame(text, i);
		len = MC_FRAME_LEN + strlen(seed);
		memcpy(text + MC_FRAME_LEN, seed, strlen(seed));
		for (j = draw() % 4; j && len; j--)
			text[draw() % len] = draw();
		if (draw() % 4 == 0)
			len = draw() % (len + 1);
		if (draw() % 8 == 0)
			while (len < 300)
				text[len++] = draw();
		send(udp, text, len, 0);
		if (i % 16)
			continue;
		if (tcp >= 0)
			close(tcp);
		tcp = open_socket(SOCK_STREAM, 10);
		if (len > MC_FRAME_LEN)
			send(tcp, text + MC_FRAME_LEN, len - MC_FRAME_LEN, MSG_NOSIGNAL);
	}
}

/* The reply to @text (with \r\n added) goes to stdout. */
static void request(const char *text)
{
	static uint8_t reply[MAX];
	char line[4096];
	ssize_t got = ask(line, snprintf(line, sizeof(line), "%s\r\n", text), reply);

	if (got < 0)
		die("no reply to \"%.40s\"", text);
	fwrite(reply, 1, got, stdout);
}

int main(int argc, char **argv)
{
	const char *command = argc > 2 ? argv[2] : "";

	if (argc < 3 || !mc_addr_set(&server, argv[1], MC_PORT))
		die("usage: bmc-client SERVER set|get KEY LEN LETTER | request TEXT | matrix | garbage N");
	if (!strcmp(command, "set") && argc == 6)
		check_set(argv[3], atoi(argv[4]), *argv[5]);
	else if (!strcmp(command, "get") && argc == 6)
		check_get(argv[3], atoi(argv[4]), *argv[5]);
	else if (!strcmp(command, "request") && argc == 4)
		request(argv[3]);
	else if (!strcmp(command, "matrix"))
		matrix();
	else if (!strcmp(command, "garbage") && argc == 4)
		garbage(atoi(argv[3]));
	else
		die("\"%s\": unknown, or the wrong number of arguments", command);
	return 0;
}
