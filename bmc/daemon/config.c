// SPDX-License-Identifier: GPL-2.0-only
/* The options of "rexctl bmc start". */
#include <getopt.h>
#include <string.h>

#include "bmc.h"

/* "512M", "2G" */
static int parse_memory(const char *text, uint64_t *bytes)
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

static int parse_max_age(const char *text, uint32_t *us)
{
	const uint32_t longest = 3600u * 1000000;

	*us = 0;
	if (!strcmp(text, "0"))
		return 0;
	if (parse_time(text, us) && is_long_time(text))
		*us = UINT32_MAX;
	else if (parse_time(text, us))
		return usage("\"%s\" is no time; it is a number and ms or s, like 1s, or 0 (values of "
			     "unknown expiry are not cached)", text);
	if (!coarse_time(*us))
		return usage("\"%s\" is too short: the accelerator's clock ticks every 134 ms, so "
			     "135ms is the least (0: values of unknown expiry are not cached)", text);
	if (*us > longest)
		return usage("\"%s\" is too long: an hour (3600s) is the most; what expires meanwhile "
			     "would be served", text);
	return 0;
}

static int add_dev(struct bmc_config *c, const char *name, size_t len)
{
	if (!len)
		return usage("an interface in --dev has no name; it is IF[,IF...]");
	if (len >= BMC_DEV_LEN)
		return usage("\"%.*s\" is no name of an interface: it is longer than %d characters",
			     (int)len, name, BMC_DEV_LEN - 1);
	if (c->n_devs == BMC_MAX_DEVS)
		return usage("more than %d interfaces", BMC_MAX_DEVS);
	memcpy(c->devs[c->n_devs], name, len);
	c->devs[c->n_devs][len] = '\0';
	for (size_t i = 0; i < c->n_devs; i++)
		if (!strcmp(c->devs[i], c->devs[c->n_devs]))
			return usage("interface \"%s\" is there twice", c->devs[i]);
	c->n_devs++;
	return 0;
}

static int parse_devs(const char *text, struct bmc_config *c)
{
	int err;

	do {
		size_t len = strcspn(text, ",");

		err = add_dev(c, text, len);
		text += len;
	} while (!err && *text++ == ',');
	return err;
}

int config_parse(int argc, char **argv, struct bmc_config *c)
{
	static const struct option options[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "dev", required_argument, NULL, 'd' },
		{ "memory", required_argument, NULL, 'm' },
		{ "max-age", required_argument, NULL, 'a' },
		{ "mode", required_argument, NULL, 'x' },
		{ "foreground", no_argument, NULL, 'f' },
		{}
	};
	int opt, err = 0;

	memset(c, 0, sizeof(*c));
	c->max_age_us = 1000000;
	while (!err && (opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'p':
			if (parse_number(optarg, 65535, &c->port) || !c->port)
				err = usage("\"%s\" is no port; it is a number from 1 to 65535", optarg);
			break;
		case 'd':
			err = parse_devs(optarg, c);
			break;
		case 'm':
			if (parse_memory(optarg, &c->memory))
				err = usage("\"%s\" is no amount of memory; it is a number and M or G, "
					    "like 512M", optarg);
			else if (!c->memory)
				err = usage("--memory %s is too little; 1M is the least", optarg);
			break;
		case 'a':
			err = parse_max_age(optarg, &c->max_age_us);
			break;
		case 'x':
			if (!strcmp(optarg, "native"))
				c->mode = REX_XDP_NATIVE;
			else if (!strcmp(optarg, "generic"))
				c->mode = REX_XDP_GENERIC;
			else
				err = usage("\"%s\" is no XDP mode; it is native or generic", optarg);
			break;
		case 'f':
			c->foreground = true;
			break;
		default:
			err = usage("option \"%s\" is unknown or has no value", argv[optind - 1]);
		}
	}
	if (err)
		return err;
	if (optind != argc)
		return usage("\"%s\" is too much", argv[optind]);
	if (!c->port)
		return usage("--port is needed: the TCP port of memcached");
	if (!c->n_devs)
		return usage("--dev is needed: the interfaces that requests come from");
	if (!c->memory)
		return usage("--memory is needed, like 512M");
	return 0;
}
