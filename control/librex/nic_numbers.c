// SPDX-License-Identifier: GPL-2.0-only
/* Settings that ethtool netlink has as numbers: channels, rings, coalescing. */
#include <linux/ethtool_netlink.h>
#include <string.h>

#include "nic_access.h"

/* One number, and the attribute of the most that is possible (0: the kernel does not say). */
struct number {
	const char *key;
	uint16_t attr, max;
	bool is_switch;			/* a byte: on or off */
};

struct numbers {
	const char *group;
	uint8_t get, set;
	size_t n;
	const struct number *list;
};

static const struct number channels[] = {
	{ "combined", ETHTOOL_A_CHANNELS_COMBINED_COUNT, ETHTOOL_A_CHANNELS_COMBINED_MAX, false },
	{ "rx", ETHTOOL_A_CHANNELS_RX_COUNT, ETHTOOL_A_CHANNELS_RX_MAX, false },
	{ "tx", ETHTOOL_A_CHANNELS_TX_COUNT, ETHTOOL_A_CHANNELS_TX_MAX, false },
	{ "other", ETHTOOL_A_CHANNELS_OTHER_COUNT, ETHTOOL_A_CHANNELS_OTHER_MAX, false },
};

static const struct number rings[] = {
	{ "rx", ETHTOOL_A_RINGS_RX, ETHTOOL_A_RINGS_RX_MAX, false },
	{ "rx-mini", ETHTOOL_A_RINGS_RX_MINI, ETHTOOL_A_RINGS_RX_MINI_MAX, false },
	{ "rx-jumbo", ETHTOOL_A_RINGS_RX_JUMBO, ETHTOOL_A_RINGS_RX_JUMBO_MAX, false },
	{ "tx", ETHTOOL_A_RINGS_TX, ETHTOOL_A_RINGS_TX_MAX, false },
};

#define COALESCE(key, name) { key, ETHTOOL_A_COALESCE_##name, 0, false }
static const struct number coalesce[] = {
	{ "adaptive-rx", ETHTOOL_A_COALESCE_USE_ADAPTIVE_RX, 0, true },
	{ "adaptive-tx", ETHTOOL_A_COALESCE_USE_ADAPTIVE_TX, 0, true },
	COALESCE("rx-usecs", RX_USECS), COALESCE("rx-frames", RX_MAX_FRAMES),
	COALESCE("rx-usecs-irq", RX_USECS_IRQ), COALESCE("rx-frames-irq", RX_MAX_FRAMES_IRQ),
	COALESCE("tx-usecs", TX_USECS), COALESCE("tx-frames", TX_MAX_FRAMES),
	COALESCE("tx-usecs-irq", TX_USECS_IRQ), COALESCE("tx-frames-irq", TX_MAX_FRAMES_IRQ),
	COALESCE("stats-block-usecs", STATS_BLOCK_USECS),
	COALESCE("pkt-rate-low", PKT_RATE_LOW), COALESCE("pkt-rate-high", PKT_RATE_HIGH),
	COALESCE("rx-usecs-low", RX_USECS_LOW), COALESCE("rx-frames-low", RX_MAX_FRAMES_LOW),
	COALESCE("tx-usecs-low", TX_USECS_LOW), COALESCE("tx-frames-low", TX_MAX_FRAMES_LOW),
	COALESCE("rx-usecs-high", RX_USECS_HIGH), COALESCE("rx-frames-high", RX_MAX_FRAMES_HIGH),
	COALESCE("tx-usecs-high", TX_USECS_HIGH), COALESCE("tx-frames-high", TX_MAX_FRAMES_HIGH),
	COALESCE("sample-interval", RATE_SAMPLE_INTERVAL),
	{ "cqe-mode-rx", ETHTOOL_A_COALESCE_USE_CQE_MODE_RX, 0, true },
	{ "cqe-mode-tx", ETHTOOL_A_COALESCE_USE_CQE_MODE_TX, 0, true },
};

#define NUMBERS(name, upper) { #name, ETHTOOL_MSG_##upper##_GET, ETHTOOL_MSG_##upper##_SET, \
	ARRAY_SIZE(name), name }
static const struct numbers all_channels = NUMBERS(channels, CHANNELS);
static const struct numbers all_rings = NUMBERS(rings, RINGS);
static const struct numbers all_coalesce = NUMBERS(coalesce, COALESCE);

/* ---- reading ------------------------------------------------------------------------------------- */

#define MAX_ATTR 64
struct values {
	uint32_t value[MAX_ATTR];
	bool has[MAX_ATTR];
};

