// SPDX-License-Identifier: GPL-2.0-only
/* The interfaces of the network namespace: names, what lies above what, their XDP programs. */
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static void read_xdp(const struct nlattr *nest, struct iface *iface)
{
	static const enum rex_xdp_mode modes[] = {
		[IFLA_XDP_DRV_PROG_ID] = REX_XDP_NATIVE, [IFLA_XDP_SKB_PROG_ID] = REX_XDP_GENERIC,
		[IFLA_XDP_HW_PROG_ID] = REX_XDP_OFFLOAD,
	};
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		uint16_t type = mnl_attr_get_type(attr);

		if (type < ARRAY_SIZE(modes) && modes[type] &&
		    mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
			iface->xdp[modes[type]] = mnl_attr_get_u32(attr);
	}
}

/* Whether IFLA_LINK of that kind is what it lies upon; of a veth, say, it is the other end. */
static bool lies_upon(const char *kind)
{
	static const char *const kinds[] = {
		"vlan", "macvlan", "macvtap", "ipvlan", "ipvtap", "macsec",
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kind, kinds[i]))
			return true;
	return false;
}

static void read_string(const struct nlattr *attr, char *to, size_t size)
{
	snprintf(to, size, "%.*s", (int)mnl_attr_get_payload_len(attr),
		 (const char *)mnl_attr_get_payload(attr));
}

static void read_link(const struct nlmsghdr *nlh, struct iface *iface)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr, *sub;
	uint32_t below = 0;
	bool far = false;

	memset(iface, 0, sizeof(*iface));
	iface->index = ifi->ifi_index;
	iface->type = ifi->ifi_type;
	mnl_attr_for_each(attr, nlh, sizeof(*ifi)) {
		switch (mnl_attr_get_type(attr)) {
		case IFLA_IFNAME:
			read_string(attr, iface->name, sizeof(iface->name));
			break;
		case IFLA_MASTER:
			if (mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
				iface->master = mnl_attr_get_u32(attr);
			break;
		case IFLA_LINK:
			if (mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
				below = mnl_attr_get_u32(attr);
			break;
		case IFLA_LINK_NETNSID:
			far = true;
			break;
		case IFLA_LINKINFO:
			mnl_attr_for_each_nested(sub, attr)
				if (mnl_attr_get_type(sub) == IFLA_INFO_KIND)
					read_string(sub, iface->kind, sizeof(iface->kind));
			break;
		case IFLA_XDP:
			read_xdp(attr, iface);
			break;
		}
	}
	iface->below = lies_upon(iface->kind) ? below : 0;
	iface->peer = !strcmp(iface->kind, "veth") && !far ? below : 0;
}

/* ---- all of them ------------------------------------------------------------------------------- */

static int on_link(const struct nlmsghdr *nlh, void *data)
{
	struct ifaces *all = data;
	struct iface *grown;

	if (nlh->nlmsg_type != RTM_NEWLINK ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(struct ifinfomsg))
		return MNL_CB_OK;
	grown = realloc(all->list, (all->n + 1) * sizeof(*grown));
	if (!grown) {
		all->failed = true;	/* the dump must be read to its end */
		return MNL_CB_OK;
	}
	all->list = grown;
	read_link(nlh, &grown[all->n++]);
	return MNL_CB_OK;
}

static struct nlmsghdr *link_request(char *buf, uint16_t flags, int index)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *ifi;

	nlh->nlmsg_type = RTM_GETLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_index = index;
	mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return nlh;
}

int rex_ifaces_read(struct nl *nl, struct ifaces *all)
{
	char buf[NL_BUF];
	int err = -EINTR;

	/* -EINTR: it changed under our hands. */
	for (int tries = 0; err == -EINTR && tries < 20; tries++) {
		*all = (struct ifaces){};
		err = nl_talk(nl, link_request(buf, NLM_F_DUMP, 0), on_link, all);
		if (!err && all->failed)
			err = -ENOMEM;
		if (err)
			rex_ifaces_free(all);
	}
	if (err)
		rex_fail(err, "cannot list the interfaces: %s", nl_reason(nl, err));
	return err;
}

void rex_ifaces_free(struct ifaces *all)
{
	free(all->list);
	*all = (struct ifaces){};
}

/* ---- one ----------------------------------------------------------------------------------------- */

