// SPDX-License-Identifier: GPL-2.0-only
/* Changing settings of an interface: all of them, or none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nic_access.h"

/* The driver may take an offload and leave it off, for another one that it needs. */
static int check_offload(struct nic *nic, const struct rex_nic_setting *wanted)
{
	int active;

	if (strcmp(wanted->group, "offload"))
		return 0;
	active = nic_offload_active(nic, wanted->key);
	if (active < 0 || active == !strcmp(wanted->value, "on"))
		return 0;
	return rex_fail(-EBUSY, "\"%s\" keeps offload %s %s: the driver or another setting requires it",
			nic->name, wanted->key, active ? "on" : "off");
}

/* "irq-affinity spread=0-3": one CPU after the other to each, "all=0-3": the same to each. */
static bool is_for_each(const struct rex_nic_setting *wanted)
{
	static const char *const of_queues[] = { "irq-affinity", "xps", "rps" };

	for (size_t i = 0; i < ARRAY_SIZE(of_queues); i++)
		if (!strcmp(wanted->group, of_queues[i]))
			return !strcmp(wanted->key, "spread") || !strcmp(wanted->key, "all");
	return false;
}

static int nth_cpu(const char *list, size_t n, char *cpu, size_t size)
{
	char mask[NIC_MAX_CPUS / 32 * 9 + 1];
	uint32_t count = 0;
	int err = nic_cpus_to_mask(list, mask, sizeof(mask));

	for (int pass = 0; !err && pass < 2; pass++) {
		size_t groups_left = strlen(mask) / 9 + 1, at = 0;

		for (size_t g = groups_left; g-- > 0;) {
			uint32_t word = strtoul(mask + g * 9, NULL, 16);

			for (int bit = 0; bit < 32; bit++, at++) {
				if (!(word & 1u << bit))
					continue;
				if (pass && !(n--)) {
					snprintf(cpu, size, "%zu", at);
					return 0;
				}
				count += !pass;
			}
		}
		if (!count)
			return rex_fail(-EINVAL, "\"%s\" has no CPU to spread over", list);
		n %= count;
	}
	return err;
}

/* Interrupts of no queue are left where they are. */
static bool is_of_queue(const struct rex_nic_setting *s)
{
	return strcmp(s->group, "irq-affinity") || (!strstr(s->key, "config") && !strstr(s->key, "event") &&
						    strpbrk(s->key, "0123456789"));
}

static int write_each(struct nic *nic, const struct rex_nic_setting *wanted)
{
	bool spread = !strcmp(wanted->key, "spread");
	struct nic_list now = {};	/* another setting may just have changed how many queues there are */
	bool done = false;
	size_t n = 0;
	int err = nic_find_group(wanted->group)->read(nic, &now);

	for (size_t i = 0; !err && i < now.n; i++) {
		char cpu[16];

		if (!is_of_queue(&now.list[i]))
			continue;
		if (spread)
			err = nth_cpu(wanted->value, n++, cpu, sizeof(cpu));
		if (!err)
			err = nic_write(nic, wanted->group, now.list[i].key, spread ? cpu : wanted->value);
		done = true;
	}
	nic_list_free(&now);
	return err || done ? err : rex_fail(-EOPNOTSUPP, "\"%s\" has no %s that can be set", nic->name,
					 wanted->group);
}

static int write_list(struct nic *nic, const struct rex_nic_setting *wanted, size_t n)
{
	int err = 0;

	for (size_t i = 0; !err && i < n; i++) {
		if (is_for_each(&wanted[i]))
			err = write_each(nic, &wanted[i]);
		else if (!strcmp(wanted[i].group, "channels") && !*wanted[i].key)
			err = rex_nic_set_channels(nic->name, strtoul(wanted[i].value, NULL, 10));
		else
			err = nic_write(nic, wanted[i].group, wanted[i].key, wanted[i].value);
		if (!err)
			err = check_offload(nic, &wanted[i]);
	}
	return err;
}

/* The error text of @err stays, and says whether all is as it was. @kept: the file is this call's. */
static void put_back(struct nic *nic, const struct nic_list *before, bool kept, int err)
{
	char text[1024];
	size_t left;

	snprintf(text, sizeof(text), "%s", rex_errmsg());
	left = nic_put_back(nic, before, NULL);
	if (!left && kept)
		nic_forget(nic);
	rex_fail(err, "%s; %s", text, left ? "and not everything could be put back: \"rexctl nic restore\" "
		 "tries again" : "nothing was changed");
}

int rex_nic_set(const char *ifname, const struct rex_nic_setting *wanted, size_t n)
{
	struct nic_list before;
	struct nic nic;
	int err = nic_open(&nic, ifname), kept;

	if (err)
		return err;
	err = nic_read_all(&nic, &before);
	kept = err ? err : nic_keep(&nic, &before);
	if (kept < 0)
		err = kept;
	else
		err = write_list(&nic, wanted, n);
	if (err && kept >= 0)
		put_back(&nic, &before, kept, err);
	nic_list_free(&before);
	nic_close(&nic);
	return err;
}
