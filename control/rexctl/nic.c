// SPDX-License-Identifier: GPL-2.0-only
/* nic: what a network interface has, and its number of queues. */
#include <getopt.h>
#include <string.h>

#include "rexctl.h"

static json_t *json_limits(const struct rex_nic_limits *l)
{
	return json_pack("{s:I,s:I}", "now", (json_int_t)l->now, "max", (json_int_t)l->max);
}

static int print_nic_json(const struct rex_nic *nic)
{
	json_t *o = json_pack("{s:s,s:I,s:s,s:s,s:s,s:s,s:s,s:I,s:b,s:b,s:I,s:I}", "name", nic->name,
			      "ifindex", (json_int_t)nic->ifindex, "kind", nic->kind, "driver",
			      nic->driver, "bus", nic->bus, "device", nic->device, "address",
			      nic->address, "mtu", (json_int_t)nic->mtu, "up", nic->up, "carrier",
			      nic->carrier, "rx_queues", (json_int_t)nic->rx_queues, "tx_queues",
			      (json_int_t)nic->tx_queues);

	if (o && nic->has_channels)
		json_object_set_new(o, "channels", json_pack("{s:o,s:o,s:o,s:o}", "combined",
				    json_limits(&nic->combined), "rx", json_limits(&nic->rx), "tx",
				    json_limits(&nic->tx), "other", json_limits(&nic->other)));
	if (o && nic->has_rings)
		json_object_set_new(o, "rings", json_pack("{s:o,s:o}", "rx",
				    json_limits(&nic->rx_ring), "tx", json_limits(&nic->tx_ring)));
	return print_json(o);
}

static void print_limits(const char *what, const struct rex_nic_limits *l)
{
	if (l->max)
		printf("  %-18s %u of at most %u\n", what, l->now, l->max);
}

static void print_nic(const struct rex_nic *nic)
{
	printf("%s: %s%s\n", nic->name, nic->up ? "up" : "down",
	       nic->up && !nic->carrier ? ", no carrier" : "");
	if (*nic->driver)
		printf("  %-18s %s\n", "driver", nic->driver);
	if (*nic->kind)
		printf("  %-18s %s\n", "kind", nic->kind);
	if (*nic->device)
		printf("  %-18s %s %s\n", "device", nic->bus, nic->device);
	printf("  %-18s %s\n", "address", nic->address);
	printf("  %-18s %u\n", "mtu", nic->mtu);
	printf("  %-18s %u rx, %u tx allocated\n", "queues", nic->rx_queues, nic->tx_queues);
	print_limits("combined channels", &nic->combined);
	print_limits("rx channels", &nic->rx);
	print_limits("tx channels", &nic->tx);
	print_limits("other channels", &nic->other);
	print_limits("rx ring", &nic->rx_ring);
	print_limits("tx ring", &nic->tx_ring);
	if (!nic->has_channels)
		printf("  %-18s fixed by the driver\n", "channels");
}

static int nic_show(int argc, char **argv)
{
	static const struct option options[] = { { "json", no_argument, NULL, 'j' }, {} };
	struct rex_nic nic;
	bool json = false;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt != 'j')
			return usage("unknown option \"%s\"", argv[optind - 1]);
		json = true;
	}
	if (argc - optind != 1)
		return usage("one interface is needed");
	if (rex_nic_get(argv[optind], &nic))
		return fail_rex();
	if (json)
		return print_nic_json(&nic);
	print_nic(&nic);
	return 0;
}

static int nic_set(int argc, char **argv)
{
	uint32_t n;

	if (argc != 4)
		return usage("an interface, \"channels\" and a number are needed");
	if (strcmp(argv[2], "channels"))
		return usage("there is no setting \"%s\"; there is channels", argv[2]);
	if (parse_number(argv[3], 65536, &n) || !n)
		return usage("\"%s\" is no number of channels from 1 on", argv[3]);
	return rex_nic_set_channels(argv[1], n) ? fail_rex() : 0;
}

int cmd_nic(int argc, char **argv)
{
	int err;

	if (argc < 2)
		return usage("\"show\" or \"set\" is needed");
	if (strcmp(argv[1], "show") && strcmp(argv[1], "set"))
		return usage("there is no \"nic %s\"; there are show and set", argv[1]);
	err = enter_netns();
	if (err)
		return err;
	return strcmp(argv[1], "show") ? nic_set(argc - 1, argv + 1) : nic_show(argc - 1, argv + 1);
}
