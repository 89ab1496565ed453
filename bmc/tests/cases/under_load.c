// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sends SETs and GETs while a test kills, stops and replaces processes, until a SIGTERM; then
 * reports the result. It pauses between requests, or an emulated machine would do little else. A
 * request without a reply is lost if memcached was running all the time; a reply is late if memcached
 * answered something else before it, because an emulated machine may stall for seconds. A new
 * memcached is empty, and so must be its accelerator.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cases.h"
#include "mc/conn.h"

#define KEYS 8
#define UDP_TIMEOUT_MS 2000
#define UDP_TIMEOUTS 10		/* while memcached answers over TCP */
#define TCP_TIMEOUT_MS 20000	/* its end is noticed at once */
#define PAUSE_US 1000
#define NOTHING 0		/* instead of a value: memcached has none ... */
#define UNKNOWN (-1)		/* ... or one of two */

static volatile sig_atomic_t stop;
static long value[KEYS];	/* what the last acknowledged SET of the key was about */
static unsigned int n_gets, n_sets, n_late, n_lost, n_stale, n_wrong, n_servers;
static int tcp = -1, udp = -1;

static void on_term(int sig)
{
	(void)sig;
	stop = 1;
}

static int open_socket(int type)
{
	union mc_addr to;

	mc_addr_set(&to, SERVER4, PORT);
	return mc_connect(&to, type, type == SOCK_DGRAM ? UDP_TIMEOUT_MS : TCP_TIMEOUT_MS);
}

/* One line back; false: memcached has gone. */
static bool ask_tcp(struct text request, const char *reply)
{
	char got[64] = "";
	size_t len = strlen(reply);
	ssize_t n;

	if (send(tcp, request.bytes, request.len, MSG_NOSIGNAL) == (ssize_t)request.len) {
		n = recv(tcp, got, len, MSG_WAITALL);
		if (n == (ssize_t)len && !memcmp(got, reply, len))
			return true;
		if (n > 0)
			fail("\"%s\" is answered by \"%s\"", text_show(request), got);
	}
	close(tcp);
	tcp = -1;
	return false;
}

/* Whether memcached itself answers: the accelerator passes this. */
static bool answers(void)
{
	return ask_tcp(text_make("verbosity 0\r\n"), "OK\r\n");
}

/* To the memcached that is there now; @value is what a new one has. */
static bool connected(void)
{
	if (tcp >= 0)
		return true;
	tcp = open_socket(SOCK_STREAM);
	if (tcp < 0 || !answers()) {
		usleep(5000);
		return false;
	}
	/* the first one may have what an earlier load has set */
	for (int i = 0; i < KEYS; i++)
		value[i] = n_servers ? NOTHING : UNKNOWN;
	n_servers++;
	return true;
}

static void set_one(int key, long n)
{
	char number[24];
	int len = sprintf(number, "%ld", n);

	n_sets++;
	value[key] = ask_tcp(text_make("set load%d 0 0 %d\r\n%s\r\n", key, len, number),
			     "STORED\r\n") ? n : UNKNOWN;
}

static void get_one(int key)
{
	static uint16_t id;
	char request[64], got[256];
	struct text want = text_make("END\r\n"), reply;
	char number[24];
	bool sent;
	ssize_t n;

	n_gets++;
	n = mc_ask(udp, ++id, request, sprintf(request, "get load%d\r\n", key));
	sent = !n;
	if (sent)
		n = mc_answer(udp, id, got, sizeof(got), NULL);
	if (n < 0) {
		int err = errno;

		if (stop)
			return;	/* the signal came instead */
		/* nobody at the port, or nothing came: is memcached still the same? */
		for (int i = 0; n < 0 && i < UDP_TIMEOUTS; i++) {
			if (!answers())
				return;
			n = mc_answer(udp, id, got, sizeof(got), NULL);
		}
		if (n < 0) {
			n_lost++;
			fprintf(stderr, "load: GET %u of load%d: %s: %s, then %s\n", n_gets, key,
				sent ? "no reply" : "not sent", strerror(err), strerror(errno));
			return;
		}
		n_late++;
	}
	sprintf(number, "%ld", value[key]);
	if (value[key] != NOTHING)
		want = text_make("VALUE load%d 0 %zu\r\n%s\r\nEND\r\n", key, strlen(number), number);
	reply = text_bytes(got, n);
	if (value[key] != UNKNOWN && !text_equal(reply, want)) {
		/* is it the same memcached that is to have it? */
		if (!answers())
			return;
		if (!memcmp(reply.bytes, "VALUE", 5))
			n_stale++;
		else
			n_wrong++;
		fprintf(stderr, "load: GET %u gives \"%s\" instead of \"%s\"\n", n_gets,
			text_show(reply), text_show(want));
	}
}

void run_load(void)
{
	signal(SIGTERM, on_term);
	enter(false);
	udp = open_socket(SOCK_DGRAM);
	for (long n = 1; !stop; n++) {
		if (!connected())
			continue;
		if (n % 4 == 1)
			set_one(n / 4 % KEYS, n);
		else
			get_one(n / (n % 3 + 1) % KEYS);
		usleep(PAUSE_US);
	}
	printf("gets %u sets %u servers %u late %u lost %u stale %u wrong %u\n", n_gets, n_sets,
	       n_servers, n_late, n_lost, n_stale, n_wrong);
}
