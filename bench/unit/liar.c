// SPDX-License-Identifier: GPL-2.0-only
/*
 * A server that lies on purpose, to see the generators catch it:
 *
 *   bench-liar IFACE ADDRESS LIE FIRST LIES [DELAY_MS]
 *
 * It answers GETs for the generators' default keys (16 bytes) and values (32 bytes), or of
 * three such keys, at ADDRESS:11211, but lies to the requests number FIRST to FIRST + LIES - 1. All frames
 * are its own, so that any part of them can be wrong. It says "ready" when it listens and
 * "told N" when SIGTERM ends it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loadloop.h"
#include "mc/checksum.h"
#include "mc/proto.h"

#define HEADERS		42
#define HELD		4096	/* frames that wait for their time */

/* The last ones are lies of time and number, the others of one frame's content. */
enum lie {
	HONEST, VALUE, LAST, SWAP, FLAGS, KEY, LONGER, SHORTER, TRUNCATED, EXTRA, SEQ, COUNT,
	RESERVED, ERROR, END, ENDED, TINY, EMPTY, ID, OLD,
	SRCPORT, DSTPORT, SRCADDR, DSTADDR, DSTMAC, SRCMAC, UDPSUM, NOSUM, IPSUM, FRAGMENT,
	UDPLEN, LOST, MIXED, LATE, LATEWRONG, LATEEND, SECOND, SECONDWRONG, SECONDEND,
	/* to GETs of several keys */
	PARTS, WHOLE, PARTLOST, PARTTWICE, PARTKEY, PARTORDER, EARLYEND, ENDTWICE, PARTLATE, LIES
};

static const char *const names[LIES] = {
	"honest", "value", "last", "swap", "flags", "key", "longer", "shorter", "truncated",
	"extra", "seq", "count", "reserved", "error", "end", "ended", "tiny", "empty", "id", "old",
	"srcport", "dstport", "srcaddr", "dstaddr", "dstmac", "srcmac", "udpsum", "nosum",
	"ipsum", "fragment", "udplen", "lost", "mixed", "late", "latewrong", "lateend", "second",
	"secondwrong", "secondend", "parts", "whole", "partlost", "parttwice", "partkey", "partorder",
	"earlyend", "endtwice", "partlate",
};

struct frame {
	uint64_t when;
	uint32_t len;
	uint8_t data[ETH_FRAME_LEN];
};

static struct frame held[HELD];
static unsigned int held_head, held_tail;
static struct keyset keys = { .count = 10000, .seed = 1 };
static uint32_t address;
static volatile sig_atomic_t stop;

static void on_term(int sig)
{
	(void)sig;
	stop = 1;
}

/* Exchange the first two 16-bit words of the value that differ: every plain sum stays. */
static void swap_words(uint8_t *v, uint32_t len)
{
	for (uint32_t i = 2; i + 2 <= len; i += 2) {
		uint16_t first = get16(v), other = get16(v + i);

		if (first == other)
			continue;
		put16(v, other);
		put16(v + i, first);
		return;
	}
}

/* The text of the reply for key @index, with @lie's content; returns its length. */
static uint32_t reply_text(uint8_t *p, uint32_t index, enum lie lie)
{
	uint32_t n = sprintf((char *)p, "VALUE "), len = value_len(&keys, index);
	uint8_t *value;

	if (lie == END || lie == LATEEND || lie == SECONDEND || lie == ENDED)
		return sprintf((char *)p, "END\r\n%s", lie == ENDED ? "x" : "");
	if (lie == ERROR)
		return sprintf((char *)p, "ERROR\r\n");
	n += key_text(&keys, lie == KEY ? (index + 1) % keys.count : index, (char *)p + n);
	len += (lie == LONGER) - (lie == SHORTER);
	n += sprintf((char *)p + n, " %u %u\r\n", key_flags(&keys, index) ^ (lie == FLAGS), len);
	value = p + n;
	value[len - 1] = 'x';
	value_fill(&keys, index, value);
	if (lie == VALUE || lie == LATEWRONG || lie == SECONDWRONG)
		value_fill(&keys, (index + 1) % keys.count, value);
	else if (lie == LAST)
		value[len - 1] ^= 1;
	else if (lie == SWAP)
		swap_words(value, len);
	n += len;
	n += sprintf((char *)p + n, "\r\nEND\r\n");
	if (lie == TRUNCATED)
		n--;
	else if (lie == EXTRA)
		p[n++] = 'x';
	return n;
}

