// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plan for the settings of a NIC: one queue for each CPU, and the packets of a queue on one CPU from
 * the interrupt to the reply. Made of facts alone, so that tests can make up NICs.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nic_access.h"

#define CPUS_TEXT 1024

struct planner {
	const struct nic_facts *f;
	struct rex_nic_plan *plan;
	struct nic_list settings;
	uint32_t cores[NIC_MAX_CPUS], n_cores;
	uint32_t queues_now;
	bool fixed, failed;		/* fixed: the number of queues */
};

/* ---- its parts ----------------------------------------------------------------------------------- */

static void *grow(struct planner *p, void **list, size_t *n, size_t size)
{
	void *grown = realloc(*list, (*n + 1) * size);

	if (!grown) {
		p->failed = true;
		return NULL;
	}
	*list = grown;
	return memset((char *)grown + (*n)++ * size, 0, size);
}

static void row(struct planner *p, const char *group, const char *key, const char *now, const char *wanted)
{
	struct rex_plan_row *r = grow(p, (void **)&p->plan->rows, &p->plan->n_rows, sizeof(*r));

	if (!r)
		return;
	r->group = group;
	snprintf(r->key, sizeof(r->key), "%s", key);
	snprintf(r->now, sizeof(r->now), "%s", now);
	snprintf(r->wanted, sizeof(r->wanted), "%s", wanted);
}

