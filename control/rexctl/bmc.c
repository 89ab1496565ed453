// SPDX-License-Identifier: GPL-2.0-only
/* bmc: the accelerator, which has a table of its own. */
#include "rexctl.h"

int bmc_main(int argc, char **argv);

const struct cli_command cmd_bmc = {
	.name = "bmc", .help = "the memcached accelerator: start, stop, status, stats, flush",
	.args = (const struct cli_arg[]){
		{ .name = "COMMAND", .help = "start, stop, status, stats or flush", .flags = CLI_NEEDED },
		{ .name = "ARGUMENT...", .help = "of that command", .flags = CLI_REST },
		{}
	},
	.pass = bmc_main,
};
