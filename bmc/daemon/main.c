// SPDX-License-Identifier: GPL-2.0-only
/* rex-bmc, which "rexctl bmc" runs: the list of commands, each of which is described in its own file. */
#include <cli/cli.h>
#include <stddef.h>

extern const struct cli_command cmd_start, cmd_stop, cmd_status, cmd_stats, cmd_flush;

int main(int argc, char **argv)
{
	static const struct cli_command *const commands[] = {
		&cmd_start, &cmd_stop, &cmd_status, &cmd_stats, &cmd_flush, NULL
	};
	static const struct cli_arg options[] = {
		{ .name = "--netns", .value = "NAME", .help = "in that network namespace",
		  .parse = cli_text },
		{}
	};
	static const struct cli_noun nouns[] = { { "IF", cli_complete_interface, NULL }, {} };
	static const struct cli cli = {
		.name = "rexctl bmc", .error_name = "rexctl", .commands = commands, .options = options,
		.globals = &netns, .nouns = nouns,
	};

	return cli_main(&cli, argc, argv);
}
