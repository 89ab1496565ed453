/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An interface whose settings are read or changed. Each setting has a group, a key in it and a value,
 * all of them text: so one list is shown, saved, compared and put back.
 */
#ifndef _LIBREX_NIC_ACCESS_H
#define _LIBREX_NIC_ACCESS_H

#include "internal.h"

#define NIC_STRING 32			/* ethtool's strings: ETH_GSTRING_LEN */

struct nic {
	uint32_t ifindex;
	char name[IF_NAMESIZE], kind[32];
	struct nl ethtool;
	int sysfs;			/* / of a sysfs that shows this network namespace; -1: none */
	int ioctl_fd;
};

/* ---- nic_open.c */
int nic_open(struct nic *nic, const char *ifname);
void nic_close(struct nic *nic);
struct nlmsghdr *nic_request(struct nic *nic, void *buf, uint8_t cmd);
/* An ethtool ioctl; a negative errno, no error text. */
int nic_ioctl(const struct nic *nic, void *command);
/* A file below the interface's directory in sysfs, without its newline; false: there is none. */
bool nic_sysfs_read(const struct nic *nic, const char *path, char *text, size_t size);
/* A negative errno, no error text. */
int nic_sysfs_write(const struct nic *nic, const char *path, const char *text);
/* A directory below it, as an fd; -1: there is none. */
int nic_sysfs_dir(const struct nic *nic, const char *path);
/* "%s rejected GROUP KEY=VALUE: reason" */
int nic_refuse(const struct nic *nic, int err, const char *group, const char *key, const char *value,
	       const char *reason);

/* ---- nic_list.c: settings that were read */
struct nic_list {
	struct rex_nic_setting *list;
	size_t n;
};
int nic_add(struct nic_list *list, const char *group, const char *key, const char *fmt, ...) __printf(4, 5);
const char *nic_value(const struct nic_list *list, const char *group, const char *key);
void nic_list_free(struct nic_list *list);

/* ---- nic_settings.c */
struct nic_group {
	const char *name;
	/* What the NIC has of these; nothing is no error. */
	int (*read)(struct nic *nic, struct nic_list *list);
	int (*write)(struct nic *nic, const char *key, const char *value);
};
int nic_read_all(struct nic *nic, struct nic_list *list);
const struct nic_group *nic_find_group(const char *name);	/* or NULL */
int nic_write(struct nic *nic, const char *group, const char *key, const char *value);

/* In the order in which they can be changed: others depend on the number of queues. */
extern const struct nic_group nic_group_channels, nic_group_rings, nic_group_coalesce,
	nic_group_offload, nic_group_rss, nic_group_rss_hash, nic_group_irq, nic_group_xps,
	nic_group_rps, nic_group_napi, nic_group_busy_poll;

/* ---- nic_features.c */
/* Whether an offload is on now, whatever was asked for. -1: there is no such. */
int nic_offload_active(struct nic *nic, const char *name);
/* The kernel's name of one that has always had another. */
const char *nic_offload_name(const char *name);

/* ---- nic_expand.c */
/* Whether it stands for one setting of each queue. */
bool nic_is_for_each(const struct rex_nic_setting *wanted);
/* What @wanted stands for, at the end of @to. @now: at least the group of @wanted. */
int nic_expand(struct nic *nic, const struct nic_list *now, const struct rex_nic_setting *wanted,
	       struct nic_list *to);

/* ---- nic_channels.c */
/* What about an XDP program may be why so many channels (0: as they are) were refused; or "". */
const char *nic_channels_why(uint32_t ifindex, uint32_t rx, uint32_t tx, char *text, size_t size);

/* ---- nic_irq.c */
/* Of which queue of @ifname the interrupt of that name is; -1: of none. */
int nic_irq_queue(const char *ifname, const char *name);

/* ---- nic_change.c */
/*
 * As rex_nic_set(). When all is as it was again after a failure, *@refused is the setting that
 * failed; otherwise it is @n.
 */
int nic_set(const char *ifname, const struct rex_nic_setting *wanted, size_t n, size_t *refused);

/* ---- nic_plan.c: from what is known of a NIC, and nothing else */
struct nic_facts {
	const struct rex_nic *about;
	const struct nic_list *now;
	const char *cores;		/* a list of CPUs, not empty */
	uint32_t n_online;
	bool bmc, has_irqbalance;
	bool fixed_channels;		/* the driver shows them, and cannot change them */
};
int nic_plan(const struct nic_facts *facts, struct rex_nic_plan **plan);

/* ---- nic_state.c */
/* Write what is set now to where restore finds it, if that is not there yet; 1: this call wrote it. */
int nic_keep(struct nic *nic, const struct nic_list *now);
void nic_forget(struct nic *nic);
/* Set all of @wanted that is otherwise now. How many could not be; then the error text has why. */
size_t nic_put_back(struct nic *nic, const struct nic_list *wanted, size_t *changed);

/* ---- cpulist.c: "0-3,5" and the kernel's masks "0000002f" */
#define NIC_MAX_CPUS 8192
/* The CPUs in order; how many there are. */
int nic_cpus_parse(const char *list, uint32_t cpus[NIC_MAX_CPUS]);
int nic_cpus_to_mask(const char *list, char *mask, size_t size);
int nic_mask_to_cpus(const char *mask, char *list, size_t size);

#endif /* _LIBREX_NIC_ACCESS_H */
