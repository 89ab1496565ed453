/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bmc-cases: what must be right with an accelerator in front of memcached, case by case.
 *
 * Sockets are made in both network namespaces of the lab (topology/veth/lab). memcached
 * itself, asked over TCP on the server's loopback, says what is true.
 */
#ifndef CASES_H
#define CASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "mc/proto.h"

#define PORT		MC_PORT
#define SERVER4		"10.77.0.1"
#define SERVER6		"fd77::1"
#define TEXT_MAX	(1 << 20)

enum accel { NONE, EBPF, REX };

struct setup {
	enum accel accel;
	pid_t memcached;
	const char *start;		/* the command that starts the accelerator */
	bool list;			/* say the names of the cases and run none */
};
extern struct setup setup;

/* A text of bytes. Made by text_*(), never freed: the process ends with its case. */
struct text {
	size_t len;
	char *bytes;
};

/* Where a socket stands, and what it is: from the client, or on the server itself. */
enum where { TCP4, TCP6, UDP4, UDP6, LOCAL_TCP4, LOCAL_TCP6, LOCAL_UDP4, LOCAL_UDP6, WHERES };

/* main.c */
__attribute__((format(printf, 1, 2), noreturn)) void fail(const char *format, ...);
/* Runs one case, in a process of its own that ends by fail() if it fails. */
void run_case(const char *name, void (*run)(const void *), const void *arg);
/* As a case: fails if there is anything in @why. */
void say_why(const void *why);
void start_accelerator(void);
/* The sum of a counter of the accelerator; 0 without one. */
uint64_t counter(unsigned int index);

/* bytes.c */
__attribute__((format(printf, 1, 2))) struct text text_make(const char *format, ...);
struct text text_bytes(const void *bytes, size_t len);
struct text text_join(struct text a, struct text b);
struct text text_repeat(char c, size_t len);
bool text_equal(struct text a, struct text b);
/* For a message: at most some 100 bytes, with the others escaped. */
const char *text_show(struct text t);
struct text base64(struct text t);

/* dial.c */
void enter(bool server);		/* a network namespace, for sockets to come */
int dial(enum where where);
static inline bool is_udp(enum where w)
{
	return w == UDP4 || w == UDP6 || w == LOCAL_UDP4 || w == LOCAL_UDP6;
}
void send_all(int fd, struct text t);
struct text read_len(int fd, size_t len);
/* Up to and with @end. */
struct text read_until(int fd, const char *end);
/* Sends in as many segments as there are texts; both ends have seen one before the next leaves. */
void send_segment(int fd, struct text t);
/* One datagram each way. A datagram that is not the reply's is ignored. */
struct text ask_udp(int fd, struct text request);

/* get.c */
uint64_t now_ms(void);			/* CLOCK_MONOTONIC */
/* What memcached has: the whole reply to a GET. */
struct text truth(const char *key);
struct text get(const char *key);
struct text get_hit(const char *key, bool *hit);
/* GETs @key until the accelerator answers; each reply must be @want. */
void warm(const char *key, struct text want);
/* Some GETs of @key must all give what memcached has, and later be hits again. */
struct text check(const char *key, bool must_hit);
void put(const char *key, struct text value);
struct text value_reply(const char *key, unsigned int flags, struct text value);
/*
 * @format with @key for each @, and if it has them: for ~ the key in base64, for # the id that
 * memcached has for cas, for ^ a point in time some seconds from now.
 */
struct text fill_in(const char *format, const char *key);
/* A key that no other case uses, of @len bytes. */
char *new_key(size_t len);

/* One file each. */
void run_mutations(void);
void run_binary(void);
void run_streams(void);
void run_values(void);
void prepare_old_connections(void);
void run_old_connections(void);
void prepare_expiry(void);
void run_expiry_of_old(void);
void run_expiry(void);
void run_races(void);
void run_packets(void);
void run_load(void);

#endif /* CASES_H */
