// SPDX-License-Identifier: GPL-2.0-only
/*
 * What bpftool does not show about loaded BPF objects:
 *
 *   bpfinfo programs        what verifying each program took. Columns: id, type,
 *                           name, instructions in it, instructions verified
 *   bpfinfo sum MAP INDEX   the sum over all CPUs of a u64 in a per-CPU array; MAP
 *                           is the map's name in any case (Rust statics are upper case)
 *   bpfinfo memory PREFIX   bytes that the maps take whose names begin so, in any case
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "mc/counter.h"

static int programs(void)
{
	__u32 id = 0;

	while (!bpf_prog_get_next_id(id, &id)) {
		struct bpf_prog_info info = { 0 };
		__u32 len = sizeof(info);
		int fd = bpf_prog_get_fd_by_id(id);

		if (fd < 0)
			continue;	/* went meanwhile */
		if (!bpf_obj_get_info_by_fd(fd, &info, &len))
			printf("%u %s %s %zu %u\n", id, libbpf_bpf_prog_type_str(info.type),
			       *info.name ? info.name : "-",
			       info.xlated_prog_len / sizeof(struct bpf_insn),
			       info.verified_insns);
		close(fd);
	}
	if (errno == ENOENT)
		return 0;
	fprintf(stderr, "bpfinfo: listing programs: %s\n", strerror(errno));
	return 1;
}

static int sum(const char *name, const char *index)
{
	int fd = counters_open(name);
	uint64_t sum;

	if (fd < 0) {
		fprintf(stderr, "bpfinfo: there is no per-CPU array of u64 named '%s'\n", name);
		return 1;
	}
	if (counter_sum(fd, strtoul(index, NULL, 10), &sum)) {
		fprintf(stderr, "bpfinfo: reading index %s: %s\n", index, strerror(errno));
		return 1;
	}
	printf("%" PRIu64 "\n", sum);
	return 0;
}

/* What the kernel says that the map @fd takes, 0 if it says nothing. */
static uint64_t map_memory(int fd)
{
	char path[64], line[128];
	uint64_t bytes = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "memlock: %" SCNu64, &bytes);
	if (f)
		fclose(f);
	return bytes;
}

static int memory(const char *prefix)
{
	struct bpf_map_info info;
	uint64_t bytes = 0;
	uint32_t id = 0;
	int fd;

	while ((fd = next_map(&id, &info)) >= 0) {
		if (!strncasecmp(info.name, prefix, strlen(prefix)))
			bytes += map_memory(fd);
		close(fd);
	}
	printf("%" PRIu64 "\n", bytes);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "programs"))
		return programs();
	if (argc == 4 && !strcmp(argv[1], "sum"))
		return sum(argv[2], argv[3]);
	if (argc == 3 && !strcmp(argv[1], "memory"))
		return memory(argv[2]);
	fprintf(stderr, "usage: bpfinfo programs | bpfinfo sum MAP INDEX | bpfinfo memory PREFIX\n");
	return 2;
}
