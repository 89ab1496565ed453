// SPDX-License-Identifier: GPL-2.0-only
/* What sysfs has of queues: XPS and RPS, and how NAPI polls them. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nic_access.h"

#define MASK (NIC_MAX_CPUS / 32 * 9 + 1)

/* ---- XPS and RPS --------------------------------------------------------------------------------- */

static int read_masks(struct nic *nic, const char *group, const char *queue, const char *file,
		      struct nic_list *list)
{
	int fd = nic_sysfs_dir(nic, "queues"), err = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	char path[128], mask[MASK], cpus[1024];
	struct dirent *de;
	unsigned int n = 0;

	while (d && (de = readdir(d)))
		n += !strncmp(de->d_name, queue, strlen(queue));
	if (d)
		closedir(d);
	else if (fd >= 0)
		close(fd);
	for (unsigned int i = 0; !err && i < n; i++) {
		char key[32];

		snprintf(key, sizeof(key), "%s%u", queue, i);
		snprintf(path, sizeof(path), "queues/%s/%s", key, file);
		if (!nic_sysfs_read(nic, path, mask, sizeof(mask)))
			continue;
		err = nic_mask_to_cpus(mask, cpus, sizeof(cpus));
		if (!err)
			err = nic_add(list, group, key, "%s", cpus);
	}
	return err;
}

static int write_mask(struct nic *nic, const char *group, const char *queue, const char *file,
		      const char *key, const char *value)
{
	size_t len = strlen(queue);
	char path[128], mask[MASK];
	int err = nic_cpus_to_mask(value, mask, sizeof(mask));

	if (err)
		return err;
	if (strncmp(key, queue, len) || !key[len] || key[len + strspn(key + len, "0123456789")] ||
	    strlen(key) > 31)
		return rex_fail(-EINVAL, "%s: \"%s\" is not a queue, like %s0", group, key, queue);
	snprintf(path, sizeof(path), "queues/%s/%s", key, file);
	err = nic_sysfs_write(nic, path, mask);
	if (err == -ENOENT)
		return rex_fail(err, "\"%s\" has no queue %s whose %s can be changed", nic->name, key, group);
	return err ? nic_refuse(nic, err, group, key, value, rex_strerror(err)) : 0;
}

static int read_xps(struct nic *nic, struct nic_list *list)
{
	return read_masks(nic, "xps", "tx-", "xps_cpus", list);
}

static int write_xps(struct nic *nic, const char *key, const char *value)
{
	return write_mask(nic, "xps", "tx-", "xps_cpus", key, value);
}

static int read_rps(struct nic *nic, struct nic_list *list)
{
	return read_masks(nic, "rps", "rx-", "rps_cpus", list);
}

static int write_rps(struct nic *nic, const char *key, const char *value)
{
	return write_mask(nic, "rps", "rx-", "rps_cpus", key, value);
}

const struct nic_group nic_group_xps = { "xps", read_xps, write_xps };
const struct nic_group nic_group_rps = { "rps", read_rps, write_rps };

/* ---- NAPI ---------------------------------------------------------------------------------------- */

static int read_napi(struct nic *nic, struct nic_list *list)
{
	char text[16];

	/* What has no NAPI does not say so: it refuses to be read. */
	if (!nic_sysfs_read(nic, "threaded", text, sizeof(text)))
		return 0;
	return nic_add(list, "napi-threaded", "threaded", "%s", strcmp(text, "0") ? "on" : "off");
}

static int write_napi(struct nic *nic, const char *key, const char *value)
{
	bool on = !strcmp(value, "on");
	int err;

	if (strcmp(key, "threaded") || (!on && strcmp(value, "off")))
		return rex_fail(-EINVAL, "napi-threaded is on or off, not \"%s\"", value);
	err = nic_sysfs_write(nic, "threaded", on ? "1" : "0");
	return err ? nic_refuse(nic, err, "napi-threaded", key, value, err == -EOPNOTSUPP ?
				"its driver has no NAPI" : rex_strerror(err)) : 0;
}

const struct nic_group nic_group_napi = { "napi-threaded", read_napi, write_napi };

static const struct {
	const char *key, *file;
} polling[] = {
	{ "gro-flush-timeout", "gro_flush_timeout" }, { "defer-hard-irqs", "napi_defer_hard_irqs" },
};

static int read_busy_poll(struct nic *nic, struct nic_list *list)
{
	char text[32];
	int err = 0;

	for (size_t i = 0; !err && i < ARRAY_SIZE(polling); i++)
		if (nic_sysfs_read(nic, polling[i].file, text, sizeof(text)))
			err = nic_add(list, "busy-poll", polling[i].key, "%s", text);
	return err;
}

static int write_busy_poll(struct nic *nic, const char *key, const char *value)
{
	const char *file = NULL;
	uint64_t number;
	int err;

	for (size_t i = 0; i < ARRAY_SIZE(polling); i++)
		if (!strcmp(polling[i].key, key))
			file = polling[i].file;
	if (!file)
		return rex_fail(-EINVAL, "busy-poll has gro-flush-timeout (ns) and defer-hard-irqs, not \"%s\"", key);
	if (rex_word_number(value, UINT64_MAX, &number))
		return rex_fail(-EINVAL, "busy-poll %s: \"%s\" is not a number", key, value);
	err = nic_sysfs_write(nic, file, value);
	return err ? nic_refuse(nic, err, "busy-poll", key, value, rex_strerror(err)) : 0;
}

const struct nic_group nic_group_busy_poll = { "busy-poll", read_busy_poll, write_busy_poll };
