// SPDX-License-Identifier: GPL-2.0-only
/*
 * librex in C: load a program, attach it, read one of its maps with libbpf.
 * Build: cc count_packets.c $(pkg-config --cflags --libs librex libbpf)
 * Use:   ./a.out xdp_count.ko eth0 17	(counts UDP packets until Enter)
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <rex/librex.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	uint64_t values[libbpf_num_possible_cpus()], sum = 0;
	uint32_t key = argc == 4 ? atoi(argv[3]) : 0;
	struct rex_program *program;
	const struct rex_entry *entry;
	const struct rex_map *map;
	struct rex_target place;
	struct rex *rex = NULL;

	if (argc != 4 || rex_program_load(&rex, argv[1], &program) ||
	    rex_target_parse((const char *[]){ "xdp", argv[2] }, 2, &place) ||
	    rex_program_entry(program, NULL, REX_HOOK_XDP, &entry) ||
	    rex_program_map(program, "PACKETS", &map) || rex_attach(program, entry, &place)) {
		fprintf(stderr, "%s\n", argc == 4 ? rex_errmsg() : "usage: FILE.ko INTERFACE PROTOCOL");
		return 1;
	}
	puts("counting, until Enter");
	fflush(stdout);
	getchar();
	if (!bpf_map_lookup_elem(rex_map_fd(map), &key, values))
		for (int cpu = 0; cpu < libbpf_num_possible_cpus(); cpu++)
			sum += values[cpu];
	printf("%s: %llu packets of protocol %u\n", program->name, (unsigned long long)sum, key);
	return rex_program_unload(rex, program->name, true) ? 1 : 0;
}
