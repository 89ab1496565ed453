// SPDX-License-Identifier: GPL-2.0-only
/*
 * check_object FILE.o [leaves]: rexc's checks of an object file; prints the worst case of the stack,
 * or the entries that are leaves.
 */
#include <stdio.h>

#include "diag.h"
#include "object.h"
#include "rexc.h"

int main(int argc, char **argv)
{
	struct stack_report r = { 0 };
	static struct job job;
	struct object o;
	int err;

	if (argc != 2 && argc != 3)
		return 64;
	err = object_open(&o, argv[1]);
	if (!err)
		err = insn_scan(&o);
	if (!err)
		err = object_check(&o, DATA_LIMIT);
	if (!err)
		err = stack_compute(&o, &r);
	if (!err)
		err = stack_check(&o, &r, !r.bounded);
	if (!err)
		leaf_find(&o, &job);
	for (size_t i = 0; argc == 3 && i < job.nleaves; i++)
		puts(job.leaves[i]);
	if (argc == 2 && !err && r.bounded)
		printf("%lu\n", (unsigned long)r.worst);
	if (argc == 2 && !err && !r.bounded)
		printf("unbounded: %s\n", r.why);
	stack_free(&r);
	object_close(&o);
	return err ? 1 : 0;
}
