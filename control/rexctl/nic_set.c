// SPDX-License-Identifier: GPL-2.0-only
/* nic set, save, restore: change settings of a network interface, keep them, put them back. */
#include <stdlib.h>
#include <string.h>

#include "rexctl.h"

#define MAX_SETTINGS 64

struct nic_args {
	const char *iface, *file;
	size_t n;
	struct rex_nic_setting settings[MAX_SETTINGS];
};

/* ---- KEY=VALUE,... ------------------------------------------------------------------------------- */

/* Where the pair ends: at a comma behind which a new "KEY=" begins, for values have commas, too. */
static size_t pair_length(const char *text)
{
	size_t len = strcspn(text, ",");

	while (text[len]) {
		size_t next = strcspn(text + len + 1, ",=");

		if (text[len + 1 + next] == '=')
			return len;
		len += 1 + next;
	}
	return len;
}

static int add(struct nic_args *a, const char *group, const char *key, size_t key_len, const char *value,
	       size_t len)
{
	struct rex_nic_setting *s = &a->settings[a->n];

	if (a->n == MAX_SETTINGS || key_len >= sizeof(s->key))
		return bad_usage("%s: too many settings, or too long a name", group);
	s->group = group;
	memcpy(s->key, key, key_len);
	s->key[key_len] = '\0';
	s->value = strndup(value, len);
	a->n += s->value != NULL;
	return s->value ? 0 : fail("out of memory");
}

/* Into a struct nic_args itself: one option can be many settings. */
static int parse_pairs(const struct cli_arg *arg, char **words, int n, void *field)
{
	const char *text = words[0];
	int err = 0;

	(void)n;
	do {
		size_t len = pair_length(text), key = strcspn(text, "=");

		if (!key || key >= len || key + 1 == len)
			return bad_usage("\"%s\" needs KEY=VALUE, not \"%s\"", arg->name, words[0]);
		err = add(field, arg->name, text, key, text + key + 1, len - key - 1);
		text += len;
	} while (!err && *text++);
	return err;
}

/* A number for all kinds of channels that there are, or pairs. */
static int parse_channels(const struct cli_arg *arg, char **words, int n, void *field)
{
	uint32_t number;
	int err;

	if (strchr(words[0], '='))
		return parse_pairs(arg, words, n, field);
	err = cli_number(arg, words, n, &number);
	return err ? err : add(field, arg->name, "", 0, words[0], strlen(words[0]));
}

static int parse_threaded(const struct cli_arg *arg, char **words, int n, void *field)
{
	int on, err = cli_choice(arg, words, n, &on);

	return err ? err : add(field, arg->name, "threaded", strlen("threaded"), words[0], strlen(words[0]));
}

/* ---- the commands -------------------------------------------------------------------------------- */

/* Drivers round: say what it is now. */
static int tell_rounded(const struct nic_args *a)
{
	struct rex_nic_setting *now;
	size_t n;

	if (rex_nic_settings(a->iface, &now, &n))
		return fail_rex();
	for (size_t i = 0; i < a->n; i++)
		for (size_t k = 0; k < n; k++)
			if (!strcmp(now[k].group, a->settings[i].group) && !strcmp(now[k].key, a->settings[i].key) &&
			    strcmp(now[k].value, a->settings[i].value) && strcmp(now[k].group, "rss"))
				out("%s %s: the driver made %s of %s\n", now[k].group, now[k].key, now[k].value,
				    a->settings[i].value);
	rex_nic_settings_free(now, n);
	return flush_output();
}

static int nic_set(const void *args)
{
	const struct nic_args *a = args;
	int err;

	if (!a->n)
		return bad_usage("one of rings, coalesce, offload, rss, rss-hash, irq-affinity, xps, rps, "
				 "napi-threaded, busy-poll or channels is needed");
	err = enter_netns();
	if (!err)
		err = rex_nic_set(a->iface, a->settings, a->n) ? fail_rex() : tell_rounded(a);
	for (size_t i = 0; i < a->n; i++)
		free(a->settings[i].value);
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
