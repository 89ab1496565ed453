// SPDX-License-Identifier: GPL-2.0-only
/* Netlink side of the driver. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/socket.h>
#include <linux/genetlink.h>
#include "drive.h"

#define BUF 131072

char nl_text[256];
static struct mnl_socket *nl;
static __u16 family;
static __u32 group, seq = 1;

static int collect(const struct nlattr *attr, void *data)
{
	const struct nlattr **tb = data;

	if (mnl_attr_get_type(attr) <= REX_A_MAX)
		tb[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

static int family_cb(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr, *grp, *a;

	(void)data;
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
			family = mnl_attr_get_u16(attr);
		if (mnl_attr_get_type(attr) != CTRL_ATTR_MCAST_GROUPS)
			continue;
		mnl_attr_for_each_nested(grp, attr)
			mnl_attr_for_each_nested(a, grp)
				if (mnl_attr_get_type(a) == CTRL_ATTR_MCAST_GRP_ID)
					group = mnl_attr_get_u32(a);
	}
	return MNL_CB_OK;
}

int nl_open(void)
{
	char buf[4096];
	struct nlmsghdr *nlh;
	struct genlmsghdr *g;
	int one = 1, ret;

	nl = mnl_socket_open(NETLINK_GENERIC);
	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	mnl_socket_setsockopt(nl, NETLINK_EXT_ACK, &one, sizeof(one));
	nlh = mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = GENL_ID_CTRL;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	g = mnl_nlmsg_put_extra_header(nlh, sizeof(*g));
	g->cmd = CTRL_CMD_GETFAMILY;
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, REX_GENL_NAME);
	ret = nl_talk(nlh, family_cb, NULL);
	return ret ? ret : family ? 0 : -ENOENT;
}

int nl_subscribe(void)
{
	return mnl_socket_setsockopt(nl, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) ? -errno : 0;
}

struct nlmsghdr *nl_request(char *buf, int cmd, int flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *g;

	nlh->nlmsg_type = family;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	g = mnl_nlmsg_put_extra_header(nlh, sizeof(*g));
	g->cmd = cmd;
	g->version = REX_GENL_VERSION;
	return nlh;
}

/* The text of an extended acknowledgement. */
static void ext_text(const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;
	size_t skip = sizeof(*err);

	nl_text[0] = 0;
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += err->msg.nlmsg_len - sizeof(err->msg);
	mnl_attr_for_each(attr, nlh, skip)
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
			snprintf(nl_text, sizeof(nl_text), "%s", mnl_attr_get_str(attr));
}

int nl_talk(struct nlmsghdr *nlh, mnl_cb_t cb, void *data)
{
	static char buf[BUF];
	const struct nlmsghdr *h;
	int len;

	nlh->nlmsg_seq = seq++;
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	for (;;) {
		len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (len < 0)
			return -errno;
		for (h = (void *)buf; mnl_nlmsg_ok(h, len); h = mnl_nlmsg_next(h, &len)) {
			if (h->nlmsg_seq != nlh->nlmsg_seq)
				continue;
			if (h->nlmsg_type == NLMSG_ERROR) {
				ext_text(h);
				return ((struct nlmsgerr *)mnl_nlmsg_get_payload(h))->error;
			}
			if (h->nlmsg_type == NLMSG_DONE)
				return *(int *)mnl_nlmsg_get_payload(h);
			if (cb)
				cb(h, data);
		}
	}
}

int nl_wait_event(int timeout_ms, mnl_cb_t cb, void *data)
{
	struct pollfd p = { .fd = mnl_socket_get_fd(nl), .events = POLLIN };
	static char buf[BUF];
	int len;

	if (poll(&p, 1, timeout_ms) <= 0)
		return -ETIMEDOUT;
	len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	if (len < 0)
		return -errno;
	cb((void *)buf, data);
	return 0;
}

static __u32 u32_or_0(const struct nlattr *a)
{
	return a ? mnl_attr_get_u32(a) : 0;
}

static __u64 u64_or_0(const struct nlattr *a)
{
	return a ? mnl_attr_get_u64(a) : 0;
}

static void text(char *to, size_t size, const struct nlattr *a)
{
	snprintf(to, size, "%s", a ? mnl_attr_get_str(a) : "");
}

static void parse_entry(struct entry *e, const struct nlattr *nest)
{
	const struct nlattr *tb[REX_A_MAX + 1] = { 0 };

	mnl_attr_parse_nested(nest, collect, tb);
	text(e->name, sizeof(e->name), tb[REX_A_ENTRY_NAME]);
	e->hook = u32_or_0(tb[REX_A_ENTRY_HOOK]);
	e->slot = u32_or_0(tb[REX_A_ENTRY_SLOT]);
	e->cookie = u64_or_0(tb[REX_A_ENTRY_COOKIE]);
	e->runs = u64_or_0(tb[REX_A_ENTRY_RUNS]);
	e->ns = u64_or_0(tb[REX_A_ENTRY_NS]);
	e->panics = u64_or_0(tb[REX_A_ENTRY_PANICS]);
	e->overruns = u64_or_0(tb[REX_A_ENTRY_OVERRUNS]);
	e->overflows = u64_or_0(tb[REX_A_ENTRY_OVERFLOWS]);
	e->refused = u64_or_0(tb[REX_A_ENTRY_REFUSED]);
}

