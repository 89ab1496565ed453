// SPDX-License-Identifier: GPL-2.0-only
/* Plans for NICs that are made up here: what is to change, and that nothing is once it did. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../librex/nic_access.h"

/* A NIC: settings are "group key=value" with ; between. */
struct card {
	const char *driver;
	uint32_t max, now, fixed;	/* combined channels; as many queues, if those stay */
	const char *settings;
};

static void parse(const char *text, struct nic_list *list)
{
	/* The list keeps pointers to the groups. */
	static const char *const groups[] = { "rss", "rss-hash", "irq-affinity", "xps", "rps" };
	char *copy = strdup(text), *save = NULL;

	for (char *one = strtok_r(copy, ";", &save); one; one = strtok_r(NULL, ";", &save)) {
		char group[32], key[48], value[1024];
		const char *found = NULL;

		assert_int_equal(sscanf(one, " %31s %47[^=]=%1023s", group, key, value), 3);
		for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
			if (!strcmp(groups[i], group))
				found = groups[i];
		assert_non_null(found);
		assert_int_equal(nic_add(list, found, key, "%s", value), 0);
	}
	free(copy);
}

static struct rex_nic about(const struct card *c)
{
	return (struct rex_nic){
		.name = "eth0", .driver = c->driver, .has_channels = c->max, .rx_queues = c->fixed,
		.combined = { .now = c->now, .max = c->max },
	};
}

/* "queues=4 channels:change rss:ok | channels =4 rss table=equal:4" */
static void render(const struct rex_nic_plan *plan, char *text, size_t size)
{
	static const char *const states[] = { "ok", "change", "changed", "lacks", "refused", "note" };
	size_t len = snprintf(text, size, "queues=%u", plan->queues);

	for (size_t i = 0; i < plan->n_steps; i++)
		len += snprintf(text + len, size - len, " %s:%s", plan->steps[i].group, states[plan->steps[i].state]);
	len += snprintf(text + len, size - len, " |");
	for (size_t i = 0; i < plan->n_settings; i++)
		len += snprintf(text + len, size - len, " %s %s=%s", plan->settings[i].group, plan->settings[i].key,
				plan->settings[i].value);
}

#define IRQS(n0, n1, n2, n3) "irq-affinity virtio0-config=0-3;irq-affinity virtio0-input.0=" n0 \
	";irq-affinity virtio0-output.0=" n0 ";irq-affinity virtio0-input.1=" n1 ";irq-affinity virtio0-input.2=" n2 \
	";irq-affinity virtio0-input.3=" n3 ";"
#define XPS(n0, n1, n2, n3) "xps tx-0=" n0 ";xps tx-1=" n1 ";xps tx-2=" n2 ";xps tx-3=" n3 ";"

