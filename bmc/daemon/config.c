// SPDX-License-Identifier: GPL-2.0-only
/* What "start" is asked for. */
#include <cli/cli.h>
#include <rex/librex.h>
#include <string.h>

#include "../shared.h"
#include "config.h"

/* "512M", "2G" */
static int read_memory(const char *text, uint64_t *bytes)
{
	size_t len = strspn(text, "0123456789");
	char number[16];
	uint32_t value;
	int shift;

	if (!len || len >= sizeof(number))
		return -1;
	memcpy(number, text, len);
	number[len] = '\0';
	if (!strcmp(text + len, "M"))
		shift = 20;
	else if (!strcmp(text + len, "G"))
		shift = 30;
	else
		return -1;
	if (parse_number(number, UINT32_MAX, &value))
		return -1;
	*bytes = (uint64_t)value << shift;
	return 0;
}

/* The program's clock: what is left of a unit is not lived. */
uint32_t coarse_time(uint32_t us)
{
	return ((uint64_t)us * 1000) >> BMC_TIME_SHIFT;
}

/* A number that is one, and more than can be counted. */
static bool is_long_time(const char *text)
{
	size_t len = strspn(text, "0123456789");

	return strspn(text, "0") < len && (!strcmp(text + len, "s") || !strcmp(text + len, "ms"));
}

static int parse_max_age(const struct cli_arg *arg, char **words, int n, void *field)
{
	const uint32_t longest = 3600u * 1000000;
	struct bmc_max_age *age = field;
	const char *text = words[0];

	(void)arg, (void)n;
	age->given = true;
	if (!strcmp(text, "0"))
		return 0;
	if (parse_time(text, &age->us) && is_long_time(text))
		age->us = UINT32_MAX;
	else if (parse_time(text, &age->us))
		return bad_usage("\"%s\" is not a time; write a number with ms or s, like 1s, or 0 (values of "
				 "unknown expiry are not cached)", text);
	if (!coarse_time(age->us))
		return bad_usage("\"%s\" is too short: the accelerator's clock ticks every 134 ms, so "
				 "135ms is the least (0: values of unknown expiry are not cached)", text);
	if (age->us > longest)
		return bad_usage("\"%s\" is too long: an hour (3600s) is the most; what expires meanwhile "
				 "would be served", text);
	return 0;
}

static int parse_memory(const struct cli_arg *arg, char **words, int n, void *field)
{
	uint64_t *bytes = field;

	(void)n;
	if (read_memory(words[0], bytes))
		return bad_usage("\"%s\" is not an amount of memory; write a number with M or G, like 512M",
				 words[0]);
	if (!*bytes)
		return bad_usage("%s %s is too little; 1M is the least", arg->name, words[0]);
	return 0;
}

static int add_dev(struct bmc_config *c, const char *name, size_t len)
{
	if (!len)
		return bad_usage("an interface in --dev has no name; it is IF[,IF...]");
	if (len >= BMC_DEV_LEN)
		return bad_usage("\"%.*s\" is not the name of an interface: it is longer than %d characters",
				 (int)len, name, BMC_DEV_LEN - 1);
	if (c->n_devs == BMC_MAX_DEVS)
		return bad_usage("more than %d interfaces", BMC_MAX_DEVS);
	memcpy(c->devs[c->n_devs], name, len);
	c->devs[c->n_devs][len] = '\0';
	for (size_t i = 0; i < c->n_devs; i++)
		if (!strcmp(c->devs[i], c->devs[c->n_devs]))
			return bad_usage("duplicate interface \"%s\"", c->devs[i]);
	c->n_devs++;
	return 0;
}

static int parse_devs(const struct cli_arg *arg, char **words, int n, void *config)
{
	const char *text = words[0];
	int err;

	(void)arg, (void)n;
	do {
		size_t len = strcspn(text, ",");

		err = add_dev(config, text, len);
		text += len;
	} while (!err && *text++ == ',');
	return err;
}

int config_transports(struct bmc_config *c)
{
	if (!c->tcp && !c->udp) {
		c->tcp = true;
		c->udp = c->n_devs;
	}
	if (c->udp && !c->n_devs)
		return bad_usage("--udp needs --dev: GETs over UDP are answered at the interfaces that they "
				 "come in by");
	if (!c->udp && c->n_devs)
		return bad_usage("--dev is for GETs over UDP, and --tcp answers those over TCP only: omit one of "
				 "the two, or add --udp");
	return 0;
}

_Static_assert(REX_XDP_NATIVE == 1 && REX_XDP_GENERIC == 2, "the words of --mode are in this order");

const struct cli_arg config_args[] = {
	{ .name = "--port", .value = "N", .help = "the TCP port of memcached", .parse = cli_number,
	  .to = CLI_TO(bmc_config, port), .flags = CLI_NEEDED, .min = 1, .max = 65535 },
	{ .name = "--dev", .value = "IF[,IF...]", .parse = parse_devs,
	  .help = "the interfaces that requests over UDP come from; none: TCP alone is answered" },
	{ .name = "--tcp", .help = "answer over TCP; without this and --udp, all that can be", .parse = cli_flag,
	  .to = CLI_TO(bmc_config, tcp) },
	{ .name = "--udp", .help = "answer over UDP", .parse = cli_flag,
	  .to = CLI_TO(bmc_config, udp) },
	{ .name = "--memory", .value = "SIZE", .help = "for all that it remembers, like 512M",
	  .parse = parse_memory, .to = CLI_TO(bmc_config, memory), .flags = CLI_NEEDED },
	{ .name = "--max-age", .value = "TIME", .parse = parse_max_age,
	  .help = "how long a value of unknown expiry lives (1s); 0: it is not cached",
	  .to = CLI_TO(bmc_config, max_age) },
	{ .name = "--mode", .value = "native|generic", .parse = cli_choice,
	  .help = "the XDP mode; otherwise native where replies get through",
	  .to = CLI_TO(bmc_config, mode) },
	{ .name = "--foreground", .help = "be the daemon, for a service manager", .parse = cli_flag,
	  .to = CLI_TO(bmc_config, foreground) },
	{}
};
