// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's sockets in this network namespace. sock_diag lists those of one port in one dump,
 * however many connections there are; without it (the modules inet_diag and tcp_diag) /proc/net
 * does, where each reading walks the kernel's whole table.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sockets.h"
#include "why.h"

/* Numbers of TCP states (net/tcp_states.h in the kernel). */
#define LISTENING	10
#define LISTENERS	(1u << LISTENING)

const char *socket_text(const struct bmc_socket *s, char *text, size_t size)
{
	char address[INET6_ADDRSTRLEN];

	if (s->v6)
		inet_ntop(AF_INET6, &s->address, address, sizeof(address));
	else
		inet_ntop(AF_INET, &s->address.s6_addr[12], address, sizeof(address));
	snprintf(text, size, s->v6 ? "[%s]:%u" : "%s:%u", address, s->port);
	return text;
}

/* ---- sock_diag -------------------------------------------------------------------------------- */

struct walk {
	see_socket *see;
	void *arg;
	bool enough;
};

static int on_socket(const struct nlmsghdr *nlh, void *data)
{
	const struct inet_diag_msg *m = mnl_nlmsg_get_payload(nlh);
	struct socket_line l = { .state = m->idiag_state, .remote_port = ntohs(m->id.idiag_dport),
			  .unsent = m->idiag_wqueue };
	struct walk *w = data;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*m))
		return MNL_CB_ERROR;
	l.socket.port = ntohs(m->id.idiag_sport);
	l.socket.inode = m->idiag_inode;
	l.socket.v6 = m->idiag_family == AF_INET6;
	if (l.socket.v6) {
		memcpy(&l.socket.address, m->id.idiag_src, sizeof(l.socket.address));
	} else {
		l.socket.address.s6_addr32[2] = htonl(0xffff);
		l.socket.address.s6_addr32[3] = m->id.idiag_src[0];
	}
	/* The dump has to be read to its end all the same. */
	if (!w->enough)
		w->enough = w->see(&l, w->arg);
	return MNL_CB_OK;
}

/* TCP sockets of @family in @states; @port 0: any. 0, or -1 with errno. */
static int dump_family(struct mnl_socket *sk, int family, uint32_t states, uint16_t port,
		       struct walk *w)
{
	static unsigned int seq;
	char buf[32768];		/* as large as a part of a dump gets */
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct inet_diag_req_v2 *req;
	int n;

	nlh->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nlh->nlmsg_seq = ++seq;
	req = mnl_nlmsg_put_extra_header(nlh, sizeof(*req));
	req->sdiag_family = family;
	req->sdiag_protocol = IPPROTO_TCP;
	req->idiag_states = states;
	req->id.idiag_sport = htons(port);
	if (mnl_socket_sendto(sk, nlh, nlh->nlmsg_len) < 0)
		return -1;
	do {
		n = mnl_socket_recvfrom(sk, buf, sizeof(buf));
		if (n > 0)
			n = mnl_cb_run(buf, n, seq, mnl_socket_get_portid(sk), on_socket, w);
	} while (n > 0);
	return n;
}

/* -1: the kernel has no sock_diag. */
static int ask_kernel(uint32_t states, uint16_t port, see_socket *see, void *arg)
{
	struct mnl_socket *sk = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
	struct walk w = { .see = see, .arg = arg };
	int err = !sk || mnl_socket_bind(sk, 0, MNL_SOCKET_AUTOPID);

	if (!err)
		err = dump_family(sk, AF_INET, states, port, &w);
	/* There is none of that family in a kernel without IPv6. */
	if (!err && dump_family(sk, AF_INET6, states, port, &w) && errno != ENOENT)
		err = -1;
	if (sk)
		mnl_socket_close(sk);
	return err ? -1 : 0;
}

/* ---- /proc/net/{tcp,udp}{,6} ------------------------------------------------------------------ */

