// SPDX-License-Identifier: GPL-2.0-only
/* The per-CPU map bmc_stats. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <rex/librex.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../shared.h"
#include "counters.h"
#include "maps.h"
#include "why.h"

int counters_read(const struct rex_program *p, uint64_t values[__BMC_STATS])
{
	const struct rex_map *m = find_map(p, "BMC_STATS");
	int cpus = libbpf_num_possible_cpus(), fd = m ? map_fd(p, m->name) : -1, err = 0;
	uint64_t *each;

	if (fd < 0)
		return 1;
	each = cpus > 0 ? calloc(cpus, sizeof(*each)) : NULL;
	if (!each || m->value_size != sizeof(*each) || m->max_entries < __BMC_STATS)
		err = each ? refuse("map \"BMC_STATS\" of program \"%s\" is of another build", p->name) :
		      refuse("out of memory");
	for (uint32_t i = 0; !err && i < __BMC_STATS; i++) {
		if (bpf_map_lookup_elem(fd, &i, each))
			err = refuse("cannot read map \"BMC_STATS\": %s", strerror(errno));
		values[i] = 0;
		for (int cpu = 0; !err && cpu < cpus; cpu++)
			values[i] += each[cpu];
	}
	free(each);
	close(fd);
	return err;
}

/* For those that the program itself never counts. */
void counter_add(const struct rex_program *p, enum bmc_stat stat)
{
	int cpus = libbpf_num_possible_cpus(), fd = map_fd(p, "BMC_STATS");
	uint64_t *each = cpus > 0 ? calloc(cpus, sizeof(*each)) : NULL;
	uint32_t index = stat;

	if (fd >= 0 && each && !bpf_map_lookup_elem(fd, &index, each)) {
		each[0]++;
		bpf_map_update_elem(fd, &index, each, BPF_ANY);
	}
	free(each);
	if (fd >= 0)
		close(fd);
}