static void parse_map(struct map *m, const struct nlattr *nest)
{
	const struct nlattr *tb[REX_A_MAX + 1] = { 0 };

	mnl_attr_parse_nested(nest, collect, tb);
	text(m->name, sizeof(m->name), tb[REX_A_MAP_NAME]);
	m->type = u32_or_0(tb[REX_A_MAP_TYPE]);
	m->key_size = u32_or_0(tb[REX_A_MAP_KEY_SIZE]);
	m->value_size = u32_or_0(tb[REX_A_MAP_VALUE_SIZE]);
	m->max_entries = u32_or_0(tb[REX_A_MAP_MAX_ENTRIES]);
	m->flags = u32_or_0(tb[REX_A_MAP_FLAGS]);
	m->bpf_id = u32_or_0(tb[REX_A_MAP_BPF_ID]);
}

/* "symbol+0x1/0x2 [module]", and " FILE:LINE" behind it when rex.ko knows. */
static void parse_frame(char *to, size_t size, const struct nlattr *nest)
{
	const struct nlattr *tb[REX_A_MAX + 1] = { 0 };

	mnl_attr_parse_nested(nest, collect, tb);
	text(to, size, tb[REX_A_FRAME_SYMBOL]);
	if (tb[REX_A_FRAME_FILE])
		snprintf(to + strlen(to), size - strlen(to), " %s:%u",
			 mnl_attr_get_str(tb[REX_A_FRAME_FILE]), u32_or_0(tb[REX_A_FRAME_LINE]));
}

static void parse_fault(struct prog *p, const struct nlattr *nest)
{
	const struct nlattr *tb[REX_A_MAX + 1] = { 0 }, *a;

	p->has_fault = true;
	p->frames = 0;
	mnl_attr_parse_nested(nest, collect, tb);
	mnl_attr_for_each_nested(a, nest)
		if (mnl_attr_get_type(a) == REX_A_FAULT_FRAME && p->frames < 16)
			parse_frame(p->frame[p->frames++], sizeof(p->frame[0]), a);
	p->fault_kind = u32_or_0(tb[REX_A_FAULT_KIND]);
	p->fault_line = u32_or_0(tb[REX_A_FAULT_LINE]);
	p->fault_column = u32_or_0(tb[REX_A_FAULT_COLUMN]);
	text(p->fault_entry, sizeof(p->fault_entry), tb[REX_A_FAULT_ENTRY]);
	text(p->fault_file, sizeof(p->fault_file), tb[REX_A_FAULT_FILE]);
	text(p->fault_text, sizeof(p->fault_text), tb[REX_A_FAULT_MESSAGE]);
}

int prog_parse(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *tb[REX_A_MAX + 1] = { 0 }, *a;
	struct prog *p = data;

	memset(p, 0, sizeof(*p));
	mnl_attr_parse(nlh, sizeof(struct genlmsghdr), collect, tb);
	text(p->name, sizeof(p->name), tb[REX_A_PROG_NAME]);
	p->state = u32_or_0(tb[REX_A_PROG_STATE]);
	p->budget = u32_or_0(tb[REX_A_PROG_BUDGET_US]);
	p->tainted = tb[REX_A_PROG_TAINTED] && mnl_attr_get_u8(tb[REX_A_PROG_TAINTED]);
	p->timing = tb[REX_A_PROG_TIMING] && mnl_attr_get_u8(tb[REX_A_PROG_TIMING]);
	mnl_attr_for_each(a, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(a) == REX_A_PROG_ENTRY && p->entries < MAX_ITEMS)
			parse_entry(&p->entry[p->entries++], a);
		if (mnl_attr_get_type(a) == REX_A_PROG_MAP && p->maps < MAX_ITEMS)
			parse_map(&p->map[p->maps++], a);
		if (mnl_attr_get_type(a) == REX_A_PROG_FAULT)
			parse_fault(p, a);
	}
	return MNL_CB_OK;
}

int prog_get(const char *name, struct prog *prog)
{
	char buf[4096];
	struct nlmsghdr *nlh = nl_request(buf, REX_CMD_PROG_GET, NLM_F_ACK);

	mnl_attr_put_strz(nlh, REX_A_PROG_NAME, name);
	return nl_talk(nlh, prog_parse, prog);
}

int prog_list(mnl_cb_t cb, void *data)
{
	char buf[4096];

	return nl_talk(nl_request(buf, REX_CMD_PROG_GET, NLM_F_DUMP), cb, data);
}