static const struct {
	struct card card;
	const char *cores;
	bool bmc;
	const char *plan;
} cases[] = {
	{ { "virtio_net", 4, 2, 0, IRQS("0-3", "0-3", "0-3", "0-3") "xps tx-0=0-3;xps tx-1=none" }, "0-3", false,
	  "queues=4 channels:change rss:lacks irq-affinity:change xps:change | channels =4 irq-affinity spread=0-3 "
	  "xps spread=0-3" },
	{ { "virtio_net", 4, 4, 0, IRQS("0", "1", "2", "3") XPS("0", "1", "2", "3") }, "0-3", true,
	  "queues=4 channels:ok rss:lacks rss-hash:lacks irq-affinity:ok xps:ok |" },
	{ { "virtio_net", 4, 4, 0, IRQS("0", "1", "2", "3") XPS("0", "1", "2", "3") }, "1,2", false,
	  "queues=2 channels:change rss:lacks irq-affinity:change xps:change | channels =2 irq-affinity spread=1,2 "
	  "xps spread=1,2" },
	/* One queue needs neither RSS nor a hash. */
	{ { "virtio_net", 4, 4, 0, IRQS("0", "1", "2", "3") XPS("0", "1", "2", "3") }, "2", true,
	  "queues=1 channels:change irq-affinity:change xps:change | channels =1 irq-affinity spread=2 xps spread=2" },
	/* More CPUs than queues: each sends by one of them. */
	{ { "igb", 2, 2, 0, "rss table=0,1,0,1;rss-hash udp4=sd;rss-hash udp6=sd;irq-affinity eth0=0-7;"
	    "irq-affinity eth0-TxRx-0=0-7;irq-affinity eth0-TxRx-1=0-7;xps tx-0=none;xps tx-1=none" }, "0-4", true,
	  "queues=2 channels:ok rss:ok rss-hash:change irq-affinity:change xps:change | rss-hash udp4=sdfn rss-hash "
	  "udp6=sdfn irq-affinity spread=0-4 xps tx-0=0,2,4 xps tx-1=1,3" },
	/* A table that was given for fewer queues */
	{ { "igb", 8, 2, 0, "rss table=0,1,0,1,0,1,0,1;rss-hash udp4=sdfn;irq-affinity eth0-TxRx-0=0;"
	    "irq-affinity eth0-TxRx-1=1" }, "0-3", true,
	  "queues=4 channels:change rss:change rss-hash:ok irq-affinity:change xps:lacks | channels =4 rss table=equal:4 "
	  "irq-affinity spread=0-3" },
	/* Queues that cannot be fewer: those without a CPU get nothing. */
	{ { "vmxnet3", 0, 0, 4, "rss table=0,1,2,3,0,1,2,3;irq-affinity eth0-rxtx-0=0;irq-affinity eth0-rxtx-1=1;"
	    "irq-affinity eth0-rxtx-2=0;irq-affinity eth0-rxtx-3=1;irq-affinity eth0-event-4=0-3" }, "0,1", false,
	  "queues=4 channels:lacks rss:change irq-affinity:ok xps:lacks | rss table=equal:2" },
	/* One interrupt for all, of the interface's own name */
	{ { "r8169", 0, 0, 1, "irq-affinity eth0=0-3" }, "3", true,
	  "queues=1 channels:lacks irq-affinity:change | irq-affinity eth0=3" },
	{ { "e1000e", 0, 0, 1, "rss-hash tcp4=sdfn;irq-affinity eth0-rx-0=0-3;irq-affinity eth0-tx-0=0-3;"
	    "irq-affinity eth0=0-3" }, "2,3", true,
	  "queues=1 channels:lacks irq-affinity:change | irq-affinity spread=2,3" },
	{ { "mlx5_core", 4, 2, 0, "irq-affinity mlx5_async0@pci:0000:3b:00.0=0;irq-affinity mlx5_comp0@pci:0000:3b:00.0=4;"
	    "irq-affinity mlx5_comp1@pci:0000:3b:00.0=9" }, "4,9", false,
	  "queues=2 channels:ok rss:lacks irq-affinity:ok xps:lacks |" },
	{ { "vmxnet3", 4, 4, 4, "rps rx-0=none;rps rx-1=none;rps rx-2=none;rps rx-3=none;xps tx-0=none;xps tx-1=none;"
	    "xps tx-2=none;xps tx-3=none;rss-hash tcp4=none;rss-hash udp4=none" }, "0,1", true,
	  "queues=4 channels:lacks rss:lacks rss-hash:lacks irq-affinity:lacks xps:change | xps spread=0,1" },
	{ { "veth", 0, 0, 1, "rps rx-0=none" }, "0-3", true, "queues=1 channels:lacks irq-affinity:lacks |" },
	{ { "none", 0, 0, 0, "" }, "0", false, "queues=1 channels:lacks irq-affinity:lacks |" },
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rex_nic nic = about(&cases[i].card);
		struct nic_list now = {};
		struct nic_facts facts = { .about = &nic, .now = &now, .cores = cases[i].cores, .n_online = 4,
					   .bmc = cases[i].bmc, .fixed_channels = cases[i].card.fixed };
		struct rex_nic_plan *plan = NULL;
		char text[2048];

		parse(cases[i].card.settings, &now);
		assert_int_equal(nic_plan(&facts, &plan), 0);
		render(plan, text, sizeof(text));
		assert_string_equal(text, cases[i].plan);
		rex_nic_plan_free(plan);
		nic_list_free(&now);
	}
}

/* ---- all small NICs: after the plan came true, the next one changes nothing ----------------------- */

enum { TABLE = 1, HASH = 2, IRQ = 4, XPS_TOO = 8, CHANNELS = 16, ABILITIES = 32 };

/* What a NIC with @queues has; @plan: NULL, or what was set. */
static void build(struct nic_list *now, uint32_t abilities, uint32_t queues, const uint32_t *cores, uint32_t n_cores,
		  const struct rex_nic_plan *plan)
{
	struct nic_list set = { plan ? plan->settings : NULL, plan ? plan->n_settings : 0 };
	const char *table = nic_value(&set, "rss", "table"), *hash = nic_value(&set, "rss-hash", "udp4");
	bool irq = nic_value(&set, "irq-affinity", "spread");
	char key[48], text[1024] = "";
	size_t len = 0, even = table ? strtoul(table + strlen("equal:"), NULL, 10) : 1;

	for (uint32_t i = 0; i < 64; i++)
		len += snprintf(text + len, sizeof(text) - len, "%s%zu", i ? "," : "", i % even);
	if (abilities & TABLE)
		nic_add(now, "rss", "table", "%s", text);
	if (abilities & HASH)
		nic_add(now, "rss-hash", "udp4", "%s", hash ? hash : "sd");
	for (uint32_t i = 0; i < queues; i++) {
		const char *xps;

		snprintf(key, sizeof(key), "eth0-TxRx-%u", i);
		if (abilities & IRQ)
			nic_add(now, "irq-affinity", key, irq ? "%u" : "0-63", cores[i % n_cores]);
		snprintf(key, sizeof(key), "tx-%u", i);
		xps = nic_value(&set, "xps", key);
		snprintf(text, sizeof(text), "%u", cores[i % n_cores]);
		if (abilities & XPS_TOO)
			nic_add(now, "xps", key, "%s", xps ? xps : nic_value(&set, "xps", "spread") ? text : "none");
	}
}

