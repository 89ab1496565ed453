// SPDX-License-Identifier: GPL-2.0-only
/* Generic netlink (and rtnetlink) requests over libmnl. */
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

/* A program with all its entries and maps is one message and may be well over a page. */
#define RECV_BUF (128 * 1024)
/* So long the kernel may take for a request: it waits for programs to end, and for RCU. */
#define ANSWER_MS 60000

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ll + ts.tv_nsec / 1000000;
}

int nl_open(struct nl *nl, int bus)
{
	int one = 1, err;

	memset(nl, 0, sizeof(*nl));
	nl->sk = mnl_socket_open2(bus, SOCK_CLOEXEC);
	if (!nl->sk)
		return rex_fail(-errno, "cannot open a netlink socket: %s", strerror(errno));
	if (mnl_socket_bind(nl->sk, 0, MNL_SOCKET_AUTOPID) < 0) {
		err = -errno;
		mnl_socket_close(nl->sk);
		nl->sk = NULL;
		return rex_fail(err, "cannot bind a netlink socket: %s", strerror(-err));
	}
	/* Without these the kernel only says a number; both are older than our kernels. */
	mnl_socket_setsockopt(nl->sk, NETLINK_EXT_ACK, &one, sizeof(one));
	mnl_socket_setsockopt(nl->sk, NETLINK_CAP_ACK, &one, sizeof(one));
	nl->portid = mnl_socket_get_portid(nl->sk);
	nl->seq = (uint32_t)time(NULL);
	return 0;
}

void nl_close(struct nl *nl)
{
	if (nl->sk)
		mnl_socket_close(nl->sk);
	nl->sk = NULL;
}

struct talk {
	struct nl *nl;
	int err;
	bool interrupted;
	mnl_cb_t cb;
	void *data;
};

/* The attributes behind a struct nlmsgerr: the extack text. */
static void take_extack(struct nl *nl, const struct nlmsghdr *nlh, size_t offset)
{
	const struct nlattr *attr;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS) || mnl_nlmsg_get_payload_len(nlh) < offset)
		return;
	mnl_attr_for_each(attr, nlh, offset) {
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG &&
		    mnl_attr_validate(attr, MNL_TYPE_STRING) >= 0)
			snprintf(nl->extack, sizeof(nl->extack), "%.*s",
				 (int)mnl_attr_get_payload_len(attr), mnl_attr_get_str(attr));
	}
}

static int on_error(const struct nlmsghdr *nlh, void *data)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);
	struct talk *talk = data;
	size_t offset = sizeof(*e);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*e)) {
		talk->err = -EBADMSG;
		return MNL_CB_STOP;
	}
	talk->err = e->error > 0 ? -e->error : e->error;
	/* An error without NLM_F_CAPPED carries our whole request. */
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		offset += MNL_ALIGN(e->msg.nlmsg_len - sizeof(struct nlmsghdr));
	take_extack(talk->nl, nlh, offset);
	return MNL_CB_STOP;
}

static int on_done(const struct nlmsghdr *nlh, void *data)
{
	struct talk *talk = data;

	if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(int)) {
		int err;

		memcpy(&err, mnl_nlmsg_get_payload(nlh), sizeof(err));
		talk->err = err > 0 ? -err : err;
		take_extack(talk->nl, nlh, sizeof(int));
	}
	return MNL_CB_STOP;
}

static int on_data(const struct nlmsghdr *nlh, void *data)
{
	struct talk *talk = data;

	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		talk->interrupted = true;
	return talk->cb ? talk->cb(nlh, talk->data) : MNL_CB_OK;
}

static int on_noop(const struct nlmsghdr *nlh, void *data)
{
	(void)nlh;
	(void)data;
	return MNL_CB_OK;
}

/*
 * One datagram of the answer. A signal that somebody handles is no reason to give up: what was
 * asked for may be done.
 */
static ssize_t receive(struct nl *nl, char *buf)
{
	const int64_t deadline = now_ms() + ANSWER_MS;
	struct pollfd pfd = { .fd = mnl_socket_get_fd(nl->sk), .events = POLLIN };

	for (;;) {
		int64_t left = deadline - now_ms();
		int ready = poll(&pfd, 1, left > 0 ? left : 0);
		ssize_t len;

		if (ready < 0 && errno != EINTR)
			return rex_fail(-errno, "cannot wait for the answer to a netlink request: %s",
					strerror(errno));
		if (!ready)
			return rex_fail(-ETIMEDOUT, "the kernel has not answered a netlink request for "
					"%d s; it may do what was asked later: look with \"rexctl "
					"status\"", ANSWER_MS / 1000);
		if (ready < 0)
			continue;
		len = mnl_socket_recvfrom(nl->sk, buf, RECV_BUF);
		if (len >= 0)
			return len;
		if (errno != EINTR && errno != EAGAIN)
			return rex_fail(-errno, "no answer to a netlink request: %s", strerror(errno));
	}
}

