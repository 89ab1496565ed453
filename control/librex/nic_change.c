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

static int write_each(struct nic *nic, const struct rex_nic_setting *wanted)
{
	struct nic_list now = {}, each = {};	/* another setting may just have changed how many queues there are */
	int err = nic_find_group(wanted->group)->read(nic, &now);

	if (!err)
		err = nic_expand(nic, &now, wanted, &each);
	for (size_t i = 0; !err && i < each.n; i++)
		err = nic_write(nic, each.list[i].group, each.list[i].key, each.list[i].value);
	nic_list_free(&now);
	nic_list_free(&each);
	return err;
}

/* *@refused: which one failed. */
static int write_list(struct nic *nic, const struct rex_nic_setting *wanted, size_t n, size_t *refused)
{
	int err = 0;

	for (size_t i = 0; !err && i < n; i++) {
		*refused = i;
		if (nic_is_for_each(&wanted[i]))
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

/* The error text of @err stays. @kept: the file is this call's. Returns whether all is as it was. */
static bool put_back(struct nic *nic, const struct nic_list *before, bool kept, int err)
{
	char text[1024];
	size_t left;

	snprintf(text, sizeof(text), "%s", rex_errmsg());
	left = nic_put_back(nic, before, NULL);
	if (!left && kept)
		nic_forget(nic);
	rex_fail(err, "%s%s", text, left ? "; and not everything could be put back: \"rexctl nic restore\" tries "
		 "again" : "");
	return !left;
}

int nic_set(const char *ifname, const struct rex_nic_setting *wanted, size_t n, size_t *refused)
{
	struct nic_list before;
	struct nic nic;
	int err = nic_open(&nic, ifname), kept;

	*refused = n;
	if (err)
		return err;
	err = nic_read_all(&nic, &before);
	kept = err ? err : nic_keep(&nic, &before);
	if (kept < 0)
		err = kept;
	else
		err = write_list(&nic, wanted, n, refused);
	if (err && kept >= 0 && !put_back(&nic, &before, kept, err))
		*refused = n;
	nic_list_free(&before);
	nic_close(&nic);
	return err;
}

int rex_nic_set(const char *ifname, const struct rex_nic_setting *wanted, size_t n)
{
	size_t refused;
	int err = nic_set(ifname, wanted, n, &refused);

	return err && refused < n ? rex_fail(err, "%s; nothing was changed", rex_errmsg()) : err;
}
