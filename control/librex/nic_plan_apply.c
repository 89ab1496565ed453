// SPDX-License-Identifier: GPL-2.0-only
/* What a plan is made of, and how it comes true. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nic_access.h"

#define CPUS_TEXT 256

/* ---- facts --------------------------------------------------------------------------------------- */

static int online_cpus(char *list, size_t size)
{
	FILE *f = fopen("/sys/devices/system/cpu/online", "re");
	bool ok = f && fgets(list, size, f);

	if (f)
		fclose(f);
	if (!ok)
		return rex_fail(-EIO, "cannot read which CPUs are online, in /sys/devices/system/cpu/online");
	list[strcspn(list, "\n")] = '\0';
	return 0;
}

/* Those of @list that are online; *@missing: one that is not, or -1. */
static int choose_online(const char *list, const char *online, char *chosen, size_t size, int *missing)
{
	char mask[NIC_MAX_CPUS / 32 * 9 + 1], also[NIC_MAX_CPUS / 32 * 9 + 1];
	uint32_t cpus[NIC_MAX_CPUS], up[NIC_MAX_CPUS];
	int n = nic_cpus_parse(list, cpus), n_up = nic_cpus_parse(online, up), k = 0;
	size_t len = 0;

	*missing = -1;
	if (n < 0 || n_up < 0)
		return n < 0 ? n : n_up;
	*also = '\0';
	for (int i = 0; i < n; i++) {
		while (k < n_up && up[k] < cpus[i])
			k++;
		if (k == n_up || up[k] != cpus[i])
			*missing = cpus[i];
		else if (len < sizeof(also))
			len += snprintf(also + len, sizeof(also) - len, "%s%u", len ? "," : "", cpus[i]);
	}
	if (len >= sizeof(also))
		return rex_fail(-E2BIG, "\"%s\" are too many CPUs", list);
	n = nic_cpus_to_mask(*also ? also : "none", mask, sizeof(mask));
	return n ? n : nic_mask_to_cpus(mask, chosen, size);
}

/* In another memory node, what the NIC writes is far away. */
static int choose_cores(const struct nic *nic, const char *wanted, char *cores, size_t size, uint32_t *n_online)
{
	char online[CPUS_TEXT], local[CPUS_TEXT];
	uint32_t cpus[NIC_MAX_CPUS];
	int missing, err = online_cpus(online, sizeof(online));

	if (err)
		return err;
	*n_online = nic_cpus_parse(online, cpus);
	if (!wanted) {
		if (!nic_sysfs_read(nic, "device/local_cpulist", local, sizeof(local)) &&
		    !nic_sysfs_read(nic, "device/../local_cpulist", local, sizeof(local)))
			*local = '\0';
		err = choose_online(*local ? local : online, online, cores, size, &missing);
		return err || strcmp(cores, "none") ? err : choose_online(online, online, cores, size, &missing);
	}
	err = choose_online(wanted, online, cores, size, &missing);
	if (!err && missing >= 0)
		return rex_fail(-EINVAL, "CPU %d of \"%s\" is not online; CPUs %s are", missing, wanted, online);
	return err || strcmp(cores, "none") ? err : rex_fail(-EINVAL, "\"%s\" has no CPU; CPUs %s are online",
							     wanted, online);
}

/*
 * A driver may only be able to say how many channels it has. The kernel tells when it is asked for as
 * many as there are, and does not go to the driver for that. Who may not ask sees a plan that is refused.
 */
static bool has_fixed_channels(struct nic *nic, const struct rex_nic *about)
{
	bool combined = about->combined.max;
	char now[16];

	snprintf(now, sizeof(now), "%u", combined ? about->combined.now : about->rx.now);
	return about->has_channels && nic_write(nic, "channels", combined ? "combined" : "rx", now) == -EOPNOTSUPP;
}

static bool process_runs(const char *name)
{
	char path[300], comm[32];
	bool found = false;
	DIR *d = opendir("/proc");
	struct dirent *de;

	while (d && !found && (de = readdir(d))) {
		FILE *f;

		if (de->d_name[0] < '0' || de->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", de->d_name);
		f = fopen(path, "re");
		found = f && fgets(comm, sizeof(comm), f) && !strncmp(comm, name, strlen(name)) &&
			comm[strlen(name)] == '\n';
		if (f)
			fclose(f);
	}
	if (d)
		closedir(d);
	return found;
}

int rex_nic_plan(const char *ifname, const char *cores, bool bmc, struct rex_nic_plan **plan)
{
	struct nic_facts facts = { .bmc = bmc };
	char chosen[CPUS_TEXT];
	struct rex_nic *about = NULL;
	struct nic_list now = {};
	struct nic nic;
	int err = nic_open(&nic, ifname);

	if (err)
		return err;
	err = choose_cores(&nic, cores, chosen, sizeof(chosen), &facts.n_online);
	if (!err)
		err = rex_nic_get(nic.name, &about);
	if (!err)
		err = nic_read_all(&nic, &now);
	if (!err) {
		facts.about = about;
		facts.now = &now;
		facts.cores = chosen;
		facts.fixed_channels = has_fixed_channels(&nic, about);
		facts.has_irqbalance = process_runs("irqbalance");
		err = nic_plan(&facts, plan);
	}
	nic_list_free(&now);
	rex_nic_free(about);
	nic_close(&nic);
	return err;
}

/* ---- applying ------------------------------------------------------------------------------------ */

static size_t collect(const struct rex_nic_plan *plan, struct rex_nic_setting *list)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->n_steps; i++)
		if (plan->steps[i].state == REX_PLAN_CHANGE)
			for (size_t k = 0; k < plan->steps[i].n; k++)
				list[n++] = plan->settings[plan->steps[i].first + k];
	return n;
}

static void mark(struct rex_nic_plan *plan, const char *group, enum rex_plan_state state)
{
	for (size_t i = 0; i < plan->n_steps; i++)
		if (plan->steps[i].state == REX_PLAN_CHANGE && (!group || !strcmp(plan->steps[i].group, group)))
			plan->steps[i].state = state;
}

/* Whether the driver or the kernel does not do this at all. */
static bool is_lack(int err, const char *group)
{
	return strcmp(group, "channels") && (err == -EOPNOTSUPP || err == -EINVAL || err == -EIO);
}

int rex_nic_plan_apply(const char *ifname, struct rex_nic_plan *plan)
{
	struct rex_nic_setting *list = calloc(plan->n_settings + 1, sizeof(*list));
	size_t n, refused;
	int err = list ? 0 : rex_fail(-ENOMEM, "out of memory");

	while (!err && (n = collect(plan, list))) {
		err = nic_set(ifname, list, n, &refused);
		if (!err) {
			mark(plan, NULL, REX_PLAN_CHANGED);
		} else if (refused < n && is_lack(err, list[refused].group)) {
			for (size_t i = 0; i < plan->n_steps; i++)
				if (!strcmp(plan->steps[i].group, list[refused].group))
					snprintf(plan->steps[i].why, sizeof(plan->steps[i].why), "%s", rex_errmsg());
			mark(plan, list[refused].group, REX_PLAN_REFUSED);
			err = 0;
		} else if (refused < n) {
			err = rex_fail(err, "%s; nothing was changed", rex_errmsg());
		}
	}
	free(list);
	return err;
}
