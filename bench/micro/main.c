// SPDX-License-Identifier: GPL-2.0-only
/* Runs all benchmarks and prints their rows. */
#include <stdio.h>
#include <string.h>

#include "measure.h"
#include "rows.h"

int main(int argc, char **argv)
{
	if (argc != 3 || (strcmp(argv[1], "insn") && strcmp(argv[1], "ns"))) {
		fputs("usage: micro insn|ns DIRECTORY (called by bench/micro/run)\n", stderr);
		return 64;
	}
	measure_insns = !strcmp(argv[1], "insn");
	side_init(argv[2]);
	run_packet_rows();
	run_attached_rows();
	rows_print();
	if (measure_insns)
		fprintf(stderr, "%u rounds, %u disturbed, %u counts vague\n", measure_all,
			measure_odd, measure_vague);
	return 0;
}
