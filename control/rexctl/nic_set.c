// SPDX-License-Identifier: GPL-2.0-only
/* nic set, save, restore: change settings of a network interface, keep them, put them back. */
#include <string.h>

#include "nic_words.h"

struct nic_args {
	struct nic_words words;		/* first: an option is many settings, and goes to all of it */
	const char *iface, *file;
};

/* ---- words --------------------------------------------------------------------------------------- */

static int parse_pairs(const struct cli_arg *arg, char **words, int n, void *field)
{
	const char *wrong = nic_words_read(field, arg->name, words[0]);

	(void)n;
	return wrong ? bad_usage("\"%s\" needs KEY=VALUE, not \"%s\"%s", arg->name, words[0], wrong) : 0;
}

/* A number for all kinds of channels that there are, or pairs. */
static int parse_channels(const struct cli_arg *arg, char **words, int n, void *field)
{
	uint32_t number;
	int err;

	if (strchr(words[0], '='))
		return parse_pairs(arg, words, n, field);
	err = cli_number(arg, words, n, &number);
	if (!err && !nic_words_add(field, arg->name, "", words[0]))
		err = fail("out of memory");
	return err;
}

static int parse_threaded(const struct cli_arg *arg, char **words, int n, void *field)
{
	int on, err = cli_choice(arg, words, n, &on);

	if (!err && !nic_words_add(field, arg->name, "threaded", words[0]))
		err = fail("out of memory");
	return err;
}

/* ---- the commands -------------------------------------------------------------------------------- */

/* Drivers round: say what it is now. */
static int tell_rounded(const struct nic_args *a)
{
	struct rex_nic_setting *now;
	size_t n;

	if (rex_nic_settings(a->iface, &now, &n))
		return fail_rex();
	for (size_t i = 0; i < a->words.n; i++)
		for (size_t k = 0; k < n; k++)
			if (!strcmp(now[k].group, a->words.settings[i].group) && !strcmp(now[k].key, a->words.settings[i].key) &&
			    strcmp(now[k].value, a->words.settings[i].value) && strcmp(now[k].group, "rss"))
				out("%s %s: the driver made %s of %s\n", now[k].group, now[k].key, now[k].value,
				    a->words.settings[i].value);
	rex_nic_settings_free(now, n);
	return flush_output();
}

static int nic_set(const void *args)
{
	const struct nic_args *a = args;
	int err;

	if (!a->words.n)
		return bad_usage("one of rings, coalesce, offload, rss, rss-hash, irq-affinity, xps, rps, "
				 "napi-threaded, busy-poll or channels is needed");
	err = enter_netns();
	if (!err)
		err = rex_nic_set(a->iface, a->words.settings, a->words.n) ? fail_rex() : tell_rounded(a);
	nic_words_free(&a->words);
	return err;
}

#define PAIRS(group, what, text) \
	{ .name = group, .value = what, .help = text, .parse = parse_pairs }

const struct cli_command cmd_nic_set = {
	.name = "nic set", .help = "change settings of a network interface: all of them, or none",
	.args = (const struct cli_arg[]){
		{ .name = "IFACE", .help = "an interface", .parse = cli_text,
		  .to = CLI_TO(nic_args, iface), .flags = CLI_NEEDED },
		{ .name = "channels", .value = "N|KEY=N", .help = "pairs of receive and transmit queues; combined=, rx=, tx=",
		  .parse = parse_channels, .min = 1, .max = 65536 },
		PAIRS("rings", "KEY=N", "entries of the rings: rx=, tx="),
		PAIRS("coalesce", "KEY=VALUE", "when to interrupt: rx-usecs=, rx-frames=, adaptive-rx=on|off, ..."),
		PAIRS("offload", "NAME=on|off", "gro=, lro=, rxvlan=, or a feature's whole name"),
		PAIRS("rss", "KEY=VALUE", "table=default, equal:N or a list of queues; key=, function="),
		PAIRS("rss-hash", "FLOW=FIELDS", "udp4=sdfn: by addresses and ports; sd: by addresses"),
		PAIRS("irq-affinity", "IRQ=CPUS", "CPUs of an interrupt; spread=CPUS: one each; all=CPUS"),
		PAIRS("xps", "QUEUE=CPUS", "CPUs that send by it: tx-0=; spread=, all="),
		PAIRS("rps", "QUEUE=CPUS", "CPUs that its packets go to: rx-0=; spread=, all="),
		{ .name = "napi-threaded", .value = "on|off", .help = "poll in threads of their own",
		  .parse = parse_threaded },
		PAIRS("busy-poll", "KEY=N", "gro-flush-timeout= (ns), defer-hard-irqs="),
		{}
	},
	.size = sizeof(struct nic_args), .run = nic_set,
};

static int nic_save(const void *args)
{
	const struct nic_args *a = args;
	int err = enter_netns();

	if (!err && rex_nic_save(a->iface, a->file))
		err = fail_rex();
	return err;
}

const struct cli_command cmd_nic_save = {
	.name = "nic save", .help = "write what is set now to a file, or to where restore finds it",
	.args = (const struct cli_arg[]){
		{ .name = "IFACE", .help = "an interface", .parse = cli_text,
		  .to = CLI_TO(nic_args, iface), .flags = CLI_NEEDED },
		{ .name = "FILE", .help = "where to", .parse = cli_text, .to = CLI_TO(nic_args, file) },
		{}
	},
	.size = sizeof(struct nic_args), .run = nic_save,
};

static int nic_restore(const void *args)
{
	const struct nic_args *a = args;
	size_t changed = 0;
	int err = enter_netns();

	if (err)
		return err;
	if (rex_nic_restore(a->iface, a->file, &changed))
		return fail_rex();
	out("put back %zu settings of %s\n", changed, a->iface);
	return flush_output();
}

const struct cli_command cmd_nic_restore = {
	.name = "nic restore", .help = "put back what was set before the first change, or what is in a file",
	.args = (const struct cli_arg[]){
		{ .name = "IFACE", .help = "an interface", .parse = cli_text,
		  .to = CLI_TO(nic_args, iface), .flags = CLI_NEEDED },
		{ .name = "FILE", .help = "of nic save", .parse = cli_text, .to = CLI_TO(nic_args, file) },
		{}
	},
	.size = sizeof(struct nic_args), .run = nic_restore,
};