static int on_values(const struct nlmsghdr *nlh, void *data)
{
	struct values *v = data;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, GENL_HDRLEN) {
		uint16_t type = mnl_attr_get_type(attr), len = mnl_attr_get_payload_len(attr);

		if (type >= MAX_ATTR || (len != sizeof(uint8_t) && len != sizeof(uint32_t)))
			continue;
		v->value[type] = len == sizeof(uint8_t) ? mnl_attr_get_u8(attr) : mnl_attr_get_u32(attr);
		v->has[type] = true;
	}
	return MNL_CB_OK;
}

static int get_values(struct nic *nic, const struct numbers *all, struct values *v)
{
	char buf[NL_BUF];
	int err;

	memset(v, 0, sizeof(*v));
	err = nl_talk(&nic->ethtool, nic_request(nic, buf, all->get), on_values, v);
	if (err == -EOPNOTSUPP)
		return 0;
	return err ? rex_fail(err, "cannot read the %s of \"%s\": %s", all->group, nic->name,
			      nl_reason(&nic->ethtool, err)) : 0;
}

static int read_numbers(struct nic *nic, const struct numbers *all, struct nic_list *list)
{
	struct values v;
	int err = get_values(nic, all, &v);

	for (size_t i = 0; !err && i < all->n; i++) {
		const struct number *number = &all->list[i];

		if (!v.has[number->attr] || (number->max && !v.value[number->max]))
			continue;
		if (number->is_switch)
			err = nic_add(list, all->group, number->key, "%s", v.value[number->attr] ? "on" : "off");
		else
			err = nic_add(list, all->group, number->key, "%u", v.value[number->attr]);
	}
	return err;
}

/* ---- writing ------------------------------------------------------------------------------------- */

static int parse(const struct numbers *all, const struct number *number, const char *text, uint32_t *value)
{
	uint64_t wide;

	if (number->is_switch) {
		*value = !strcmp(text, "on");
		return *value || !strcmp(text, "off") ? 0 :
		       rex_fail(-EINVAL, "%s %s is on or off, not \"%s\"", all->group, number->key, text);
	}
	if (rex_word_number(text, UINT32_MAX, &wide))
		return rex_fail(-EINVAL, "%s %s: \"%s\" is not a number", all->group, number->key, text);
	*value = wide;
	return 0;
}

static int check_max(struct nic *nic, const struct numbers *all, const struct number *number,
		     uint32_t value)
{
	struct values v;
	int err = get_values(nic, all, &v);

	if (err)
		return err;
	if (!v.has[number->attr] || (number->max && !v.value[number->max]))
		return rex_fail(-EOPNOTSUPP, "the driver of \"%s\" has no setting %s %s", nic->name, all->group,
				number->key);
	if (number->max && value > v.value[number->max])
		return rex_fail(-ERANGE, "\"%s\" has at most %u %s %s; %u are not possible", nic->name,
				v.value[number->max], number->key, all->group, value);
	return 0;
}

static int write_number(struct nic *nic, const struct numbers *all, const char *key, const char *text)
{
	const struct number *number = NULL;
	struct nlmsghdr *nlh;
	char buf[NL_BUF], why[512] = "";
	uint32_t value = 0;
	int err;

	for (size_t i = 0; i < all->n; i++)
		if (!strcmp(all->list[i].key, key))
			number = &all->list[i];
	if (!number)
		return rex_fail(-EINVAL, "%s has no \"%s\"; \"rexctl nic show %s --json\" lists what there is",
				all->group, key, nic->name);
	err = parse(all, number, text, &value);
	if (!err)
		err = check_max(nic, all, number, value);
	if (err)
		return err;
	nlh = nic_request(nic, buf, all->set);
	if (number->is_switch)
		mnl_attr_put_u8(nlh, number->attr, value);
	else
		mnl_attr_put_u32(nlh, number->attr, value);
	err = nl_talk(&nic->ethtool, nlh, NULL, NULL);
	if (err == -EPERM)
		return nic_refuse(nic, err, all->group, key, text, rex_strerror(err));
	if (err && all == &all_channels)
		nic_channels_why(nic->ifindex, strcmp(key, "tx") ? value : 0, strcmp(key, "rx") ? value : 0, why,
				 sizeof(why));
	return err ? rex_fail(err, "\"%s\" rejected %s %s=%s: %s%s", nic->name, all->group, key, text,
			      nl_reason(&nic->ethtool, err), why) : 0;
}

#define GROUP(name) \
	static int read_##name(struct nic *nic, struct nic_list *list) \
	{ return read_numbers(nic, &all_##name, list); } \
	static int write_##name(struct nic *nic, const char *key, const char *value) \
	{ return write_number(nic, &all_##name, key, value); } \
	const struct nic_group nic_group_##name = { #name, read_##name, write_##name };

GROUP(channels)
GROUP(rings)
GROUP(coalesce)
