// SPDX-License-Identifier: GPL-2.0-only
/* The interfaces: whether XDP sees there what the kernel sees. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bmc.h"

/* What there is to know of a link, here. */
struct link {
	uint32_t index, below;		/* @below: the one that a VLAN is on, a veth's other end */
	int below_netns;		/* id, -1: this one */
	char name[IF_NAMESIZE], kind[16];
	int vlan;			/* id, -1: none */
	bool has_xdp;
};

typedef void see_link(const struct link *l, void *arg);

struct walk {
	see_link *see;
	void *arg;
};

static int on_link(const struct nlmsghdr *nlh, void *data)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct link l = { .index = ifi->ifi_index, .below_netns = -1, .vlan = -1 };
	const struct nlattr *attr, *sub, *deep;
	struct walk *w = data;

	mnl_attr_for_each(attr, nlh, sizeof(*ifi)) {
		switch (mnl_attr_get_type(attr)) {
		case IFLA_IFNAME:
			snprintf(l.name, sizeof(l.name), "%s", mnl_attr_get_str(attr));
			break;
		case IFLA_LINK:
			l.below = mnl_attr_get_u32(attr);
			break;
		case IFLA_LINK_NETNSID:
			l.below_netns = mnl_attr_get_u32(attr);
			break;
		case IFLA_XDP:
			mnl_attr_for_each_nested(sub, attr)
				if (mnl_attr_get_type(sub) == IFLA_XDP_ATTACHED)
					l.has_xdp = mnl_attr_get_u8(sub) == XDP_ATTACHED_DRV ||
						    mnl_attr_get_u8(sub) == XDP_ATTACHED_MULTI;
			break;
		case IFLA_LINKINFO:
			mnl_attr_for_each_nested(sub, attr) {
				if (mnl_attr_get_type(sub) == IFLA_INFO_KIND)
					snprintf(l.kind, sizeof(l.kind), "%s", mnl_attr_get_str(sub));
				/* The kind comes first. */
				if (mnl_attr_get_type(sub) != IFLA_INFO_DATA || strcmp(l.kind, "vlan"))
					continue;
				mnl_attr_for_each_nested(deep, sub)
					if (mnl_attr_get_type(deep) == IFLA_VLAN_ID)
						l.vlan = mnl_attr_get_u16(deep);
			}
			break;
		}
	}
	w->see(&l, w->arg);
	return MNL_CB_OK;
}

/* All links (@index 0) or one, in this network namespace or the one with id @netns. */
static int walk_links(uint32_t index, int netns, see_link *see, void *arg)
{
	struct walk w = { .see = see, .arg = arg };
	struct mnl_socket *sk = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	char buf[32768];		/* as large as a part of a dump gets */
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	unsigned int seq = time(NULL);
	struct ifinfomsg *ifi;
	int n = -1;

	nlh->nlmsg_type = RTM_GETLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST | (index ? NLM_F_ACK : NLM_F_DUMP);
	nlh->nlmsg_seq = seq;
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_family = AF_UNSPEC;
	ifi->ifi_index = index;
	if (netns >= 0)
		mnl_attr_put_u32(nlh, IFLA_TARGET_NETNSID, netns);
	if (sk && !mnl_socket_bind(sk, 0, MNL_SOCKET_AUTOPID) &&
	    mnl_socket_sendto(sk, nlh, nlh->nlmsg_len) >= 0) {
		do {
			n = mnl_socket_recvfrom(sk, buf, sizeof(buf));
			if (n > 0)
				n = mnl_cb_run(buf, n, seq, mnl_socket_get_portid(sk), on_link, &w);
		} while (n > 0);
	}
	if (n < 0)
		refuse("cannot list the interfaces: %s", strerror(errno));
	if (sk)
		mnl_socket_close(sk);
	return n < 0;
}

static void copy_link(const struct link *l, void *arg)
{
	*(struct link *)arg = *l;
}

/* ---- veth -------------------------------------------------------------------------------------- */

/*
 * A veth drops what XDP_TX sends back unless its other end has a native XDP program. In
 * generic mode the kernel sends as it sends everything.
 */
enum rex_xdp_mode dev_mode(const char *dev)
{
	struct link l = {}, peer = {};

	if (walk_links(if_nametoindex(dev), -1, copy_link, &l) || strcmp(l.kind, "veth"))
		return REX_XDP_ANY;
	if (walk_links(l.below, l.below_netns, copy_link, &peer) || !peer.has_xdp)
		return REX_XDP_GENERIC;
	return REX_XDP_ANY;
}

/* ---- VLANs --------------------------------------------------------------------------------------- */

struct vlans {
	uint32_t on;			/* interface */
	uint64_t *bits;
	int n;
	char first[IF_NAMESIZE];
};

static void see_vlan(const struct link *l, void *arg)
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
		struct vlans v = { .on = if_nametoindex(c->devs[i]), .bits = bits };

		if (walk_links(0, -1, see_vlan, &v))
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

static int check_vlans(const char *dev)
{
	uint64_t bits[64] = {};
	struct vlans v = { .on = if_nametoindex(dev), .bits = bits };

	if (walk_links(0, -1, see_vlan, &v))
		return 1;
	if (v.n && strips_tags(dev))
		return refuse("\"%s\" has the VLAN interface \"%s\" above it and takes tags off before "
			      "XDP sees them, so that requests of one VLAN look like those of another: "
			      "\"ethtool -K %s rxvlan off\" first", dev, v.first, dev);
	return 0;
}

int devs_check(const struct bmc_config *c)
{
	for (size_t i = 0; i < c->n_devs; i++) {
		if (!if_nametoindex(c->devs[i]))
			return refuse("there is no interface \"%s\" in this network namespace; \"ip link\" "
				      "lists them, \"rexctl --netns NAME\" works in another one",
				      c->devs[i]);
		if (check_vlans(c->devs[i]))
			return 1;
	}
	return 0;
}
