// SPDX-License-Identifier: GPL-2.0-only
/* The groups of settings that an interface can have. */
#include <string.h>

#include "nic_access.h"

static const struct nic_group *const groups[] = {
	&nic_group_channels, &nic_group_rings, &nic_group_coalesce, &nic_group_offload, &nic_group_rss,
	&nic_group_rss_hash, &nic_group_irq, &nic_group_xps, &nic_group_rps, &nic_group_napi,
	&nic_group_busy_poll,
};

int nic_read_all(struct nic *nic, struct nic_list *list)
{
	int err = 0;

	*list = (struct nic_list){};
	for (size_t i = 0; !err && i < ARRAY_SIZE(groups); i++)
		err = groups[i]->read(nic, list);
	if (err)
		nic_list_free(list);
	return err;
}

const struct nic_group *nic_find_group(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		if (!strcmp(groups[i]->name, name))
			return groups[i];
	return NULL;
}

int nic_write(struct nic *nic, const char *group, const char *key, const char *value)
{
	const struct nic_group *found = nic_find_group(group);

	return found ? found->write(nic, key, value) :
	       rex_fail(-EINVAL, "there are no settings \"%s\"", group);
}

int rex_nic_settings(const char *ifname, struct rex_nic_setting **list, size_t *n)
{
	struct nic_list all;
	struct nic nic;
	int err = nic_open(&nic, ifname);

	if (err)
		return err;
	err = nic_read_all(&nic, &all);
	nic_close(&nic);
	if (err)
		return err;
	*list = all.list;
	*n = all.n;
	return 0;
}
