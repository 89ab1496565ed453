// SPDX-License-Identifier: GPL-2.0-only
/* Streams, sets of sockets that one entry serves: rex.ko makes, lists and ends them. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "internal.h"

static int on_stream_id(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;
	uint32_t *id = data;

	mnl_attr_for_each(attr, nlh, GENL_HDRLEN)
		if (mnl_attr_get_type(attr) == REX_A_STREAM_ID)
			*id = rex_attr_uint(attr);
	return MNL_CB_OK;
}

int rex_stream_add(struct nl *nl, const struct rex_entry *entry, int fd, uint32_t *id)
{
	char buf[NL_BUF];
	struct nlmsghdr *nlh = genl_request(nl, buf, REX_CMD_STREAM_ADD, 0);

	mnl_attr_put_u32(nlh, REX_A_FD, fd);
	if (*id) {
		mnl_attr_put_u32(nlh, REX_A_STREAM_ID, *id);
	} else {
		mnl_attr_put_u32(nlh, REX_A_ENTRY_SLOT, entry->slot);
		mnl_attr_put_u64(nlh, REX_A_ENTRY_COOKIE, entry->cookie);
	}
	return nl_talk(nl, nlh, on_stream_id, id);
}

int rex_stream_end(struct nl *nl, uint32_t id)
{
	char buf[NL_BUF];
	struct nlmsghdr *nlh = genl_request(nl, buf, REX_CMD_STREAM_DEL, 0);

	mnl_attr_put_u32(nlh, REX_A_STREAM_ID, id);
	return nl_talk(nl, nlh, NULL, NULL);
}

/* ---- the list -------------------------------------------------------------------------------- */

struct walk {
	rex_add_link *add;
	void *data;
	uint64_t ours;			/* network namespace */
	int err;
};

static void parse_stream(const struct nlmsghdr *nlh, struct rex_link *link)
{
	struct rex_stream_place *place = &link->target.stream;
	struct rex_stream_counts *c = &link->stream;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, GENL_HDRLEN) {
		switch (mnl_attr_get_type(attr)) {
		case REX_A_ENTRY_SLOT:
			link->slot = rex_attr_uint(attr);
			break;
		case REX_A_ENTRY_COOKIE:
			link->cookie = rex_attr_uint(attr);
			break;
		case REX_A_STREAM_ADDRESS:
			place->has_address = mnl_attr_get_payload_len(attr) == sizeof(place->address);
			if (place->has_address)
				memcpy(place->address, mnl_attr_get_payload(attr), sizeof(place->address));
			break;
		case REX_A_STREAM_PORT:
			place->port = rex_attr_uint(attr);
			break;
		case REX_A_STREAM_NETNS:
			place->netns_ino = rex_attr_uint(attr);
			break;
#define COUNT(attribute, field) case REX_A_STREAM_##attribute: c->field = rex_attr_uint(attr); break
		COUNT(ID, id);
		COUNT(PROTOCOL, protocol);
		COUNT(LISTENERS, listeners);
		COUNT(SOCKETS, sockets);
		COUNT(MISSED, missed);
		COUNT(ANSWERED, answered);
		COUNT(BYTES, bytes);
		COUNT(SHORT, waited);
		COUNT(NO_ROOM, no_room);
#undef COUNT
		}
	}
}

static void name_stream(struct rex_link *link, uint64_t ours)
{
	const struct rex_stream_place *place = &link->target.stream;
	const struct rex_stream_counts *c = &link->stream;
	struct in6_addr in6;
	char text[INET6_ADDRSTRLEN] = "?";
	bool v4;

	memcpy(&in6, place->address, sizeof(in6));
	v4 = IN6_IS_ADDR_V4MAPPED(&in6);
	inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? (void *)&in6.s6_addr[12] : &in6, text, sizeof(text));
	snprintf(link->target.name, sizeof(link->target.name), v4 ? "%s:%u" : "[%s]:%u", text, place->port);
	snprintf(link->note, sizeof(link->note), "%s, %u listener%s, %u other socket%s, %llu answered%s",
		 c->protocol == IPPROTO_UDP ? "udp" : "tcp", c->listeners, c->listeners == 1 ? "" : "s",
		 c->sockets, c->sockets == 1 ? "" : "s", (unsigned long long)c->answered,
		 place->netns_ino == ours ? "" : ", in another network namespace");
}

static int on_stream(const struct nlmsghdr *nlh, void *data)
{
	struct walk *w = data;
	struct rex_link *link;

	/* The rest of the answer has to be read all the same. */
	if (w->err)
		return MNL_CB_OK;
	link = calloc(1, sizeof(*link));
	if (!link) {
		w->err = rex_fail(-ENOMEM, "out of memory");
		return MNL_CB_OK;
	}
	link->target = (struct rex_target){ .at = REX_AT_STREAM, .pid = -1, .cpu = -1 };
	parse_stream(nlh, link);
	name_stream(link, w->ours);
	w->err = w->add(link, w->data);
	free(link);
	return MNL_CB_OK;
}

int rex_streams(rex_add_link *add, void *data)
{
	struct walk w = { .add = add, .data = data, .ours = rex_netns_ino("/proc/thread-self") };
	char buf[NL_BUF];
	struct nl nl;
	int err = nl_open(&nl, NETLINK_GENERIC);

	if (err)
		return err;
	err = genl_resolve(&nl, REX_GENL_NAME, NULL);
	if (!err) {
		err = nl_talk(&nl, genl_request(&nl, buf, REX_CMD_STREAM_GET, NLM_F_DUMP), on_stream, &w);
		/* A stream came or went meanwhile: what was told is right. */
		if (err && err != -EINTR)
			rex_fail(err, "cannot list the streams: %s", nl_reason(&nl, err));
	}
	nl_close(&nl);
	return err && err != -ENOENT && err != -EINTR ? err : w.err;
}
