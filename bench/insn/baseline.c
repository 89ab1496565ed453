// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <bpf/libbpf.h>

#include "baseline.h"
#include "insn.h"

void baseline_load(struct bpf_object *obj, const char *name, __u32 entries)
{
	const struct bmc_config config = BASELINE_CONFIG(entries);
	struct bpf_map *map, *rodata = NULL;

	if (!obj)
		die("cannot open %s: %s", name, strerror(errno));
	bpf_map__set_max_entries(bpf_object__find_map_by_name(obj, "bmc_cache"), entries);
	bpf_object__for_each_map(map, obj)
		if (strstr(bpf_map__name(map), ".rodata"))
			rodata = map;
	if (!rodata || bpf_map__set_initial_value(rodata, &config, sizeof(config)))
		die("%s has no configuration of this size", name);
	if (bpf_object__load(obj))
		die("cannot load %s: %s (root can)", name, strerror(errno));
}

int baseline_prog(struct bpf_object *obj, const char *name)
{
	return bpf_program__fd(bpf_object__find_program_by_name(obj, name));
}
