// SPDX-License-Identifier: GPL-2.0-only
/* What the program is told of networks, at the start and again and again: the VLANs above its interfaces. */
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "bmc.h"

/* An element of an array, where it is another. */
static int write_element(int fd, const char *map, uint32_t i, const void *value, size_t size)
{
	uint64_t is = 0;

	if (bpf_map_lookup_elem(fd, &i, &is) || (memcmp(&is, value, size) &&
						 bpf_map_update_elem(fd, &i, value, BPF_ANY)))
		return refuse("cannot write map \"%s\": %s", map, strerror(errno));
	return 0;
}

static int write_vlans(const struct rex_program *p, const struct bmc_config *c,
		       struct bmc_meta *meta)
{
	uint64_t bits[64];
	int n = devs_vlans(c, bits), fd, err = 0;

	if (n < 0)
		return 1;
	fd = map_fd(p, "BMC_VLANS");
	if (fd < 0)
		return 1;
	for (uint32_t i = 0; !err && i < ARRAY_SIZE(bits); i++)
		err = write_element(fd, "BMC_VLANS", i, &bits[i], sizeof(bits[i]));
	close(fd);
	if (!err)
		meta_set(meta->vlans, n > 0);
	return err;
}

int networks_write(const struct rex_program *p, const struct bmc_config *c, struct bmc_meta *meta)
{
	return write_vlans(p, c, meta);
}
