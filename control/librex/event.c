// SPDX-License-Identifier: GPL-2.0-only
/* Events: rex.ko's multicast group. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "internal.h"

#define EVENT_BUF (64 * 1024)

struct rex_events {
	struct nl nl;
	char *buf;
	size_t pos, len;		/* of what is read and not yet handed out */
};

/* Whoever may not ask can join the group all the same, in a namespace, and hears nothing. */
static int may_hear(struct nl *nl)
{
	char buf[NL_BUF];
	int err = nl_talk(nl, genl_request(nl, buf, REX_CMD_INFO_GET, 0), NULL, NULL);

	return err ? rex_fail(err, "cannot listen to rex.ko's events: %s", nl_reason(nl, err)) : 0;
}

int rex_events_open(struct rex_events **out)
{
	struct rex_events *ev = calloc(1, sizeof(*ev));
	int err;

	if (!ev || !(ev->buf = malloc(EVENT_BUF))) {
		free(ev);
		return rex_fail(-ENOMEM, "out of memory");
	}
	err = nl_open(&ev->nl, NETLINK_GENERIC);
	if (err)
		goto fail;
	err = genl_resolve(&ev->nl, REX_GENL_NAME, REX_GENL_MCGRP_EVENTS);
	if (err == -ENOENT)
		rex_fail(err, "rex.ko is not loaded; \"rexctl load NAME.ko\" loads it");
	if (!err)
		err = may_hear(&ev->nl);
	if (err)
		goto fail;
	if (mnl_socket_setsockopt(ev->nl.sk, NETLINK_ADD_MEMBERSHIP, &ev->nl.group,
				  sizeof(ev->nl.group)) < 0) {
		err = rex_fail(-errno, "cannot listen to rex.ko's events: %s", rex_strerror(errno));
		goto fail;
	}
	*out = ev;
	return 0;
fail:
	rex_events_close(ev);
	return err;
}

void rex_events_close(struct rex_events *ev)
{
	if (!ev)
		return;
	nl_close(&ev->nl);
	free(ev->buf);
	free(ev);
}

int rex_events_fd(const struct rex_events *ev)
{
	return mnl_socket_get_fd(ev->nl.sk);
}

void rex_event_free(struct rex_event_info *event)
{
	if (event)
		rex_program_free(event->program);
	free(event);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ll + ts.tv_nsec / 1000000;
}

static int fill(struct rex_events *ev, int timeout_ms)
{
	struct pollfd pfd = { .fd = rex_events_fd(ev), .events = POLLIN };
	ssize_t n;
	int ret;

	ret = poll(&pfd, 1, timeout_ms);
	if (ret < 0)
		return rex_fail(-errno, "cannot wait for events: %s", strerror(errno));
	if (!ret)
		return rex_fail(-EAGAIN, "no event within %d ms", timeout_ms);
	n = mnl_socket_recvfrom(ev->nl.sk, ev->buf, EVENT_BUF);
	if (n < 0)
		return rex_fail(-errno, errno == ENOBUFS ? "events were lost: too many at once" :
				"cannot read events: %s", strerror(errno));
	ev->pos = 0;
	ev->len = n;
	return 0;
}

static int take(const struct nlmsghdr *nlh, struct rex_event_info **out)
{
	struct rex_event_info *event;
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;
	uint32_t type = UINT32_MAX;
	int err;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*genl) || genl->cmd != REX_CMD_EVENT)
		return -EAGAIN;
	mnl_attr_for_each(attr, nlh, GENL_HDRLEN) {
		if (mnl_attr_get_type(attr) == REX_A_EVENT_TYPE &&
		    mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
			type = mnl_attr_get_u32(attr);
	}
	if (type == UINT32_MAX)
		return -EAGAIN;
	event = calloc(1, sizeof(*event));
	if (!event)
		return rex_fail(-ENOMEM, "out of memory");
	event->type = type;
	err = rex_program_parse(nlh, &event->program);
	if (err)
		rex_event_free(event);
	else
		*out = event;
	return err;
}

int rex_events_next(struct rex_events *ev, int timeout_ms, struct rex_event_info **event)
{
	int64_t end = timeout_ms < 0 ? 0 : now_ms() + timeout_ms;

	for (;;) {
		const struct nlmsghdr *nlh = (void *)(ev->buf + ev->pos);
		int left = ev->len - ev->pos, err;

		if (mnl_nlmsg_ok(nlh, left)) {
			ev->pos += MNL_ALIGN(nlh->nlmsg_len);
			if (ev->pos > ev->len)
				ev->pos = ev->len;
			if (nlh->nlmsg_type != ev->nl.family)
				continue;
			err = take(nlh, event);
			if (err != -EAGAIN)
				return err;
			continue;
		}
		left = timeout_ms < 0 ? -1 : (int)(end - now_ms());
		err = fill(ev, timeout_ms >= 0 && left < 0 ? 0 : left);
		if (err)
			return err;
	}
}
