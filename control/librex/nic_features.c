// SPDX-License-Identifier: GPL-2.0-only
/* Offloads, by the kernel's names of the features. What is kept and put back is what was asked for. */
#include <linux/ethtool_netlink.h>
#include <string.h>

#include "nic_access.h"

#define MAX_FEATURES 128

struct features {
	size_t n;
	struct feature {
		char name[NIC_STRING];
		bool hw, wanted, active, nochange;
	} list[MAX_FEATURES];
};

/* Names that ethtool has always had, and what they are today. */
static const struct {
	const char *old, *name;
} aliases[] = {
	{ "rx", "rx-checksum" }, { "gro", "rx-gro" }, { "lro", "rx-lro" }, { "gro-hw", "rx-gro-hw" },
	{ "gso", "tx-generic-segmentation" }, { "tso", "tx-tcp-segmentation" },
	{ "rxvlan", "rx-vlan-hw-parse" }, { "txvlan", "tx-vlan-hw-insert" }, { "rxhash", "rx-hashing" },
	{ "ntuple", "rx-ntuple-filter" },
};

const char *nic_offload_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(aliases); i++)
		if (!strcmp(aliases[i].old, name))
			return aliases[i].name;
	return name;
}

/* ---- reading ------------------------------------------------------------------------------------- */

static struct feature *find(struct features *f, const char *name, bool make)
{
	for (size_t i = 0; i < f->n; i++)
		if (!strcmp(f->list[i].name, name))
			return &f->list[i];
	if (!make || f->n == MAX_FEATURES || strlen(name) >= NIC_STRING)
		return NULL;
	strcpy(f->list[f->n].name, name);
	return &f->list[f->n++];
}

static void read_bit(struct features *f, const struct nlattr *bit, size_t member, bool all_set)
{
	const struct nlattr *attr;
	const char *name = NULL;
	bool value = all_set;
	struct feature *found;

	mnl_attr_for_each_nested(attr, bit) {
		if (mnl_attr_get_type(attr) == ETHTOOL_A_BITSET_BIT_NAME &&
		    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
			name = mnl_attr_get_str(attr);
		if (mnl_attr_get_type(attr) == ETHTOOL_A_BITSET_BIT_VALUE)
			value = true;
	}
	found = name ? find(f, name, true) : NULL;
	if (found)
		*(bool *)((char *)found + member) = value;
}

static void read_set(struct features *f, const struct nlattr *set, size_t member)
{
	const struct nlattr *attr, *bit;
	bool all_set = false;		/* without a mask, only what is set is listed */

	mnl_attr_for_each_nested(attr, set)
		all_set |= mnl_attr_get_type(attr) == ETHTOOL_A_BITSET_NOMASK;
	mnl_attr_for_each_nested(attr, set)
		if (mnl_attr_get_type(attr) == ETHTOOL_A_BITSET_BITS)
			mnl_attr_for_each_nested(bit, attr)
				read_bit(f, bit, member, all_set);
}

static int on_features(const struct nlmsghdr *nlh, void *data)
{
	static const size_t members[] = {
		[ETHTOOL_A_FEATURES_HW] = offsetof(struct feature, hw),
		[ETHTOOL_A_FEATURES_WANTED] = offsetof(struct feature, wanted),
		[ETHTOOL_A_FEATURES_ACTIVE] = offsetof(struct feature, active),
		[ETHTOOL_A_FEATURES_NOCHANGE] = offsetof(struct feature, nochange),
	};
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, GENL_HDRLEN) {
		uint16_t type = mnl_attr_get_type(attr);

		if (type < ARRAY_SIZE(members) && members[type])
			read_set(data, attr, members[type]);
	}
	return MNL_CB_OK;
}

static int get(struct nic *nic, struct features *f)
{
	char buf[NL_BUF];
	int err;

	memset(f, 0, sizeof(*f));
	err = nl_talk(&nic->ethtool, nic_request(nic, buf, ETHTOOL_MSG_FEATURES_GET), on_features, f);
	return err && err != -EOPNOTSUPP ? rex_fail(err, "cannot read the offloads of \"%s\": %s", nic->name,
						    nl_reason(&nic->ethtool, err)) : 0;
}

static int read_offload(struct nic *nic, struct nic_list *list)
{
	struct features f;
	int err = get(nic, &f);

	for (size_t i = 0; !err && i < f.n; i++)
		if (f.list[i].hw && !f.list[i].nochange)
			err = nic_add(list, "offload", f.list[i].name, "%s", f.list[i].wanted ? "on" : "off");
	return err;
}

int nic_offload_active(struct nic *nic, const char *name)
{
	struct feature *feature;
	struct features f;

	if (get(nic, &f))
		return -1;
	feature = find(&f, nic_offload_name(name), false);
	return feature ? feature->active : -1;
}

/* ---- writing ------------------------------------------------------------------------------------- */

static int write_offload(struct nic *nic, const char *key, const char *value)
{
	bool on = !strcmp(value, "on");
	const char *name = nic_offload_name(key);
	struct nlattr *set, *bits, *bit;
	struct feature *feature;
	struct nlmsghdr *nlh;
	struct features f;
	char buf[NL_BUF];
	int err;

	if (!on && strcmp(value, "off"))
		return rex_fail(-EINVAL, "offload %s is on or off, not \"%s\"", key, value);
	err = get(nic, &f);
	if (err)
		return err;
	feature = find(&f, name, false);
	if (!feature)
		return rex_fail(-EINVAL, "there is no offload \"%s\"; \"rexctl nic show %s --json\" lists those of "
				"this interface", key, nic->name);
	if (!feature->hw || feature->nochange)
		return rex_fail(-EOPNOTSUPP, "\"%s\" has offload %s always %s", nic->name, name,
				feature->active ? "on" : "off");
	nlh = nic_request(nic, buf, ETHTOOL_MSG_FEATURES_SET);
	set = mnl_attr_nest_start(nlh, ETHTOOL_A_FEATURES_WANTED);
	bits = mnl_attr_nest_start(nlh, ETHTOOL_A_BITSET_BITS);
	bit = mnl_attr_nest_start(nlh, ETHTOOL_A_BITSET_BITS_BIT);
	mnl_attr_put_strz(nlh, ETHTOOL_A_BITSET_BIT_NAME, name);
	if (on)
		mnl_attr_put(nlh, ETHTOOL_A_BITSET_BIT_VALUE, 0, NULL);
	mnl_attr_nest_end(nlh, bit);
	mnl_attr_nest_end(nlh, bits);
	mnl_attr_nest_end(nlh, set);
	err = nl_talk(&nic->ethtool, nlh, NULL, NULL);
	return err ? nic_refuse(nic, err, "offload", name, value, nl_reason(&nic->ethtool, err)) : 0;
}

const struct nic_group nic_group_offload = { "offload", read_offload, write_offload };
