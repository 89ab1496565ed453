// SPDX-License-Identifier: GPL-2.0-only
/* bmc: the accelerator, a program of its own. */
#include "rexctl.h"

static int bmc(int argc, char **argv)
{
	return run_program("bmc", argc, argv);
}

const struct cli_command cmd_bmc = {
	.name = "bmc", .help = "the memcached accelerator: start, stop, status, stats, flush",
	.args = (const struct cli_arg[]){
		{ .name = "COMMAND", .help = "start, stop, status, stats or flush", .flags = CLI_NEEDED },
		{ .name = "ARGUMENT...", .help = "of that command", .flags = CLI_REST },
		{}
	},
	.pass = bmc,
};