/*
 * Of the reply to a GET of several keys, the @part-th value, or END for END_PART; WHOLE: all of it.
 * Without the lie, it is as memcached sends it.
 */
#define END_PART	MULTI_MAX
static uint32_t part_text(uint8_t *p, uint32_t index, unsigned int part, enum lie lie)
{
	uint32_t n = 0;

	if (part == END_PART)
		return sprintf((char *)p, "END\r\n");
	if (lie != WHOLE)
		return reply_text(p, (index + part) % keys.count, lie == PARTKEY ? KEY : HONEST) - 5;
	for (unsigned int i = 0; i < keys.multi; i++)
		n += part_text(p + n, index, i, HONEST);
	return n + part_text(p + n, index, END_PART, HONEST);
}

/* UDP payload: memcached's frame header and the text. */
static uint32_t reply_payload(uint8_t *p, uint16_t id, uint32_t index, unsigned int part, enum lie lie)
{
	uint8_t *text = p + MC_FRAME_LEN;
	uint32_t n = MC_FRAME_LEN + (keys.multi > 1 ? part_text(text, index, part, lie) :
						      reply_text(text, index, lie));

	if (lie == ID)
		id ^= 0x8000;
	else if (lie == OLD)
		id -= 4;	/* answered before: there are 8 ports, and less than 32 in flight */
	put16(p, id);
	put16(p + 2, lie == SEQ);
	put16(p + 4, 1 + (lie == COUNT));
	put16(p + 6, lie == RESERVED);
	if (lie == TINY)
		return MC_FRAME_LEN;
	return lie == EMPTY ? 0 : n;
}

static void exchange(uint8_t *a, uint8_t *b, uint32_t len)
{
	uint8_t t[6];

	memcpy(t, a, len);
	memcpy(a, b, len);
	memcpy(b, t, len);
}

/* Turn the request in @f round and put @lie's reply, or a part of it, in it. */
static void make_part(struct frame *f, uint32_t index, unsigned int part, enum lie lie)
{
	uint8_t *ip = f->data + 14, *udp = ip + 20;
	uint32_t n = reply_payload(udp + 8, get16(udp + 8), index, part, lie);

	exchange(f->data, f->data + 6, 6);
	exchange(ip + 12, ip + 16, 4);
	exchange(udp, udp + 2, 2);
	f->data[5] ^= lie == DSTMAC;
	f->data[11] ^= lie == SRCMAC;
	ip[15] ^= (lie == SRCADDR) << 3;
	ip[19] ^= (lie == DSTADDR) << 3;
	put16(udp, get16(udp) + (lie == SRCPORT));
	put16(udp + 2, get16(udp + 2) + 1000 * (lie == DSTPORT));
	put16(ip + 2, 28 + n);
	put16(ip + 6, lie == FRAGMENT ? 0x2000 : 0x4000);
	ip_sum_set(ip);
	ip[11] ^= lie == IPSUM;
	put16(udp + 4, 8 + n - (lie == UDPLEN));
	udp_sum_set(ip, udp, 8 + n);
	put16(udp + 6, lie == NOSUM ? 0 : get16(udp + 6) ^ (lie == UDPSUM));
	f->len = HEADERS + n < 60 ? 60 : HEADERS + n;
	memset(f->data + HEADERS + n, 0, f->len - HEADERS - n);
}

static void make_reply(struct frame *f, uint32_t index, enum lie lie)
{
	make_part(f, index, 0, lie);
}

static void send_frame(int fd, const struct frame *f)
{
	while (send(fd, f->data, f->len, 0) < 0 && (errno == ENOBUFS || errno == EINTR))
		;
}

static void send_part(int fd, const struct frame *req, uint32_t index, unsigned int part,
		      enum lie lie, uint64_t delay)
{
	struct frame f = *req;

	make_part(&f, index, part, lie);
	if (!delay)
		return send_frame(fd, &f);
	f.when = now_ns() + delay;
	held[held_head++ % HELD] = f;
}

/* The same for a GET of several keys: the lies are about the last value, and END. */
static void answer_parts(int fd, const struct frame *req, uint32_t index, enum lie lie, uint64_t delay)
{
	unsigned int last = keys.multi - 1;

	if (lie == WHOLE)
		return send_part(fd, req, index, 0, WHOLE, 0);
	if (lie == PARTORDER)
		send_part(fd, req, index, last, HONEST, 0);
	for (unsigned int i = 0; i < last; i++)
		send_part(fd, req, index, i, HONEST, 0);
	if (lie == PARTTWICE)
		send_part(fd, req, index, last - 1, HONEST, 0);
	if (lie == EARLYEND)
		send_part(fd, req, index, END_PART, HONEST, 0);
	if (lie != PARTLOST && lie != PARTORDER)
		send_part(fd, req, index, last, lie, 0);
	if (lie == ENDTWICE)
		send_part(fd, req, index, END_PART, HONEST, 0);
	if (lie != EARLYEND)
		send_part(fd, req, index, END_PART, HONEST, lie == PARTLATE ? delay : 0);
}

