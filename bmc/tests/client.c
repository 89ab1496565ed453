// SPDX-License-Identifier: GPL-2.0-only
/*
 * A memcached client for the accelerator's tests. Values are made of a letter, so that
 * the reply to a GET can be checked to the last byte.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define PORT	11211
#define FRAME	8
#define MAX	(64 << 10)

static struct sockaddr_in server = { .sin_family = AF_INET };

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

static int open_socket(int type, int timeout_ms)
{
	struct timeval timeout = { timeout_ms / 1000, timeout_ms % 1000 * 1000 };
	int fd = socket(AF_INET, type, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) ||
	    connect(fd, (struct sockaddr *)&server, sizeof(server)))
		die("cannot connect: %s", strerror(errno));
	return fd;
}

/* A frame header of a single datagram, and @text. Returns the length. */
static size_t make_request(uint8_t *to, uint16_t id, const void *text, size_t len)
{
	const uint8_t frame[FRAME] = { id >> 8, id, 0, 0, 0, 1, 0, 0 };

	memcpy(to, frame, FRAME);
	memcpy(to + FRAME, text, len);
	return FRAME + len;
}

/*
 * Sends @text and puts the datagrams of the reply together, in whatever order they
 * come. Returns the length, -1 when none comes. *@datagrams: how many it was.
 */
static ssize_t ask(const void *text, size_t len, uint8_t *reply, unsigned int *datagrams)
{
	static uint8_t parts[64][2048], request[MAX];
	unsigned int i, n = 1, got = 0, seq;
	size_t sizes[64] = {}, total = 0;
	uint8_t in[2048];
	uint16_t id = getpid() ^ len;
	int fd = open_socket(SOCK_DGRAM, 10000);	/* an emulated machine may pause */
	ssize_t size;

	len = make_request(request, id, text, len);
	if (send(fd, request, len, 0) != (ssize_t)len)
		die("cannot send: %s", strerror(errno));
	while (got < n) {
		size = recv(fd, in, sizeof(in), 0);
		if (size < 0) {
			close(fd);
			return -1;
		}
		if (size == FRAME)
			continue;	/* memcached has nothing to say, and says so */
		seq = in[2] << 8 | in[3];
		n = in[4] << 8 | in[5];
		if (size < FRAME || (in[0] << 8 | in[1]) != id || seq >= n || n > 64 || sizes[seq])
			die("a datagram of %zd bytes with a wrong frame header", size);
		memcpy(parts[seq], in + FRAME, size - FRAME);
		sizes[seq] = size - FRAME;
		got++;
	}
	close(fd);
	for (i = 0; i < n; i++) {
		memcpy(reply + total, parts[i], sizes[i]);
		total += sizes[i];
	}
	if (datagrams)
		*datagrams = n;
	return total;
}

static size_t make_reply(char *to, const char *key, size_t len, char letter)
{
	char *p = to + sprintf(to, "VALUE %s 0 %zu\r\n", key, len);

	memset(p, letter, len);
	memcpy(p + len, "\r\nEND\r\n", 7);
	return p + len + 7 - to;
}

/* GETs @key and compares. */
static void check_get(const char *key, size_t len, char letter)
{
	static uint8_t reply[MAX];
	static char want[MAX];
	char text[512];
	size_t want_len = make_reply(want, key, len, letter);
	ssize_t got = ask(text, sprintf(text, "get %s\r\n", key), reply, NULL);

	if (got < 0)
		die("GET of %zu/%zu bytes: no reply", strlen(key), len);
	if ((size_t)got != want_len || memcmp(reply, want, want_len))
		die("GET of %zu/%zu bytes: wrong reply of %zd bytes, expected %zu:\n%.*s",
		    strlen(key), len, got, want_len, got < 200 ? (int)got : 200, reply);
}

static void check_set(const char *key, size_t len, char letter)
{
	static char text[MAX];
	char reply[8] = {};
	size_t n = sprintf(text, "set %s 0 0 %zu\r\n", key, len);
	int fd = open_socket(SOCK_STREAM, 5000);

	memset(text + n, letter, len);
	memcpy(text + n + len, "\r\n", 2);
	n += len + 2;
	if (write(fd, text, n) != (ssize_t)n || recv(fd, reply, 8, MSG_WAITALL) != 8 ||
	    memcmp(reply, "STORED\r\n", 8))
		die("SET of %zu bytes failed: %.8s", len, reply);
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

	srandom(1);
	for (i = 0; i < n; i++) {
		const char *seed = seeds[random() % (sizeof(seeds) / sizeof(*seeds))];

		len = make_request(text, i, seed, strlen(seed));
		for (j = random() % 4; j && len; j--)
			text[random() % len] = random();
		if (random() % 4 == 0)
			len = random() % (len + 1);
		if (random() % 8 == 0)
			while (len < 300)
				text[len++] = random();
		send(udp, text, len, 0);
		if (i % 16)
			continue;
		if (tcp >= 0)
			close(tcp);
		tcp = open_socket(SOCK_STREAM, 10);
		if (len > FRAME)
			send(tcp, text + FRAME, len - FRAME, MSG_NOSIGNAL);
	}
}

/* The reply to @text (with \r\n added) goes to stdout. */
static void request(const char *text)
{
	static uint8_t reply[MAX];
	char line[4096];
	ssize_t got = ask(line, snprintf(line, sizeof(line), "%s\r\n", text), reply, NULL);

	if (got < 0)
		die("no reply to \"%.40s\"", text);
	fwrite(reply, 1, got, stdout);
}

int main(int argc, char **argv)
{
	const char *command = argc > 2 ? argv[2] : "";

	server.sin_port = htons(PORT);
	if (argc < 3 || inet_pton(AF_INET, argv[1], &server.sin_addr) != 1)
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
