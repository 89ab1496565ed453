// SPDX-License-Identifier: GPL-2.0-only
/*
 * List the loaded BPF programs with what their verification took: how many
 * instructions the verifier walked through (bpftool does not show it).
 * Columns: id, type, name, instructions in the program, instructions verified.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void)
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
	fprintf(stderr, "verified: listing programs: %s\n", strerror(errno));
	return 1;
}
