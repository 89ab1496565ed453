// SPDX-License-Identifier: GPL-2.0-only
/* Network interfaces: rtnetlink for what it is, ethtool for its driver, channels and rings. */
#include <linux/ethtool.h>
#include <linux/ethtool_netlink.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nic_access.h"

static void get_str(const struct nlattr *attr, char *to, size_t size)
{
	snprintf(to, size, "%.*s", (int)mnl_attr_get_payload_len(attr),
		 (const char *)mnl_attr_get_payload(attr));
}

static uint32_t get_u32(const struct nlattr *attr)
{
	return mnl_attr_get_payload_len(attr) >= sizeof(uint32_t) ? mnl_attr_get_u32(attr) : 0;
}

/* What is public first, and the texts behind it. */
struct own_nic {
	struct rex_nic pub;
	char name[IF_NAMESIZE], kind[32], bus[32], device[64], driver[64], address[64],
	     firmware[64];
};

/* ---- rtnetlink ---------------------------------------------------------------------------- */

static void get_address(const struct nlattr *attr, char *to, size_t size)
{
	const uint8_t *bytes = mnl_attr_get_payload(attr);
	size_t used = 0;

	for (uint16_t i = 0; i < mnl_attr_get_payload_len(attr) && used + 3 < size; i++)
		used += snprintf(to + used, size - used, "%s%02x", i ? ":" : "", bytes[i]);
}

static int on_link(const struct nlmsghdr *nlh, void *data)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr, *sub;
	struct own_nic *own = data;
	struct rex_nic *nic = &own->pub;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifi))
		return MNL_CB_OK;
	nic->up = ifi->ifi_flags & IFF_UP;
	nic->carrier = ifi->ifi_flags & IFF_RUNNING;
	mnl_attr_for_each(attr, nlh, sizeof(*ifi)) {
		switch (mnl_attr_get_type(attr)) {
		case IFLA_MTU:
			nic->mtu = get_u32(attr);
			break;
		case IFLA_NUM_RX_QUEUES:
			nic->rx_queues = get_u32(attr);
			break;
		case IFLA_NUM_TX_QUEUES:
			nic->tx_queues = get_u32(attr);
			break;
		case IFLA_ADDRESS:
			get_address(attr, own->address, sizeof(own->address));
			break;
		case IFLA_PARENT_DEV_NAME:
			get_str(attr, own->device, sizeof(own->device));
			break;
		case IFLA_PARENT_DEV_BUS_NAME:
			get_str(attr, own->bus, sizeof(own->bus));
			break;
		case IFLA_LINKINFO:
			mnl_attr_for_each_nested(sub, attr)
				if (mnl_attr_get_type(sub) == IFLA_INFO_KIND)
					get_str(sub, own->kind, sizeof(own->kind));
			break;
		}
	}
	return MNL_CB_OK;
}

static int get_link(struct own_nic *own)
{
	struct rex_nic *nic = &own->pub;
	char buf[NL_BUF];
	struct nlmsghdr *nlh;
	struct ifinfomsg *ifi;
	struct nl nl;
	int err = nl_open(&nl, NETLINK_ROUTE);

	if (err)
		return err;
	nlh = mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = RTM_GETLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_index = nic->ifindex;
	err = nl_talk(&nl, nlh, on_link, own);
	if (err)
		rex_fail(err, "cannot look up interface \"%s\": %s", nic->name,
			 nl_reason(&nl, err));
	nl_close(&nl);
	return err;
}

/* ---- the driver ------------------------------------------------------------------------------- */

/* No error from here: what has no driver has no name of one. */
static void get_driver(struct own_nic *nic)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	struct ifreq request = { .ifr_data = (void *)&info };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	strcpy(request.ifr_name, nic->name);
	if (!ioctl(fd, SIOCETHTOOL, &request))
		snprintf(nic->driver, sizeof(nic->driver), "%.*s", (int)sizeof(info.driver) - 1,
			 info.driver);
	/* "N/A": some drivers say so */
	if (strcmp(info.fw_version, "N/A"))
		snprintf(nic->firmware, sizeof(nic->firmware), "%.*s", (int)sizeof(info.fw_version) - 1,
			 info.fw_version);
	close(fd);
}

/* ---- ethtool ---------------------------------------------------------------------------------- */

static int ethtool_open(struct nl *nl)
{
	int err = nl_open(nl, NETLINK_GENERIC);

	if (err)
		return err;
	err = genl_resolve(nl, ETHTOOL_GENL_NAME, NULL);
	if (err) {
		nl_close(nl);
		return rex_fail(err, "this kernel has no ethtool netlink (CONFIG_ETHTOOL_NETLINK)");
	}
	return 0;
}

/* ETHTOOL_A_*_HEADER is attribute 1 of every ethtool request. */
static struct nlmsghdr *ethtool_request(struct nl *nl, void *buf, uint8_t cmd,
					const struct rex_nic *nic)
{
	struct nlmsghdr *nlh = genl_request(nl, buf, cmd, 0);
	struct nlattr *nest = mnl_attr_nest_start(nlh, ETHTOOL_A_CHANNELS_HEADER);

	mnl_attr_put_u32(nlh, ETHTOOL_A_HEADER_DEV_INDEX, nic->ifindex);
	mnl_attr_nest_end(nlh, nest);
	return nlh;
}

