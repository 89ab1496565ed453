// SPDX-License-Identifier: GPL-2.0-only
/* Interfaces: what the kernel knows of them, and whether XDP sees there what the kernel sees. */
#include <cli/cli.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config.h"
#include "dev.h"
#include "why.h"

#define REQUEST 1

typedef void see_if(const struct bmc_if *i, void *arg);

struct walk {
	see_if *see;
	void *arg;
};

static void read_xdp(const struct nlattr *xdp, struct bmc_if *i)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, xdp) {
		switch (mnl_attr_get_type(attr)) {
		case IFLA_XDP_ATTACHED:
			i->has_native = mnl_attr_get_u8(attr) == XDP_ATTACHED_DRV ||
					mnl_attr_get_u8(attr) == XDP_ATTACHED_MULTI;
			break;
		case IFLA_XDP_PROG_ID:
			i->xdp[0] = mnl_attr_get_u32(attr);
			break;
		case IFLA_XDP_DRV_PROG_ID:
			i->xdp[1] = mnl_attr_get_u32(attr);
			break;
		case IFLA_XDP_SKB_PROG_ID:
			i->xdp[2] = mnl_attr_get_u32(attr);
			break;
		}
	}
}

static void read_info(const struct nlattr *info, struct bmc_if *i)
{
	const struct nlattr *attr, *deep;

	mnl_attr_for_each_nested(attr, info) {
		if (mnl_attr_get_type(attr) == IFLA_INFO_KIND)
			snprintf(i->kind, sizeof(i->kind), "%s", mnl_attr_get_str(attr));
		/* The kind comes first. */
		if (mnl_attr_get_type(attr) != IFLA_INFO_DATA || strcmp(i->kind, "vlan"))
			continue;
		mnl_attr_for_each_nested(deep, attr)
			if (mnl_attr_get_type(deep) == IFLA_VLAN_ID)
				i->vlan = mnl_attr_get_u16(deep);
	}
}

static int on_link(const struct nlmsghdr *nlh, void *data)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct bmc_if i = { .index = ifi->ifi_index, .below_netns = -1, .vlan = -1 };
	const struct nlattr *attr;
	struct walk *w = data;

	mnl_attr_for_each(attr, nlh, sizeof(*ifi)) {
		switch (mnl_attr_get_type(attr)) {
		case IFLA_IFNAME:
			snprintf(i.name, sizeof(i.name), "%s", mnl_attr_get_str(attr));
			break;
		case IFLA_LINK:
			i.below = mnl_attr_get_u32(attr);
			break;
		case IFLA_LINK_NETNSID:
			i.below_netns = mnl_attr_get_u32(attr);
			break;
		case IFLA_MASTER:
			i.master = mnl_attr_get_u32(attr);
			break;
		case IFLA_XDP:
			read_xdp(attr, &i);
			break;
		case IFLA_LINKINFO:
			read_info(attr, &i);
			break;
		}
	}
	w->see(&i, w->arg);
	return MNL_CB_OK;
}

static int walk_request(struct mnl_socket *sk, struct nlmsghdr *nlh, struct walk *w, char *buf,
			size_t size)
{
	int n;

	if (mnl_socket_bind(sk, 0, MNL_SOCKET_AUTOPID) ||
	    mnl_socket_sendto(sk, nlh, nlh->nlmsg_len) < 0)
		return -1;
	do {
		n = mnl_socket_recvfrom(sk, buf, size);
		if (n > 0)
			n = mnl_cb_run(buf, n, REQUEST, mnl_socket_get_portid(sk), on_link, w);
	} while (n > 0);
	return n;
}

/*
 * The interface @name, or @index, or (neither) all of them, in this network namespace or the one
 * with id @netns. 0; -1: refused, errno is ENODEV when there is no such one.
 */
static int walk_links(const char *name, uint32_t index, int netns, see_if *see, void *arg)
{
	struct walk w = { .see = see, .arg = arg };
	struct mnl_socket *sk = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	char buf[32768];		/* as large as a part of a dump gets */
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *ifi;
	int n = -1, err;

	nlh->nlmsg_type = RTM_GETLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST | (index || name ? NLM_F_ACK : NLM_F_DUMP);
	nlh->nlmsg_seq = REQUEST;
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_family = AF_UNSPEC;
	ifi->ifi_index = index;
	/* Its own name or another: the kernel looks for both. */
	if (name)
		mnl_attr_put_strz(nlh, IFLA_ALT_IFNAME, name);
	if (netns >= 0)
		mnl_attr_put_u32(nlh, IFLA_TARGET_NETNSID, netns);
	if (sk)
		n = walk_request(sk, nlh, &w, buf, sizeof(buf));
	err = errno;
	if (n < 0)
		refuse("cannot list the interfaces: %s", strerror(err));
	if (sk)
		mnl_socket_close(sk);
	errno = err;
	return n < 0 ? -1 : 0;
}

