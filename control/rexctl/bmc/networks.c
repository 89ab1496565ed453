// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the program is told of this machine's networks, at the start and again and again: the VLANs
 * above its interfaces, and the addresses of which the kernel takes nothing, because nobody has them.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <unistd.h>

#include "bmc.h"

#define REQUEST	2
#define ALL	UINT32_MAX		/* in the last place: there are more, and only bits tell */

struct broadcasts {
	uint32_t at[BMC_BROADCASTS];	/* host order; 0: none */
	size_t n;
	uint64_t bits;
};

static void add_broadcast(struct broadcasts *b, uint32_t address)
{
	if (!address || address == ALL)
		return;			/* the program knows those */
	for (size_t i = 0; i < b->n; i++)
		if (b->at[i] == address)
			return;
	b->bits |= 1ull << (address & 63);
	if (b->n < BMC_BROADCASTS)
		b->at[b->n++] = address;
	else
		b->at[BMC_BROADCASTS - 1] = ALL;
}

static int on_address(const struct nlmsghdr *nlh, void *data)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	uint32_t host = ifa->ifa_prefixlen ? UINT32_MAX >> ifa->ifa_prefixlen % 32 : UINT32_MAX;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(*ifa)) {
		if (mnl_attr_get_payload_len(attr) != sizeof(uint32_t))
			continue;
		if (mnl_attr_get_type(attr) == IFA_BROADCAST)
			add_broadcast(data, ntohl(mnl_attr_get_u32(attr)));
		/* The kernel has a route for the last one of a network, whatever else is said. */
		if (mnl_attr_get_type(attr) == IFA_ADDRESS && ifa->ifa_prefixlen < 31)
			add_broadcast(data, ntohl(mnl_attr_get_u32(attr)) | host);
	}
	return MNL_CB_OK;
}

static int list_broadcasts(struct broadcasts *b)
{
	struct mnl_socket *sk = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	char buf[32768];		/* as large as a part of a dump gets */
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifaddrmsg *ifa;
	int n = -1;

	memset(b, 0, sizeof(*b));
	nlh->nlmsg_type = RTM_GETADDR;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nlh->nlmsg_seq = REQUEST;
	ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));
	ifa->ifa_family = AF_INET;
	if (sk && !mnl_socket_bind(sk, 0, MNL_SOCKET_AUTOPID) &&
	    mnl_socket_sendto(sk, nlh, nlh->nlmsg_len) >= 0) {
		do {
			n = mnl_socket_recvfrom(sk, buf, sizeof(buf));
			if (n > 0)
				n = mnl_cb_run(buf, n, REQUEST, mnl_socket_get_portid(sk), on_address,
					       b);
		} while (n > 0);
	}
	if (n < 0)
		refuse("cannot list the addresses: %s", strerror(errno));
	if (sk)
		mnl_socket_close(sk);
	return n < 0;
}

/* An element of an array, where it is another. */
static int write_element(int fd, const char *map, uint32_t i, const void *value, size_t size)
{
	uint64_t is = 0;

	if (bpf_map_lookup_elem(fd, &i, &is) || (memcmp(&is, value, size) &&
						 bpf_map_update_elem(fd, &i, value, BPF_ANY)))
		return refuse("cannot write map \"%s\": %s", map, strerror(errno));
	return 0;
}

static int write_broadcasts(const struct rex_program *p, struct bmc_meta *meta)
{
	struct broadcasts b;
	int fd, err = 0;

	if (list_broadcasts(&b))
		return 1;
	fd = map_fd(p, "BMC_BROADCASTS");
	if (fd < 0)
		return 1;
	for (uint32_t i = 0; !err && i < BMC_BROADCASTS; i++)
		err = write_element(fd, "BMC_BROADCASTS", i, &b.at[i], sizeof(b.at[i]));
	close(fd);
	if (!err)
		meta_set(meta->broadcasts, b.bits);
	return err;
}

static int write_vlans(const struct rex_program *p, const struct bmc_config *c,
		       struct bmc_meta *meta)
{
	uint64_t bits[64];
	int n = devs_vlans(c, bits), fd, err = 0;

	if (n < 0)
		return 1;
	fd = map_fd(p, "BMC_VLANS");
	if (fd < 0)
		return 1;
	for (uint32_t i = 0; !err && i < ARRAY_SIZE(bits); i++)
		err = write_element(fd, "BMC_VLANS", i, &bits[i], sizeof(bits[i]));
	close(fd);
	if (!err)
		meta_set(meta->vlans, n > 0);
	return err;
}

int networks_write(const struct rex_program *p, const struct bmc_config *c, struct bmc_meta *meta)
{
	return write_vlans(p, c, meta) || write_broadcasts(p, meta);
}