/* Answer request @req of a GET for key @index with @lie. */
static void answer(int fd, const struct frame *req, uint32_t index, enum lie lie, uint64_t delay)
{
	struct frame f = *req;

	if (keys.multi > 1)
		return answer_parts(fd, req, index, lie, delay);
	if (lie == LOST)
		return;
	if (lie >= SECOND) {
		make_reply(&f, index, HONEST);
		send_frame(fd, &f);
		f = *req;
	}
	make_reply(&f, index, lie);
	if (lie < LATE || lie > LATEEND) {
		send_frame(fd, &f);
		return;
	}
	f.when = now_ns() + delay;
	held[held_head++ % HELD] = f;
}

/* Is this frame a GET to us? Then @index is its key's. */
static bool is_get(const struct frame *f, uint32_t *index)
{
	const uint8_t *ip = f->data + 14, *udp = ip + 20, *key = udp + 20;
	uint32_t to;

	memcpy(&to, ip + 16, 4);
	if (f->len < HEADERS + 12 + 16 + 2 || get16(f->data + 12) != 0x0800 || ip[0] != 0x45 ||
	    ip[9] != 17 || to != address || get16(udp + 2) != MC_PORT || memcmp(udp + 16, "get ", 4))
		return false;
	*index = 0;
	for (int i = 12; i < 16; i++)
		*index = *index * 10 + key[i] - '0';
	return *index < keys.count;
}

static void serve(int fd, enum lie lie, uint64_t first, uint64_t lies, uint64_t delay)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	static struct frame f;
	uint64_t n = 0, told = 0;
	uint32_t index;
	ssize_t len;

	while (!stop) {
		for (; held_tail != held_head && held[held_tail % HELD].when <= now_ns(); held_tail++)
			send_frame(fd, &held[held_tail % HELD]);
		if (poll(&p, 1, held_tail == held_head ? -1 : 1) <= 0)
			continue;
		len = recv(fd, f.data, sizeof(f.data), MSG_DONTWAIT);
		f.len = len < 0 ? 0 : len;
		if (len < 0 || !is_get(&f, &index))
			continue;
		if (n >= first && n - first < lies) {
			/* as many replies in all as requests: only their ids tell */
			if (lie == MIXED)
				answer(fd, &f, index, told & 1 ? SECOND : LOST, 0);
			else
				answer(fd, &f, index, lie, delay);
			told++;
		} else {
			answer(fd, &f, index, HONEST, 0);
		}
		n++;
	}
	printf("told %lu\n", told);
}

/* So that the kernel does not say that nobody listens there. */
static int bind_udp(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(MC_PORT),
				 .sin_addr.s_addr = address };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), small = 1;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	return fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a));
}

int main(int argc, char **argv)
{
	struct sockaddr_ll a = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP) };
	struct sigaction term = { .sa_handler = on_term };
	int fd = socket(AF_PACKET, SOCK_RAW, 0), big = 16 << 20;
	unsigned int lie = 0;

	while (argc > 5 && lie < LIES && strcmp(names[lie], argv[3]))
		lie++;
	if (argc < 6 || lie == LIES || inet_pton(AF_INET, argv[2], &address) != 1) {
		fprintf(stderr, "usage: bench-liar IFACE ADDRESS LIE FIRST LIES [DELAY_MS]\n");
		return 2;
	}
	keys.multi = lie >= PARTS ? 3 : 1;
	sizes_parse(&keys.key, "key", "16", 1, KEY_MAX);
	sizes_parse(&keys.value, "value", "32", 0, VALUE_MAX);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof(big));
	a.sll_ifindex = if_nametoindex(argv[1]);
	if (keyset_init(&keys) || fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) || bind_udp()) {
		perror("bench-liar");
		return 1;
	}
	sigaction(SIGTERM, &term, NULL);
	printf("ready\n");
	fflush(stdout);
	serve(fd, lie, strtoull(argv[4], NULL, 10), strtoull(argv[5], NULL, 10),
	      argc > 6 ? strtoull(argv[6], NULL, 10) * 1000000 : 0);
	return 0;
}