/* The kernel prints an address as words of 4 bytes, in the machine's order. */
static bool parse_address(const char *hex, struct in6_addr *address, bool *v6)
{
	size_t len = strlen(hex), words = len / 8;
	uint32_t word[4] = { 0, 0, htonl(0xffff) };

	if (len != 8 && len != 32)
		return false;
	*v6 = words == 4;
	for (size_t i = 0; i < words; i++) {
		char one[9] = "";

		memcpy(one, hex + 8 * i, 8);
		word[words == 1 ? 3 : i] = strtoul(one, NULL, 16);
	}
	memcpy(address, word, sizeof(word));
	return true;
}

static bool parse_line(const char *text, bool udp, struct socket_line *l)
{
	unsigned int port;
	char local[33], remote[33];

	memset(l, 0, sizeof(*l));
	if (sscanf(text, "%*d: %32[0-9A-F]:%x %32[0-9A-F]:%x %x %lx:%*x %*x:%*x %*x %*u %*u %lu", local,
		   &port, remote, &l->remote_port, &l->state, &l->unsent, &l->socket.inode) != 7)
		return false;
	l->socket.port = port;
	l->socket.udp = udp;
	return parse_address(local, &l->socket.address, &l->socket.v6);
}

static void read_table(const char *name, bool udp, see_socket *see, void *arg)
{
	char path[64], text[512];
	struct socket_line l;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/thread-self/net/%s", name);
	f = fopen(path, "re");
	while (f && fgets(text, sizeof(text), f))
		if (parse_line(text, udp, &l) && see(&l, arg))
			break;
	if (f)
		fclose(f);
}

struct filter {
	uint32_t states;
	uint16_t port;
	see_socket *see;
	void *arg;
};

static int see_filtered(const struct socket_line *l, void *arg)
{
	const struct filter *f = arg;

	/* Those that listen come first. */
	if (f->states == LISTENERS && l->state != LISTENING)
		return 1;
	if (l->state > LISTENING || !(f->states >> l->state & 1) ||
	    (f->port && f->port != l->socket.port))
		return 0;
	return f->see(l, f->arg);
}

void each_tcp(uint32_t states, uint16_t port, see_socket *see, void *arg)
{
	struct filter f = { .states = states, .port = port, .see = see, .arg = arg };

	/* What it told before it failed comes twice, which nobody minds. */
	if (!ask_kernel(states, port, see, arg))
		return;
	read_table("tcp", false, see_filtered, &f);
	read_table("tcp6", false, see_filtered, &f);
}

/* ---- all that wait for anybody ----------------------------------------------------------------- */

bool make_room(void **at, size_t n, size_t size)
{
	void *grown;

	/* At powers of two, when it is full. */
	if (n & (n - 1) || n == SIZE_MAX)
		return true;
	grown = realloc(*at, (n ? 2 * n : 1) * size);
	if (grown)
		*at = grown;
	return grown;
}

static int add_listener(const struct socket_line *l, void *arg)
{
	struct bmc_sockets *s = arg;

	if (!l->socket.inode)
		return 0;
	if (!make_room((void **)&s->at, s->n, sizeof(*s->at))) {
		s->failed = true;
		return 1;
	}
	s->at[s->n++] = l->socket;
	return 0;
}

static int by_inode(const void *a, const void *b)
{
	unsigned long x = ((const struct bmc_socket *)a)->inode;
	unsigned long y = ((const struct bmc_socket *)b)->inode;

	return (x > y) - (x < y);
}

int sockets_read(struct bmc_sockets *s)
{
	memset(s, 0, sizeof(*s));
	each_tcp(LISTENERS, 0, add_listener, s);
	read_table("udp", true, add_listener, s);
	read_table("udp6", true, add_listener, s);
	if (s->failed) {
		free(s->at);
		return refuse("out of memory");
	}
	if (s->n)
		qsort(s->at, s->n, sizeof(*s->at), by_inode);
	return 0;
}

const struct bmc_socket *sockets_find(const struct bmc_sockets *s, unsigned long inode)
{
	const struct bmc_socket key = { .inode = inode };

	return s->n ? bsearch(&key, s->at, s->n, sizeof(key), by_inode) : NULL;
}

static int note_any(const struct socket_line *l, void *arg)
{
	*(bool *)arg = l->state == LISTENING;
	return 1;
}

bool sockets_listen(uint16_t port)
{
	bool found = false;

	each_tcp(LISTENERS, port, note_any, &found);
	return found;
}