static int on_channels(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;
	struct rex_nic *nic = data;

	mnl_attr_for_each(attr, nlh, GENL_HDRLEN) {
		switch (mnl_attr_get_type(attr)) {
		case ETHTOOL_A_CHANNELS_RX_MAX:
			nic->rx.max = get_u32(attr);
			break;
		case ETHTOOL_A_CHANNELS_TX_MAX:
			nic->tx.max = get_u32(attr);
			break;
		case ETHTOOL_A_CHANNELS_OTHER_MAX:
			nic->other.max = get_u32(attr);
			break;
		case ETHTOOL_A_CHANNELS_COMBINED_MAX:
			nic->combined.max = get_u32(attr);
			break;
		case ETHTOOL_A_CHANNELS_RX_COUNT:
			nic->rx.now = get_u32(attr);
			break;
		case ETHTOOL_A_CHANNELS_TX_COUNT:
			nic->tx.now = get_u32(attr);
			break;
		case ETHTOOL_A_CHANNELS_OTHER_COUNT:
			nic->other.now = get_u32(attr);
			break;
		case ETHTOOL_A_CHANNELS_COMBINED_COUNT:
			nic->combined.now = get_u32(attr);
			break;
		}
	}
	return MNL_CB_OK;
}

static int on_rings(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;
	struct rex_nic *nic = data;

	mnl_attr_for_each(attr, nlh, GENL_HDRLEN) {
		switch (mnl_attr_get_type(attr)) {
		case ETHTOOL_A_RINGS_RX_MAX:
			nic->rx_ring.max = get_u32(attr);
			break;
		case ETHTOOL_A_RINGS_TX_MAX:
			nic->tx_ring.max = get_u32(attr);
			break;
		case ETHTOOL_A_RINGS_RX:
			nic->rx_ring.now = get_u32(attr);
			break;
		case ETHTOOL_A_RINGS_TX:
			nic->tx_ring.now = get_u32(attr);
			break;
		}
	}
	return MNL_CB_OK;
}

/* Reads one group of settings; *@has says whether the driver has it at all. */
static int ethtool_get(struct nl *nl, uint8_t cmd, mnl_cb_t cb, struct rex_nic *nic, bool *has)
{
	char buf[NL_BUF];
	int err = nl_talk(nl, ethtool_request(nl, buf, cmd, nic), cb, nic);

	*has = !err;
	if (err && err != -EOPNOTSUPP)
		return rex_fail(err, "cannot read the settings of \"%s\": %s", nic->name,
				nl_reason(nl, err));
	return 0;
}

static int fill(struct own_nic *own)
{
	struct rex_nic *nic = &own->pub;
	struct nl nl;
	int err = get_link(own);

	if (!err)
		err = ethtool_open(&nl);
	if (err)
		return err;
	err = ethtool_get(&nl, ETHTOOL_MSG_CHANNELS_GET, on_channels, nic, &nic->has_channels);
	if (!err)
		err = ethtool_get(&nl, ETHTOOL_MSG_RINGS_GET, on_rings, nic, &nic->has_rings);
	nl_close(&nl);
	if (!err)
		get_driver(own);
	return err;
}

int rex_nic_get(const char *ifname, struct rex_nic **out)
{
	struct iface iface;
	struct own_nic *own;
	int err = rex_iface_find(ifname, &iface);

	if (err)
		return err;
	own = calloc(1, sizeof(*own));
	if (!own)
		return rex_fail(-ENOMEM, "out of memory");
	own->pub = (struct rex_nic){
		.name = own->name, .ifindex = iface.index, .kind = own->kind, .bus = own->bus,
		.device = own->device, .driver = own->driver, .address = own->address,
		.firmware = own->firmware,
	};
	strcpy(own->name, iface.name);
	err = fill(own);
	if (err)
		free(own);
	else
		*out = &own->pub;
	return err;
}

void rex_nic_free(struct rex_nic *nic)
{
	free(nic);
}

static int set_channels(const struct rex_nic *nic, const char *ifname, uint32_t n)
{
	struct nlmsghdr *nlh;
	struct nl nl;
	char buf[NL_BUF], why[512];
	uint32_t max;
	int err;

	max = nic->combined.max ? : nic->rx.max < nic->tx.max ? nic->rx.max : nic->tx.max;
	if (!nic->has_channels || !max)
		return rex_fail(-EOPNOTSUPP, "the driver of \"%s\" has a fixed number of channels",
				ifname);
	if (!n || n > max)
		return rex_fail(-ERANGE, "\"%s\" has at most %u %schannels; %u are not possible", ifname,
				max, nic->combined.max ? "combined " : "", n);
	err = ethtool_open(&nl);
	if (err)
		return err;
	nlh = ethtool_request(&nl, buf, ETHTOOL_MSG_CHANNELS_SET, nic);
	if (nic->combined.max) {
		mnl_attr_put_u32(nlh, ETHTOOL_A_CHANNELS_COMBINED_COUNT, n);
	} else {
		mnl_attr_put_u32(nlh, ETHTOOL_A_CHANNELS_RX_COUNT, n);
		mnl_attr_put_u32(nlh, ETHTOOL_A_CHANNELS_TX_COUNT, n);
	}
	err = nl_talk(&nl, nlh, NULL, NULL);
	if (err)
		rex_fail(err, "\"%s\" rejected %u channels: %s%s", ifname, n, nl_reason(&nl, err),
			 nic_channels_why(nic->ifindex, n, n, why, sizeof(why)));
	nl_close(&nl);
	return err;
}

int rex_nic_set_channels(const char *ifname, uint32_t n)
{
	struct rex_nic *nic;
	int err = rex_nic_get(ifname, &nic);

	if (err)
		return err;
	err = set_channels(nic, ifname, n);
	rex_nic_free(nic);
	return err;
}