static int on_one(const struct nlmsghdr *nlh, void *data)
{
	if (nlh->nlmsg_type == RTM_NEWLINK &&
	    mnl_nlmsg_get_payload_len(nlh) >= sizeof(struct ifinfomsg))
		read_link(nlh, data);
	return MNL_CB_OK;
}

/* By @name, or when that is NULL by @index. No error text for -ENODEV. */
static int get_one(const char *name, uint32_t index, struct iface *iface)
{
	struct nlmsghdr *nlh;
	char buf[NL_BUF];
	struct nl nl;
	int err = nl_open(&nl, NETLINK_ROUTE);

	if (err)
		return err;
	memset(iface, 0, sizeof(*iface));
	nlh = link_request(buf, NLM_F_ACK, index);
	if (name)
		/* The short attribute finds short alternative names, too. */
		mnl_attr_put_strz(nlh, strlen(name) < IF_NAMESIZE ? IFLA_IFNAME : IFLA_ALT_IFNAME, name);
	err = nl_talk(&nl, nlh, on_one, iface);
	if (!err && !iface->index)
		err = -ENODEV;
	if (err && err != -ENODEV)
		rex_fail(err, "cannot look up interface \"%s\": %s", name ? : "", nl_reason(&nl, err));
	nl_close(&nl);
	return err;
}

int rex_iface_find(const char *name, struct iface *iface)
{
	int err = get_one(name, 0, iface);

	/* What the kernel takes for no name at all. */
	if (err == -ENODEV || err == -EINVAL || err == -ERANGE)
		return rex_fail(-ENODEV, "there is no interface \"%s\" in this network namespace; \"ip "
				"link\" lists them, \"rexctl --netns NAME\" works in another one", name);
	return err;
}

int rex_iface_get(uint32_t index, struct iface *iface)
{
	return get_one(NULL, index, iface);
}

int rex_if_index(const char *name)
{
	struct iface iface;
	int err = rex_iface_find(name, &iface);

	return err ? err : (int)iface.index;
}

int rex_if_name(const char *name, char real[IF_NAMESIZE])
{
	struct iface iface;
	int err = rex_iface_find(name, &iface);

	if (!err)
		strcpy(real, iface.name);
	return err;
}

bool rex_iface_above(const struct iface *iface, char above[IF_NAMESIZE])
{
	struct ifaces all;
	struct nl nl;
	bool found = false;

	if (nl_open(&nl, NETLINK_ROUTE))
		return false;
	if (!rex_ifaces_read(&nl, &all)) {
		for (size_t i = 0; i < all.n && !found; i++) {
			const struct iface *it = &all.list[i];

			if ((it->below != iface->index && it->index != iface->master) ||
			    !(it->xdp[REX_XDP_NATIVE] || it->xdp[REX_XDP_GENERIC]))
				continue;
			strcpy(above, it->name);
			found = true;
		}
		rex_ifaces_free(&all);
	}
	nl_close(&nl);
	return found;
}

/* ---- why generic --------------------------------------------------------------------------------- */

/* Family "netdev", since Linux 6.3: newer than the headers that we build with. */
#define NETDEV_CMD_DEV_GET 1
#define NETDEV_A_DEV_IFINDEX 1
#define NETDEV_A_DEV_XDP_FEATURES 3

static int on_features(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, GENL_HDRLEN)
		if (mnl_attr_get_type(attr) == NETDEV_A_DEV_XDP_FEATURES &&
		    mnl_attr_validate(attr, MNL_TYPE_U64) >= 0)
			*(int64_t *)data = mnl_attr_get_u64(attr);
	return MNL_CB_OK;
}

int64_t rex_iface_xdp_features(uint32_t index)
{
	struct nlmsghdr *nlh;
	char buf[NL_BUF];
	int64_t features = -1;
	struct nl nl;

	if (nl_open(&nl, NETLINK_GENERIC))
		return -1;
	if (!genl_resolve(&nl, "netdev", NULL)) {
		nlh = genl_request(&nl, buf, NETDEV_CMD_DEV_GET, 0);
		mnl_attr_put_u32(nlh, NETDEV_A_DEV_IFINDEX, index);
		if (nl_talk(&nl, nlh, on_features, &features))
			features = -1;
	}
	nl_close(&nl);
	return features;
}

int rex_iface_native(uint32_t index)
{
	int64_t features = rex_iface_xdp_features(index);

	return features < 0 ? -1 : !!(features & REX_XDP_BASIC);
}
