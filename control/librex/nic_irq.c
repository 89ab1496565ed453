// SPDX-License-Identifier: GPL-2.0-only
/*
 * The interrupts of a NIC and the CPUs that take them. By the names that the driver gives them
 * ("eth0-rx-0"): their numbers change when the driver asks for them again.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nic_access.h"

/* "virtio0-input.1", "eth0-TxRx-1", "mlx5_comp1@pci:...": the number at the end, or in front of an @. */
int nic_irq_queue(const char *ifname, const char *name)
{
	static const char *const others[] = { "config", "event", "async", "ctrl" };
	size_t len = strcspn(name, "@"), at = len;

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (strstr(name, others[i]))
			return -1;
	while (at && isdigit((unsigned char)name[at - 1]))
		at--;
	/* The interface's own name: what is left over, like the state of the link. */
	if (!at || at == len || (strlen(ifname) == len && !strncmp(name, ifname, len)))
		return -1;
	return atoi(name + at);
}

/* Of a virtio device they are its parent's. */
static int open_msi(const struct nic *nic)
{
	int fd = nic_sysfs_dir(nic, "device/msi_irqs");

	return fd >= 0 ? fd : nic_sysfs_dir(nic, "device/../msi_irqs");
}

/* The name behind the interrupt in /proc/interrupts; only of those that are requested. */
static bool name_of(const char *irq, char *name, size_t size)
{
	char line[4096 * 4], *last;
	FILE *f = fopen("/proc/interrupts", "re");
	size_t len = strlen(irq);
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f)) {
		const char *at = line + strspn(line, " ");

		if (strncmp(at, irq, len) || at[len] != ':')
			continue;
		line[strcspn(line, "\n")] = '\0';
		last = strrchr(line, ' ');
		/* Without an action, the last word is the kind of interrupt. */
		found = last && last[1] && !strstr(last, "-edge") && !strstr(last, "-fasteoi");
		if (found)
			snprintf(name, size, "%s", last + 1);
	}
	if (f)
		fclose(f);
	return found;
}

static bool read_affinity(const char *irq, char *cpus, size_t size)
{
	char path[64];
	FILE *f;
	bool ok;

	snprintf(path, sizeof(path), "/proc/irq/%.16s/smp_affinity_list", irq);
	f = fopen(path, "re");
	ok = f && fgets(cpus, size, f);
	if (ok)
		cpus[strcspn(cpus, "\n")] = '\0';
	if (f)
		fclose(f);
	return ok;
}

static int compare(const struct dirent **a, const struct dirent **b)
{
	return atoi((*a)->d_name) - atoi((*b)->d_name);
}

static int is_number(const struct dirent *de)
{
	return *de->d_name != '.';
}

/* By number: that is the order of the queues. */
static int read_irq(struct nic *nic, struct nic_list *list)
{
	struct dirent **all = NULL;
	int fd = open_msi(nic), n = fd < 0 ? 0 : scandirat(fd, ".", &all, is_number, compare), err = 0;
	char name[48], cpus[1024];

	for (int i = 0; i < n; i++) {
		const char *irq = all[i]->d_name;

		if (!err && name_of(irq, name, sizeof(name)) && read_affinity(irq, cpus, sizeof(cpus)))
			err = nic_add(list, "irq-affinity", name, "%s", cpus);
		free(all[i]);
	}
	if (n > 0)
		free(all);
	if (fd >= 0)
		close(fd);
	return err;
}

static int write_affinity(const char *irq, const char *value)
{
	char path[64];
	int fd, err = 0;

	snprintf(path, sizeof(path), "/proc/irq/%.16s/smp_affinity_list", irq);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, value, strlen(value)) < 0)
		err = -errno;
	close(fd);
	return err;
}

static int write_irq(struct nic *nic, const char *key, const char *value)
{
	char mask[NIC_MAX_CPUS / 32 * 9 + 1], name[48];
	int err = nic_cpus_to_mask(value, mask, sizeof(mask));
	struct dirent *de;
	DIR *d;
	int fd;

	if (err)
		return err;
	fd = open_msi(nic);
	d = fd < 0 ? NULL : fdopendir(fd);
	err = -ENOENT;
	while (d && err == -ENOENT && (de = readdir(d)))
		if (*de->d_name != '.' && ((name_of(de->d_name, name, sizeof(name)) && !strcmp(name, key)) ||
					   !strcmp(de->d_name, key)))
			err = write_affinity(de->d_name, value);
	if (d)
		closedir(d);
	else if (fd >= 0)
		close(fd);
	if (err == -ENOENT)
		return rex_fail(err, "\"%s\" has no interrupt \"%s\"; \"rexctl nic show %s\" lists them", nic->name,
				key, nic->name);
	return err ? nic_refuse(nic, err, "irq-affinity", key, value, err == -EIO ?
				"the kernel itself chooses the CPUs of this interrupt" : rex_strerror(err)) : 0;
}

const struct nic_group nic_group_irq = { "irq-affinity", read_irq, write_irq };