/* Whether a datagram answers an earlier request, which was given up. */
static bool is_late(const struct nl *nl, const char *buf, ssize_t len)
{
	const struct nlmsghdr *nlh = (const void *)buf;

	return mnl_nlmsg_ok(nlh, len) && nlh->nlmsg_seq != nl->seq;
}

static int send_request(struct nl *nl, const struct nlmsghdr *req)
{
	while (mnl_socket_sendto(nl->sk, req, req->nlmsg_len) < 0)
		if (errno != EINTR)
			return rex_fail(-errno, "cannot send a netlink request: %s",
					strerror(errno));
	return 0;
}

int nl_talk(struct nl *nl, struct nlmsghdr *req, mnl_cb_t cb, void *data)
{
	static mnl_cb_t ctl[] = {
		[NLMSG_NOOP] = on_noop,
		[NLMSG_ERROR] = on_error,
		[NLMSG_DONE] = on_done,
		[NLMSG_OVERRUN] = on_noop,
	};
	struct talk talk = { .nl = nl, .cb = cb, .data = data };
	int ret = MNL_CB_OK;
	char *buf;

	nl->extack[0] = '\0';
	req->nlmsg_seq = ++nl->seq;
	buf = malloc(RECV_BUF);
	if (!buf)
		return rex_fail(-ENOMEM, "out of memory");
	talk.err = send_request(nl, req);
	while (!talk.err && ret > MNL_CB_STOP) {
		ssize_t len = receive(nl, buf);

		if (len < 0) {
			talk.err = len;
			break;
		}
		if (is_late(nl, buf, len))
			continue;
		ret = mnl_cb_run2(buf, len, nl->seq, nl->portid, on_data, &talk, ctl,
				  ARRAY_SIZE(ctl));
		if (ret < 0 && !talk.err)
			talk.err = rex_fail(-errno, "bad netlink answer: %s", strerror(errno));
	}
	free(buf);
	if (!talk.err && talk.interrupted)
		return -EINTR;
	return talk.err;
}

const char *nl_reason(const struct nl *nl, int err)
{
	return nl->extack[0] ? nl->extack : rex_strerror(err);
}

struct nlmsghdr *genl_request(struct nl *nl, void *buf, uint8_t cmd, uint16_t flags)
{
	struct nlmsghdr *nlh;
	struct genlmsghdr *genl;

	memset(buf, 0, NLMSG_HDRLEN + GENL_HDRLEN);
	nlh = mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = nl->family;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	/* A dump ends with NLMSG_DONE; everything else has to be acknowledged. */
	if (!(flags & NLM_F_DUMP))
		nlh->nlmsg_flags |= NLM_F_ACK;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = nl->version;
	return nlh;
}

struct resolve {
	struct nl *nl;
	const char *group;
};

static void find_group(struct resolve *r, const struct nlattr *groups)
{
	const struct nlattr *group, *attr;

	mnl_attr_for_each_nested(group, groups) {
		const char *name = "";
		uint32_t id = 0;

		mnl_attr_for_each_nested(attr, group) {
			if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_NAME &&
			    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
				name = mnl_attr_get_str(attr);
			if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_ID &&
			    mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
				id = mnl_attr_get_u32(attr);
		}
		if (!strcmp(name, r->group))
			r->nl->group = id;
	}
}

static int on_family(const struct nlmsghdr *nlh, void *data)
{
	struct resolve *r = data;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, GENL_HDRLEN) {
		switch (mnl_attr_get_type(attr)) {
		case CTRL_ATTR_FAMILY_ID:
			if (mnl_attr_validate(attr, MNL_TYPE_U16) >= 0)
				r->nl->family = mnl_attr_get_u16(attr);
			break;
		case CTRL_ATTR_VERSION:
			if (mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
				r->nl->version = mnl_attr_get_u32(attr);
			break;
		case CTRL_ATTR_MCAST_GROUPS:
			if (r->group)
				find_group(r, attr);
			break;
		}
	}
	return MNL_CB_OK;
}

int genl_resolve(struct nl *nl, const char *family, const char *group)
{
	struct resolve r = { .nl = nl, .group = group };
	char buf[NL_BUF];
	struct nlmsghdr *nlh;
	int err;

	nl->family = GENL_ID_CTRL;
	nl->version = 1;
	nlh = genl_request(nl, buf, CTRL_CMD_GETFAMILY, 0);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, family);
	nl->family = 0;
	err = nl_talk(nl, nlh, on_family, &r);
	if (err)
		return err;
	if (!nl->family || (group && !nl->group))
		return rex_fail(-EPROTO, "the kernel's description of netlink family \"%s\" is "
				"incomplete", family);
	return 0;
}
