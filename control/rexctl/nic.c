// SPDX-License-Identifier: GPL-2.0-only
/* nic: what a network interface has, and its number of queues. */
#include "rexctl.h"

struct nic_args {
	const char *iface;
	bool json;
	uint32_t channels;
};

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
		out("  %-18s %u of at most %u\n", what, l->now, l->max);
}

static void print_nic(const struct rex_nic *nic)
{
	out("%s: %s%s\n", nic->name, nic->up ? "up" : "down",
	       nic->up && !nic->carrier ? ", no carrier" : "");
	if (*nic->driver)
		out("  %-18s %s\n", "driver", nic->driver);
	if (*nic->kind)
		out("  %-18s %s\n", "kind", nic->kind);
	if (*nic->device)
		out("  %-18s %s %s\n", "device", nic->bus, nic->device);
	out("  %-18s %s\n", "address", nic->address);
	out("  %-18s %u\n", "mtu", nic->mtu);
	out("  %-18s %u rx, %u tx allocated\n", "queues", nic->rx_queues, nic->tx_queues);
	print_limits("combined channels", &nic->combined);
	print_limits("rx channels", &nic->rx);
	print_limits("tx channels", &nic->tx);
	print_limits("other channels", &nic->other);
	print_limits("rx ring", &nic->rx_ring);
	print_limits("tx ring", &nic->tx_ring);
	if (!nic->has_channels)
		out("  %-18s fixed by the driver\n", "channels");
}

static int nic_show(const void *args)
{
	const struct nic_args *a = args;
	struct rex_nic *nic;
	int err = enter_netns();

	if (err)
		return err;
	if (rex_nic_get(a->iface, &nic))
		return fail_rex();
	if (a->json)
		err = print_nic_json(nic);
	else
		print_nic(nic);
	rex_nic_free(nic);
	return err ? err : flush_output();
}

const struct cli_command cmd_nic_show = {
	.name = "nic show", .help = "driver, queues, channels and rings of a network interface",
	.args = (const struct cli_arg[]){
		{ .name = "IFACE", .help = "an interface", .parse = cli_text,
		  .to = CLI_TO(nic_args, iface), .flags = CLI_NEEDED },
		CLI_JSON(nic_args, "one line of JSON"),
		{}
	},
	.size = sizeof(struct nic_args), .run = nic_show,
};

static int nic_set(const void *args)
{
	const struct nic_args *a = args;
	int err = enter_netns();

	if (err)
		return err;
	return rex_nic_set_channels(a->iface, a->channels) ? fail_rex() : 0;
}

const struct cli_command cmd_nic_set = {
	.name = "nic set", .help = "set the number of queues",
	.args = (const struct cli_arg[]){
		{ .name = "IFACE", .help = "an interface", .parse = cli_text,
		  .to = CLI_TO(nic_args, iface), .flags = CLI_NEEDED },
		{ .name = "channels", .value = "N", .help = "pairs of receive and transmit queues",
		  .parse = cli_number, .to = CLI_TO(nic_args, channels), .flags = CLI_NEEDED,
		  .min = 1, .max = 65536 },
		{}
	},
	.size = sizeof(struct nic_args), .run = nic_set,
};