static void copy_if(const struct bmc_if *i, void *arg)
{
	*(struct bmc_if *)arg = *i;
}

int if_find(const char *name, uint32_t index, struct bmc_if *i)
{
	memset(i, 0, sizeof(*i));
	if (!walk_links(name, index, -1, copy_if, i))
		return 0;
	memset(i, 0, sizeof(*i));
	return errno == ENODEV ? 0 : 1;
}

/* ---- veth -------------------------------------------------------------------------------------- */

/* Whether what a native XDP program sends back through this veth gets to its other end. */
static bool is_one_way(const struct bmc_if *i)
{
	struct bmc_if peer = {};

	if (strcmp(i->kind, "veth"))
		return false;
	return !i->below || walk_links(NULL, i->below, i->below_netns, copy_if, &peer) ||
	       !peer.has_native;
}

struct slaves {
	uint32_t of;
	bool one_way;
};

static void see_slave(const struct bmc_if *i, void *arg)
{
	struct slaves *s = arg;

	if (i->master == s->of && !s->one_way)
		s->one_way = is_one_way(i);
}

/*
 * A veth drops what XDP_TX sends back unless its other end has a native XDP program. In generic mode
 * the kernel sends as it sends everything. A bond passes programs on to its slaves; other kinds of
 * interfaces above others have no native mode.
 */
bool if_needs_generic(const struct bmc_if *i)
{
	struct slaves s = { .of = i->index };

	if (strcmp(i->kind, "bond"))
		return is_one_way(i);
	return walk_links(NULL, 0, -1, see_slave, &s) || s.one_way;
}

/* ---- VLANs --------------------------------------------------------------------------------------- */

struct vlans {
	uint32_t on;			/* interface */
	uint64_t *bits;
	int n;
	char first[IF_NAMESIZE];
};

static void see_vlan(const struct bmc_if *l, void *arg)
{
	struct vlans *v = arg;

	if (l->vlan < 0 || l->below != v->on || l->below_netns >= 0)
		return;
	if (!v->n++)
		strcpy(v->first, l->name);
	v->bits[l->vlan / 64] |= 1ull << l->vlan % 64;
}

int devs_vlans(const struct bmc_config *c, uint64_t bits[64])
{
	int n = 0;

	memset(bits, 0, 64 * sizeof(*bits));
	for (size_t i = 0; i < c->n_devs; i++) {
		struct vlans v = { .bits = bits };
		struct bmc_if is;

		if (if_find(c->devs[i], 0, &is))
			return -1;
		v.on = is.index;
		if (v.on && walk_links(NULL, 0, -1, see_vlan, &v))
			return -1;
		n += v.n;
	}
	return n;
}

/* Whether the NIC takes the tag off before XDP sees the frame. */
static bool strips_tags(const char *dev)
{
	struct ethtool_value value = { .cmd = ETHTOOL_GFLAGS };
	struct ifreq ifr = { .ifr_data = (void *)&value };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	strcpy(ifr.ifr_name, dev);
	err = fd < 0 ? -1 : ioctl(fd, SIOCETHTOOL, &ifr);
	if (fd >= 0)
		close(fd);
	return !err && value.data & ETH_FLAG_RXVLAN;
}

int if_check_vlans(const struct bmc_if *i)
{
	uint64_t bits[64] = {};
	struct vlans v = { .on = i->index, .bits = bits };

	if (walk_links(NULL, 0, -1, see_vlan, &v))
		return 1;
	if (v.n && strips_tags(i->name))
		return refuse("\"%s\" has the VLAN interface \"%s\" above it and takes tags off before "
			      "XDP sees them, so that requests of one VLAN look like those of another: "
			      "\"ethtool -K %s rxvlan off\" first", i->name, v.first, i->name);
	return 0;
}

int devs_check(const struct bmc_config *c)
{
	uint32_t indices[BMC_MAX_DEVS];
	struct bmc_if is;

	for (size_t i = 0; i < c->n_devs; i++) {
		if (if_find(c->devs[i], 0, &is))
			return 1;
		if (!is.index)
			return refuse("there is no interface \"%s\" in this network namespace; \"ip link\" "
				      "lists them, \"rexctl --netns NAME\" works in another one",
				      c->devs[i]);
		for (size_t k = 0; k < i; k++)
			if (indices[k] == is.index)
				return refuse("\"%s\" and \"%s\" are names of the same interface",
					      c->devs[k], c->devs[i]);
		indices[i] = is.index;
		if (if_check_vlans(&is))
			return 1;
	}
	return 0;
}