static size_t count_changes(const struct rex_nic_plan *plan)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->n_steps; i++)
		n += plan->steps[i].state == REX_PLAN_CHANGE;
	return n;
}

static void test_one_small_nic(uint32_t n_cores, uint32_t max, uint32_t queues, uint32_t abilities)
{
	struct card card = { "any", abilities & CHANNELS ? max : 0, queues, queues, "" };
	uint32_t cores[16];
	char list[64] = "", mask[64], canonical[64];
	struct rex_nic_plan *plan = NULL, *again = NULL;
	struct nic_list now = {};
	struct rex_nic nic = about(&card);
	struct nic_facts facts = { .about = &nic, .now = &now, .cores = canonical, .n_online = 64, .bmc = true };

	for (uint32_t i = 0; i < n_cores; i++) {
		cores[i] = i * 3 / 2;	/* 0,1,3,4,... */
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%u", i ? "," : "", cores[i]);
	}
	assert_int_equal(nic_cpus_to_mask(list, mask, sizeof(mask)), 0);
	assert_int_equal(nic_mask_to_cpus(mask, canonical, sizeof(canonical)), 0);
	build(&now, abilities, queues, cores, n_cores, NULL);
	assert_int_equal(nic_plan(&facts, &plan), 0);
	assert_int_equal(plan->queues, !(abilities & CHANNELS) ? queues : n_cores < max ? n_cores : max);
	for (size_t i = 0; i < plan->n_steps; i++)
		assert_int_equal(plan->steps[i].state == REX_PLAN_CHANGE, plan->steps[i].n > 0);
	if (abilities & IRQ)
		assert_true(count_changes(plan) > 0);
	nic_list_free(&now);

	nic.combined.now = abilities & CHANNELS ? plan->queues : queues;
	build(&now, abilities, plan->queues, cores, n_cores, plan);
	assert_int_equal(nic_plan(&facts, &again), 0);
	assert_int_equal(count_changes(again), 0);
	assert_int_equal(again->n_settings, 0);
	rex_nic_plan_free(plan);
	rex_nic_plan_free(again);
	nic_list_free(&now);
}

static void test_small_nics(void **state)
{
	(void)state;
	for (uint32_t n_cores = 1; n_cores <= 9; n_cores++)
		for (uint32_t max = 1; max <= 8; max++)
			for (uint32_t now = 1; now <= max; now += 3)
				for (uint32_t abilities = 0; abilities < ABILITIES; abilities++)
					test_one_small_nic(n_cores, max, now, abilities);
}

static void test_no_cpus(void **state)
{
	static const char *const bad[] = { "", "none", "x", "3-1", "0-", "0,", "99999" };
	struct card card = { "any", 4, 4, 0, "" };
	struct rex_nic nic = about(&card);
	struct nic_list now = {};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct nic_facts facts = { .about = &nic, .now = &now, .cores = bad[i] };
		struct rex_nic_plan *plan = NULL;

		assert_int_equal(nic_plan(&facts, &plan), -EINVAL);
		assert_null(plan);
	}
}

static void test_queue_of_interrupt(void **state)
{
	static const struct {
		const char *name;
		int queue;
	} names[] = {
		{ "virtio0-input.3", 3 }, { "virtio0-config", -1 }, { "eth0-TxRx-12", 12 }, { "eth0", -1 },
		{ "eth0-rxtx-0", 0 }, { "eth0-event-4", -1 }, { "mlx5_comp5@pci:0000:3b:00.0", 5 },
		{ "mlx5_async0@pci:0000:3b:00.0", -1 }, { "ena-mgmnt@pci:0000:00:05.0", -1 }, { "eth0-Tx-Rx-1", 1 },
		{ "ice-0000:3b:00.0:misc", -1 }, { "5", -1 }, { "", -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(nic_irq_queue("eth0", names[i].name), names[i].queue);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_small_nics),
		cmocka_unit_test(test_no_cpus),
		cmocka_unit_test(test_queue_of_interrupt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