int prog_set(const char *name, int attr, __u32 value)
{
	char buf[4096];
	struct nlmsghdr *nlh = nl_request(buf, REX_CMD_PROG_SET, NLM_F_ACK);

	mnl_attr_put_strz(nlh, REX_A_PROG_NAME, name);
	if (attr == REX_A_PROG_BUDGET_US)
		mnl_attr_put_u32(nlh, attr, value);
	else
		mnl_attr_put_u8(nlh, attr, value);
	return nl_talk(nlh, NULL, NULL);
}

int map_bind(const char *name, __u32 index, int fd)
{
	char buf[4096];
	struct nlmsghdr *nlh = nl_request(buf, REX_CMD_MAP_BIND, NLM_F_ACK);

	mnl_attr_put_strz(nlh, REX_A_PROG_NAME, name);
	mnl_attr_put_u32(nlh, REX_A_MAP_INDEX, index);
	mnl_attr_put_u32(nlh, REX_A_FD, fd);
	return nl_talk(nlh, NULL, NULL);
}

int helper_bind(__u32 hook, __u32 id, int fd)
{
	char buf[4096];
	struct nlmsghdr *nlh = nl_request(buf, REX_CMD_HELPER_BIND, NLM_F_ACK);

	mnl_attr_put_u32(nlh, REX_A_HOOK, hook);
	mnl_attr_put_u32(nlh, REX_A_HELPER_ID, id);
	mnl_attr_put_u32(nlh, REX_A_FD, fd);
	return nl_talk(nlh, NULL, NULL);
}

static __u32 rnd(__u32 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	return *state ^= *state << 5;
}

/* Attributes in attributes, to some depth, plausible or not. */
static void fuzz_attrs(struct nlmsghdr *nlh, __u32 *state, int depth)
{
	int n = rnd(state) % 8, i;
	char junk[512];

	while (n--) {
		__u16 type = rnd(state) % 8 ? rnd(state) % (REX_A_MAX + 3) : rnd(state);
		__u32 len = rnd(state) % 4 ? 4 : rnd(state) % sizeof(junk);

		if (nlh->nlmsg_len > 4096)
			return;
		if (depth && rnd(state) % 6 == 0) {
			struct nlattr *nest = mnl_attr_nest_start(nlh, type & 0x3fff);

			fuzz_attrs(nlh, state, depth - 1);
			mnl_attr_nest_end(nlh, nest);
			continue;
		}
		for (i = 0; i < (int)len; i++)
			junk[i] = rnd(state);
		if (rnd(state) % 2)
			*(__u32 *)junk = rnd(state) % 8;
		mnl_attr_put(nlh, type, len, junk);
	}
}

/* The lengths of some attributes, or of the message, lie. The buffer behind it is ours. */
static void fuzz_lengths(struct nlmsghdr *nlh, __u32 *state)
{
	struct nlattr *attr = (void *)((char *)nlh + 20);

	if (rnd(state) % 8 == 0 && nlh->nlmsg_len > 24)
		attr->nla_len = rnd(state);
	if (rnd(state) % 8 == 0)
		nlh->nlmsg_len = rnd(state) % (nlh->nlmsg_len + 64);
}

/* A dump of which nobody reads the end. */
static void fuzz_dump(void)
{
	struct mnl_socket *other = mnl_socket_open(NETLINK_GENERIC);
	char buf[4096];
	struct nlmsghdr *nlh = nl_request(buf, REX_CMD_PROG_GET, NLM_F_DUMP);

	if (!other)
		return;
	mnl_socket_sendto(other, nlh, nlh->nlmsg_len);
	mnl_socket_close(other);
}

/* Throws away what came without being asked for: answers to messages whose lengths lied. */
static void drain(void)
{
	static char buf[BUF];

	while (recv(mnl_socket_get_fd(nl), buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
}

/*
 * Requests of random commands with random attributes, lengths and nests, and dumps that are
 * left half-way. Returns the number that the kernel accepted; none may harm it.
 */
int nl_fuzz(unsigned int seed, int rounds)
{
	static const char *const names[] = { "cprog", "cbare", "", "nobody", "x" };
	char buf[16384];
	__u32 state = seed | 1;
	int accepted = 0;

	while (rounds--) {
		struct nlmsghdr *nlh = nl_request(buf, rnd(&state) % 10,
						  NLM_F_ACK | (rnd(&state) % 4 ? 0 : NLM_F_DUMP));
		__u32 before;

		if (rnd(&state) % 4)
			mnl_attr_put_strz(nlh, REX_A_PROG_NAME, names[rnd(&state) % 5]);
		fuzz_attrs(nlh, &state, 3);
		before = nlh->nlmsg_len;
		fuzz_lengths(nlh, &state);
		if (nlh->nlmsg_len == before) {
			accepted += nl_talk(nlh, NULL, NULL) == 0;
		} else {
			/* it may get no answer, or one to something else */
			send(mnl_socket_get_fd(nl), nlh, before, MSG_DONTWAIT);
			drain();
		}
		if (rnd(&state) % 16 == 0)
			fuzz_dump();
	}
	return accepted;
}
