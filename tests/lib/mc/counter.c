// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <strings.h>
#include <unistd.h>

#include "counter.h"

int next_map(uint32_t *id, struct bpf_map_info *info)
{
	while (!bpf_map_get_next_id(*id, id)) {
		__u32 len = sizeof(*info);
		int fd = bpf_map_get_fd_by_id(*id);

		if (fd < 0)
			continue;	/* went meanwhile */
		*info = (struct bpf_map_info){ 0 };
		if (!bpf_obj_get_info_by_fd(fd, info, &len))
			return fd;
		close(fd);
	}
	return -1;
}

int counters_open(const char *name)
{
	struct bpf_map_info info;
	uint32_t id = 0;
	int fd;

	while ((fd = next_map(&id, &info)) >= 0) {
		if (!strcasecmp(info.name, name) && info.type == BPF_MAP_TYPE_PERCPU_ARRAY &&
		    info.value_size == 8)
			return fd;
		close(fd);
	}
	return -1;
}

int counter_sum(int fd, uint32_t index, uint64_t *sum)
{
	int cpus = libbpf_num_possible_cpus();
	uint64_t per_cpu[cpus > 0 ? cpus : 1];

	if (cpus <= 0 || bpf_map_lookup_elem(fd, &index, per_cpu))
		return -1;
	*sum = 0;
	for (int i = 0; i < cpus; i++)
		*sum += per_cpu[i];
	return 0;
}
