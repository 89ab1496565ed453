// SPDX-License-Identifier: GPL-2.0-only
/* The counters that a driver has, of queues and of the whole NIC. */
#include <linux/ethtool.h>
#include <stdlib.h>
#include <string.h>

#include "nic_access.h"

static uint32_t count(const struct nic *nic)
{
	struct {
		struct ethtool_sset_info info;
		uint32_t n;
	} ask = { .info = { .cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ull << ETH_SS_STATS } };

	return nic_ioctl(nic, &ask) || !ask.info.sset_mask ? 0 : ask.n;
}

static int read_counters(const struct nic *nic, uint32_t n, struct rex_nic_counter *list)
{
	struct ethtool_gstrings *names = calloc(1, sizeof(*names) + n * ETH_GSTRING_LEN);
	struct ethtool_stats *values = calloc(1, sizeof(*values) + n * sizeof(uint64_t));
	int err = names && values ? 0 : -ENOMEM;

	if (!err) {
		*names = (struct ethtool_gstrings){ ETHTOOL_GSTRINGS, ETH_SS_STATS, n };
		err = nic_ioctl(nic, names);
	}
	if (!err) {
		*values = (struct ethtool_stats){ ETHTOOL_GSTATS, n };
		err = nic_ioctl(nic, values);
	}
	for (uint32_t i = 0; !err && i < n; i++) {
		memcpy(list[i].name, names->data + i * ETH_GSTRING_LEN, ETH_GSTRING_LEN - 1);
		list[i].value = values->data[i];
	}
	free(names);
	free(values);
	return err ? rex_fail(err, "cannot read the counters of \"%s\": %s", nic->name, rex_strerror(err)) : 0;
}

int rex_nic_counters(const char *ifname, struct rex_nic_counter **list, size_t *n)
{
	struct nic nic;
	int err = nic_open(&nic, ifname);

	if (err)
		return err;
	*n = count(&nic);
	*list = calloc(*n + 1, sizeof(**list));
	err = !*list ? rex_fail(-ENOMEM, "out of memory") : *n ? read_counters(&nic, *n, *list) : 0;
	nic_close(&nic);
	if (err)
		free(*list);
	return err;
}
