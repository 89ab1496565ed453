// SPDX-License-Identifier: GPL-2.0-only
/* perf events with a BPF program: kprobes, uprobes and tracepoints are such, too. */
#include <bpf/bpf.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

int rex_perf_open(struct perf_event_attr *attr, int pid, int cpu)
{
	int fd;

	attr->size = sizeof(*attr);
	attr->disabled = 1;		/* until the program is in */
	fd = syscall(SYS_perf_event_open, attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int rex_perf_link(const struct attach *a, const struct rex_target *t, int prog_fd, int event_fd)
{
	char text[REX_TARGET_LEN];
	int fd, err;

	fd = bpf_link_create(prog_fd, event_fd, BPF_PERF_EVENT, NULL);
	if (fd < 0) {
		err = -errno;
		return rex_fail(err, "cannot attach to \"%s\": %s%s",
				rex_target_text(t, text, sizeof(text)), rex_strerror(err),
				err == -EEXIST ? "; an event supports one BPF program" : "");
	}
	if (ioctl(event_fd, PERF_EVENT_IOC_ENABLE, 0))
		err = rex_fail(-errno, "cannot enable \"%s\": %s",
			       rex_target_text(t, text, sizeof(text)), rex_strerror(errno));
	else
		err = rex_pin(a, t, fd);
	close(fd);
	return err;
}

/* The first number in a file of sysfs, behind @prefix. */
static int read_number(const char *path, const char *prefix)
{
	char format[32];
	FILE *f = fopen(path, "re");
	int value = -1;

	if (!f)
		return -errno;
	snprintf(format, sizeof(format), "%s%%d", prefix);
	if (fscanf(f, format, &value) != 1 || value < 0)
		value = -EIO;
	fclose(f);
	return value;
}

int rex_perf_probe(const char *pmu, bool ret, const char *name, uint64_t offset,
		   struct perf_event_attr *attr)
{
	char path[128];
	int type, bit = 0;

	snprintf(path, sizeof(path), "/sys/bus/event_source/devices/%s/type", pmu);
	type = read_number(path, "");
	if (type >= 0 && ret) {
		snprintf(path, sizeof(path), "/sys/bus/event_source/devices/%s/format/retprobe", pmu);
		bit = read_number(path, "config:");
	}
	if (type < 0 || bit < 0 || bit > 63)
		return rex_fail(-EOPNOTSUPP, "this kernel has no %ss for perf (\"%s\": %s); it needs "
				"CONFIG_%s_EVENTS", pmu, path, strerror(type < 0 ? -type : -bit),
				*pmu == 'k' ? "KPROBE" : "UPROBE");
	memset(attr, 0, sizeof(*attr));
	attr->type = type;
	attr->config = ret ? 1ull << bit : 0;
	attr->config1 = (uintptr_t)name;	/* kprobe_func, uprobe_path */
	attr->config2 = offset;
	return 0;
}
