// SPDX-License-Identifier: GPL-2.0-only
/* nic show: what a network interface is, has and is set to, and what is in XDP's way there. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"

struct nic_args {
	const char *iface;
	bool json;
};

/* All that is shown. */
struct shown {
	struct rex_nic *nic;
	struct rex_nic_setting *settings;
	size_t n_settings;
	struct rex_nic_counter *counters;
	size_t n_counters;
	struct rex_check *checks;
	size_t n_checks;
	uint64_t features;
	bool has_features;
};

static const char *const xdp_features[] = {
	"basic", "redirect", "ndo-xmit", "xsk-zerocopy", "hw-offload", "rx-sg", "ndo-xmit-sg",
};

static json_t *json_limits(const struct rex_nic_limits *l)
{
	return json_pack("{s:I,s:I}", "now", (json_int_t)l->now, "max", (json_int_t)l->max);
}

/* {"rings": {"rx": "512", ...}, ...} */
static json_t *json_settings(const struct shown *s)
{
	json_t *all = json_object(), *group;

	for (size_t i = 0; i < s->n_settings; i++) {
		const struct rex_nic_setting *one = &s->settings[i];

		group = json_object_get(all, one->group);
		if (!group) {
			group = json_object();
			json_object_set_new(all, one->group, group);
		}
		json_object_set_new(group, one->key, json_text(one->value));
	}
	return all;
}

static json_t *json_features(const struct shown *s)
{
	json_t *list;

	if (!s->has_features)
		return json_null();
	list = json_array();
	for (size_t i = 0; i < ARRAY_SIZE(xdp_features); i++)
		if (s->features & 1u << i)
			json_array_append_new(list, json_string(xdp_features[i]));
	return list;
}

static void add_json(json_t *o, const struct shown *s)
{
	json_t *counters = json_array();

	/* A list: some drivers have the same name for each queue. */
	for (size_t i = 0; i < s->n_counters; i++)
		json_array_append_new(counters, json_pack("{s:o,s:I}", "name", json_text(s->counters[i].name),
							  "value", (json_int_t)s->counters[i].value));
	json_object_set_new(o, "firmware", json_text(s->nic->firmware));
	json_object_set_new(o, "settings", json_settings(s));
	json_object_set_new(o, "counters", counters);
	json_object_set_new(o, "xdp_features", json_features(s));
	json_object_set_new(o, "checks", json_checks(s->checks, s->n_checks));
}

static int print_nic_json(const struct shown *s)
{
	const struct rex_nic *nic = s->nic;
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
	if (o)
		add_json(o, s);
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
	if (*nic->firmware)
		out("  %-18s %s\n", "firmware", nic->firmware);
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

/* "  coalescing         rx-usecs 3, tx-usecs 0"; what does not fit goes to further lines. */
static void print_rows(const struct shown *s, const char *group, const char *what, const char *skip)
{
	size_t len = 0;

	for (size_t i = 0; i < s->n_settings; i++) {
		const struct rex_nic_setting *one = &s->settings[i];
		size_t width = strlen(one->key) + strlen(one->value) + 3;

		if (strcmp(one->group, group) || (skip && !strcmp(one->value, skip)))
			continue;
		if (len && len + width > 76) {
			out(",\n");
			what = "";
			len = 0;
		}
		if (len)
			out(", %s %s", one->key, one->value);
		else
			out("  %-18s %s %s", what, one->key, one->value);
		len += width;
	}
	if (len)
		out("\n");
}

/* How often each queue is in the table of RSS: "queue 0: 64, queue 1: 64 of 128". */
static void print_table(const char *table)
{
	uint32_t uses[256] = {}, places = 0;
	char *end;

	for (const char *at = table; *at; at = end + (*end == ',')) {
		unsigned long queue = strtoul(at, &end, 10);

		if (end == at)
			break;
		uses[queue < ARRAY_SIZE(uses) ? queue : ARRAY_SIZE(uses) - 1]++;
		places++;
	}
	out("  %-18s of %u places, ", "rss table", places);
	for (size_t i = 0, n = 0; i < ARRAY_SIZE(uses); i++)
		if (uses[i])
			out("%squeue %zu: %u", n++ ? ", " : "", i, uses[i]);
	out("\n");
}

static void print_settings(const struct shown *s)
{
	static const struct {
		const char *group, *what, *skip;
	} rows[] = {
		{ "coalesce", "coalescing", "0" }, { "offload", "offloads", "off" },
		{ "rss-hash", "rss hash fields", NULL }, { "irq-affinity", "interrupts", NULL },
		{ "xps", "xps", "none" }, { "rps", "rps", "none" }, { "napi-threaded", "napi", NULL },
		{ "busy-poll", "polling", "0" },
	};

	for (size_t i = 0; i < s->n_settings; i++) {
		const struct rex_nic_setting *one = &s->settings[i];

		if (strcmp(one->group, "rss"))
			continue;
		if (!strcmp(one->key, "table"))
			print_table(one->value);
		else
			out("  rss %-14s %s\n", one->key, one->value);
	}
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		print_rows(s, rows[i].group, rows[i].what, rows[i].skip);
}

static void print_more(const struct shown *s)
{
	out("  %-18s", "xdp features");
	for (size_t i = 0; i < ARRAY_SIZE(xdp_features); i++)
		if (s->features & 1u << i)
			out(" %s", xdp_features[i]);
	out(s->features ? "\n" : s->has_features ? " none\n" : " not reported by the kernel\n");
	for (size_t i = 0; i < s->n_counters; i++)
		if (s->counters[i].value)
			out("  counter %-24s %" PRIu64 "\n", s->counters[i].name, s->counters[i].value);
	for (size_t i = 0; i < s->n_checks; i++)
		if (s->checks[i].grade > REX_GOOD)
			print_check(&s->checks[i], "  ");
}

static int read_shown(const char *iface, struct shown *s)
{
	s->has_features = !rex_nic_xdp_features(iface, &s->features);
	return rex_nic_get(iface, &s->nic) || rex_nic_settings(iface, &s->settings, &s->n_settings) ||
	       rex_nic_counters(iface, &s->counters, &s->n_counters) ||
	       rex_check_nic(iface, &s->checks, &s->n_checks) ? fail_rex() : 0;
}

static int nic_show(const void *args)
{
	const struct nic_args *a = args;
	struct shown s = {};
	int err = enter_netns();

	if (err)
		return err;
	err = read_shown(a->iface, &s);
	if (!err && a->json) {
		err = print_nic_json(&s);
	} else if (!err) {
		print_nic(s.nic);
		print_settings(&s);
		print_more(&s);
		err = flush_output();
	}
	rex_nic_free(s.nic);
	rex_nic_settings_free(s.settings, s.n_settings);
	free(s.counters);
	free(s.checks);
	return err;
}

const struct cli_command cmd_nic_show = {
	.name = "nic show", .help = "what a network interface is and is set to, and what is in XDP's way",
	.args = (const struct cli_arg[]){
		{ .name = "IFACE", .help = "an interface", .parse = cli_text,
		  .to = CLI_TO(nic_args, iface), .flags = CLI_NEEDED },
		CLI_JSON(nic_args, "one line of JSON, with every setting and counter"),
		{}
	},
	.size = sizeof(struct nic_args), .run = nic_show,
};