static __printf(4, 5) void setting(struct planner *p, const char *group, const char *key, const char *fmt, ...)
{
	char value[CPUS_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	if (nic_add(&p->settings, group, key, "%s", value))
		p->failed = true;
}

/* Its settings are those that were added since the step before. */
static __printf(4, 5) void step(struct planner *p, const char *group, enum rex_plan_state state,
				const char *fmt, ...)
{
	struct rex_plan_step *s = grow(p, (void **)&p->plan->steps, &p->plan->n_steps, sizeof(*s));
	va_list ap;

	if (!s)
		return;
	s->group = group;
	s->state = state;
	if (p->plan->n_steps > 1)
		s->first = s[-1].first + s[-1].n;
	s->n = p->settings.n - s->first;
	va_start(ap, fmt);
	vsnprintf(s->why, sizeof(s->why), fmt, ap);
	va_end(ap);
}

/* Whether any setting differs was found by rows: @before, how many there were. */
static enum rex_plan_state changed_since(const struct planner *p, size_t before)
{
	return p->plan->n_rows > before ? REX_PLAN_CHANGE : REX_PLAN_SAME;
}

/* ---- queues -------------------------------------------------------------------------------------- */

static uint32_t count(const struct planner *p, const char *group, const char *begin)
{
	uint32_t n = 0;

	for (size_t i = 0; i < p->f->now->n; i++)
		n += !strcmp(p->f->now->list[i].group, group) &&
		     !strncmp(p->f->now->list[i].key, begin, strlen(begin));
	return n;
}

/* sysfs has those that are in use; a NIC without RPS has what was allocated. */
static uint32_t fixed_queues(const struct planner *p)
{
	uint32_t n = count(p, "rps", "rx-");

	return n ? n : p->f->about->rx_queues ? : 1;
}

/* With XDP, virtio sends without a lock only by queues that the stack does not use, one for each CPU. */
static const char *virtio_note(const struct planner *p, uint32_t max)
{
	return !strcmp(p->f->about->driver, "virtio_net") && max < p->plan->queues + p->f->n_online ?
	       "; replies of XDP programs take a lock, as virtio has no further queue for each CPU" : "";
}

static void plan_channels(struct planner *p)
{
	const struct rex_nic *n = p->f->about;
	bool combined = n->combined.max;
	uint32_t max = combined ? n->combined.max : n->rx.max < n->tx.max ? n->rx.max : n->tx.max;
	uint32_t now = combined ? n->combined.now : n->rx.now, tx = combined ? now : n->tx.now;
	char is[32], wanted[32];

	p->queues_now = p->plan->queues = fixed_queues(p);
	p->fixed = !n->has_channels || !max || p->f->fixed_channels;
	if (p->fixed) {
		step(p, "channels", REX_PLAN_LACKS, "the driver has a fixed number of queues: %u, for %u CPUs",
		     p->plan->queues, p->n_cores);
		return;
	}
	p->queues_now = now;
	p->plan->queues = p->n_cores < max ? p->n_cores : max;
	if (now != p->plan->queues || tx != p->plan->queues) {
		snprintf(is, sizeof(is), combined || now == tx ? "%u" : "%u rx, %u tx", now, tx);
		snprintf(wanted, sizeof(wanted), "%u", p->plan->queues);
		row(p, "channels", combined ? "combined" : "rx and tx", is, wanted);
		setting(p, "channels", "", "%u", p->plan->queues);
	}
	if (p->n_cores > max)
		step(p, "channels", changed_since(p, 0), "at most %u queue%s: %u of the %u CPUs get none%s", max,
		     max == 1 ? " is possible" : "s are possible", p->n_cores - max, p->n_cores, virtio_note(p, max));
	else
		step(p, "channels", changed_since(p, 0), "a queue for each CPU: none waits for another%s",
		     virtio_note(p, max));
}

/* ---- RSS ----------------------------------------------------------------------------------------- */

/* Whether the table leads to each of @n queues equally often, and to no other. */
static bool is_even(const char *table, uint32_t n, char *text, size_t size)
{
	uint32_t *uses = calloc(n, sizeof(*uses)), places = 0, most = 0, least = UINT32_MAX, others = 0;
	char *end;

	for (const char *at = table; uses && *at; at = end + (*end == ',')) {
		unsigned long queue = strtoul(at, &end, 10);

		if (end == at)
			break;
		if (queue < n)
			uses[queue]++;
		else
			others++;
		places++;
	}
	for (uint32_t i = 0; uses && i < n; i++) {
		most = uses[i] > most ? uses[i] : most;
		least = uses[i] < least ? uses[i] : least;
	}
	free(uses);
	if (others)
		snprintf(text, size, "%u of %u places elsewhere", others, places);
	else
		snprintf(text, size, "%u to %u of %u places per queue", least, most, places);
	return !others && most - least <= 1;
}

static void plan_table(struct planner *p)
{
	const char *table = nic_value(p->f->now, "rss", "table");
	uint32_t queues = p->plan->queues < p->n_cores ? p->plan->queues : p->n_cores;
	size_t before = p->plan->n_rows;
	char text[64], wanted[64];

	if (!table) {
		if (p->plan->queues > 1)
			step(p, "rss", REX_PLAN_LACKS, "there is no table of queues to set: the driver or the device "
			     "chooses the queue");
		return;
	}
	if (!is_even(table, queues, text, sizeof(text))) {
		snprintf(wanted, sizeof(wanted), "even over %u", queues);
		row(p, "rss", "table", text, wanted);
		setting(p, "rss", "table", "equal:%u", queues);
	}
	step(p, "rss", changed_since(p, before), "each of %u queues gets as many flows%s", queues,
	     queues < p->plan->queues ? "; the other queues would have no CPU of their own" : "");
}

static bool has_all(const char *fields, const char *wanted)
{
	return strspn(wanted, fields) == strlen(wanted);
}

/*
 * NICs hash UDP by addresses alone, as fragments have no ports: then all that one client sends comes
 * to one queue.
 */
static void plan_hash(struct planner *p)
{
	static const char *const flows[] = { "udp4", "udp6" };
	size_t before = p->plan->n_rows, found = 0;
	bool hashes = false;		/* virtio without RSS says "none" to all that is asked */

	for (size_t i = 0; i < p->f->now->n; i++)
		hashes |= !strcmp(p->f->now->list[i].group, "rss-hash") && strcmp(p->f->now->list[i].value, "none");

	if (!p->f->bmc || p->plan->queues < 2)
		return;
	for (size_t i = 0; hashes && i < ARRAY_SIZE(flows); i++) {
		const char *now = nic_value(p->f->now, "rss-hash", flows[i]);

		found += now != NULL;
		if (!now || has_all(now, "sdfn"))
			continue;
		row(p, "rss-hash", flows[i], now, "sdfn");
		setting(p, "rss-hash", flows[i], "sdfn");
	}
	if (!found)
		step(p, "rss-hash", REX_PLAN_LACKS, "the driver does not say which fields of UDP it hashes: if "
		     "addresses alone, all requests of one client come to one queue");
	else
		step(p, "rss-hash", changed_since(p, before), "memcached over UDP: with the ports in the hash, the "
		     "sockets of one client come to all queues");
}

/* ---- CPUs ---------------------------------------------------------------------------------------- */

/* One row if the CPUs of @key are others. Both lists are as the kernel writes them. */
static void row_of_cpus(struct planner *p, const char *group, const char *key, const char *wanted)
{
	const char *now = nic_value(p->f->now, group, key);

	if (!now || strcmp(now, wanted))
		row(p, group, key, now ? now : "none", wanted);
}

static void plan_irqs(struct planner *p)
{
	const char *single = NULL;
	size_t before = p->plan->n_rows, n = 0, queues = 0;
	char cpu[16];

	for (size_t i = 0; i < p->f->now->n; i++) {
		const struct rex_nic_setting *s = &p->f->now->list[i];
		int queue;

		if (strcmp(s->group, "irq-affinity"))
			continue;
		queue = nic_irq_queue(p->f->about->name, s->key);
		single = n++ ? NULL : s->key;
		queues += queue >= 0;
		if (queue >= 0) {
			snprintf(cpu, sizeof(cpu), "%u", p->cores[queue % p->n_cores]);
			row_of_cpus(p, "irq-affinity", s->key, cpu);
		}
	}
	if (queues) {
		/* The driver may ask for other interrupts when the number of queues changes. */
		if (p->plan->n_rows > before || p->plan->queues != p->queues_now)
			setting(p, "irq-affinity", "spread", "%s", p->f->cores);
		step(p, "irq-affinity", p->plan->n_rows > before || p->plan->queues != p->queues_now ? REX_PLAN_CHANGE :
		     REX_PLAN_SAME, "each queue interrupts one CPU, which also runs its XDP programs");
	} else if (single) {
		snprintf(cpu, sizeof(cpu), "%u", p->cores[0]);
		row_of_cpus(p, "irq-affinity", single, cpu);
		if (p->plan->n_rows > before)
			setting(p, "irq-affinity", single, "%s", cpu);
		step(p, "irq-affinity", changed_since(p, before), "its one interrupt stays on one CPU, whose cache has "
		     "what it needs");
	} else {
		step(p, "irq-affinity", REX_PLAN_LACKS, "it has no interrupts of its own%s", n ? " for each queue" :
		     ": packets are handled where they were sent");
	}
}

/* The CPUs that send by queue @at of @n: all, one queue after the other; or the one of that queue. */
static void cpus_of_queue(const struct planner *p, uint32_t at, uint32_t n, char *text, size_t size)
{
	char mask[NIC_MAX_CPUS / 32 * 9 + 1], list[CPUS_TEXT];
	size_t len = 0;

	if (n >= p->n_cores) {
		snprintf(text, size, "%u", p->cores[at % p->n_cores]);
		return;
	}
	for (uint32_t i = at; i < p->n_cores && len < sizeof(list); i += n)
		len += snprintf(list + len, sizeof(list) - len, "%s%u", len ? "," : "", p->cores[i]);
	if (len >= sizeof(list) || nic_cpus_to_mask(list, mask, sizeof(mask)) || nic_mask_to_cpus(mask, text, size))
		snprintf(text, size, "%u", p->cores[at]);
}

static void plan_xps(struct planner *p)
{
	uint32_t there = count(p, "xps", "tx-"), n = p->fixed ? there : p->plan->queues;
	size_t before = p->plan->n_rows;
	bool spread = n >= p->n_cores;
	char key[32], cpus[CPUS_TEXT];

	if (!there) {
		if (p->plan->queues > 1)
			step(p, "xps", REX_PLAN_LACKS, "there is no choice of which CPU sends by which queue");
		return;
	}
	for (uint32_t i = 0; i < n; i++) {
		size_t rows = p->plan->n_rows;

		snprintf(key, sizeof(key), "tx-%u", i);
		cpus_of_queue(p, i, n, cpus, sizeof(cpus));
		row_of_cpus(p, "xps", key, cpus);
		/* Drivers set it anew with the number of queues. */
		if (!spread && (p->plan->n_rows > rows || p->plan->queues != p->queues_now))
			setting(p, "xps", key, "%s", cpus);
	}
	if (spread && (p->plan->n_rows > before || p->plan->queues != p->queues_now))
		setting(p, "xps", "spread", "%s", p->f->cores);
	step(p, "xps", p->plan->n_rows > before || p->plan->queues != p->queues_now ? REX_PLAN_CHANGE : REX_PLAN_SAME,
	     "a CPU sends by the queue that it receives from: no lock is shared");
}

static void plan_irqbalance(struct planner *p)
{
	if (p->f->has_irqbalance && count(p, "irq-affinity", ""))
		step(p, "irqbalance", REX_PLAN_NOTE, "irqbalance runs, and moves interrupts again: \"systemctl disable "
		     "--now irqbalance\"");
}

int nic_plan(const struct nic_facts *facts, struct rex_nic_plan **plan)
{
	struct planner *p = calloc(1, sizeof(*p));
	int n, err = 0;

	if (p)
		p->plan = calloc(1, sizeof(*p->plan));
	if (!p || !p->plan) {
		free(p);
		return rex_fail(-ENOMEM, "out of memory");
	}
	p->f = facts;
	n = nic_cpus_parse(facts->cores, p->cores);
	if (n <= 0)
		err = n ? n : rex_fail(-EINVAL, "there is no CPU in \"%s\"", facts->cores);
	p->plan->n_cores = p->n_cores = n > 0 ? n : 0;
	snprintf(p->plan->cores, sizeof(p->plan->cores), "%s", facts->cores);
	if (!err) {
		plan_channels(p);
		plan_table(p);
		plan_hash(p);
		plan_irqs(p);
		plan_xps(p);
		plan_irqbalance(p);
	}
	if (!err && p->failed)
		err = rex_fail(-ENOMEM, "out of memory");
	p->plan->settings = p->settings.list;
	p->plan->n_settings = p->settings.n;
	if (err)
		rex_nic_plan_free(p->plan);
	else
		*plan = p->plan;
	free(p);
	return err;
}

void rex_nic_plan_free(struct rex_nic_plan *plan)
{
	if (!plan)
		return;
	rex_nic_settings_free(plan->settings, plan->n_settings);
	free(plan->steps);
	free(plan->rows);
	free(plan);
}
