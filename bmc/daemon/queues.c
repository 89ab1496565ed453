// SPDX-License-Identifier: GPL-2.0-only
/*
 * GETs are answered on the CPU that receives them. Of an interface with one receive queue this is one
 * CPU, unless RPS shares the packets out, which it does behind native XDP only.
 */
#include <net/if.h>
#include <rex/librex.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "queues.h"
#include "why.h"

static bool has_rps(const char *ifname)
{
	char path[128], cpus[512] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/sys/class/net/%s/queues/rx-0/rps_cpus", ifname);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (!fgets(cpus, sizeof(cpus), f))
		*cpus = '\0';
	fclose(f);
	return cpus[strspn(cpus, "0,\n")] != '\0';
}

static void warn_of(const struct rex_nic *nic, bool udp)
{
	uint32_t n = nic->has_channels ? nic->combined.now + nic->rx.now : nic->rx_queues;
	bool more = nic->combined.max > 1 || nic->rx.max > 1;

	if (n != 1 || (!udp && has_rps(nic->name)))
		return;
	if (more)
		fail("warning: %s has one receive queue, so one CPU answers all of its GETs; \"rexctl nic set "
		     "%s channels N\" shares them out", nic->name, nic->name);
	else
		fail("warning: %s cannot have more than one receive queue, so one CPU answers all of its GETs%s",
		     nic->name, udp ? "" : "; RPS shares them out (rps_cpus)");
}

/* @udp: an interface that was given for GETs over UDP; else one of all that there are. */
static void look_at(const char *ifname, bool udp)
{
	struct rex_nic *nic;

	if (rex_nic_get(ifname, &nic))
		return;
	/* Packets of a virtual one come on the CPU that sends them. */
	if (udp || (*nic->bus && nic->up && nic->carrier))
		warn_of(nic, udp);
	rex_nic_free(nic);
}

void queues_warn(const struct bmc_config *c)
{
	struct if_nameindex *all;

	if (get_nprocs() == 1)
		return;
	for (size_t i = 0; i < c->n_devs; i++)
		look_at(c->devs[i], true);
	all = c->n_devs ? NULL : if_nameindex();
	for (size_t i = 0; all && all[i].if_name; i++)
		look_at(all[i].if_name, false);
	if (all)
		if_freenameindex(all);
}
