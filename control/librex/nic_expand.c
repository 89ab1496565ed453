// SPDX-License-Identifier: GPL-2.0-only
/*
 * Settings that stand for others, "spread=0-3" or "equal:4", as the settings that they stand for; and
 * whether these are set already.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nic_access.h"

/* ---- which CPUs ---------------------------------------------------------------------------------- */

/* "irq-affinity spread=0-3": one CPU after the other to each, "all=0-3": the same to each. */
bool nic_is_for_each(const struct rex_nic_setting *wanted)
{
	static const char *const of_queues[] = { "irq-affinity", "xps", "rps" };

	for (size_t i = 0; i < ARRAY_SIZE(of_queues); i++)
		if (!strcmp(wanted->group, of_queues[i]))
			return !strcmp(wanted->key, "spread") || !strcmp(wanted->key, "all");
	return false;
}

static int nth_cpu(const char *list, size_t n, char *cpu, size_t size)
{
	uint32_t cpus[NIC_MAX_CPUS];
	int count = nic_cpus_parse(list, cpus);

	if (count <= 0)
		return count ? count : rex_fail(-EINVAL, "\"%s\" has no CPU to spread over", list);
	snprintf(cpu, size, "%u", cpus[n % count]);
	return 0;
}

/* Where among the queues a setting is; -1: it is the interrupt of no queue, which is left where it is. */
static int place_of(const struct nic *nic, const struct rex_nic_setting *s, int n)
{
	return strcmp(s->group, "irq-affinity") ? n : nic_irq_queue(nic->name, s->key);
}

static int expand_each(struct nic *nic, const struct nic_list *now, const struct rex_nic_setting *wanted,
		       struct nic_list *to)
{
	bool spread = !strcmp(wanted->key, "spread");
	int err = 0, n = 0;

	for (size_t i = 0; !err && i < now->n; i++) {
		char cpu[16];
		int at;

		if (strcmp(now->list[i].group, wanted->group))
			continue;
		at = place_of(nic, &now->list[i], n++);
		if (at < 0)
			continue;
		if (spread)
			err = nth_cpu(wanted->value, at, cpu, sizeof(cpu));
		if (!err)
			err = nic_add(to, wanted->group, now->list[i].key, "%s", spread ? cpu : wanted->value);
	}
	return err || to->n ? err : rex_fail(-EOPNOTSUPP, "\"%s\" has no %s that can be set", nic->name,
					     wanted->group);
}

/* ---- how many queues, and which ------------------------------------------------------------------ */

/* "channels 4": of each kind that there is, as rex_nic_set_channels() does. */
static int expand_channels(const struct nic_list *now, const struct rex_nic_setting *wanted,
			   struct nic_list *to)
{
	int err;

	if (nic_value(now, "channels", "combined") || !nic_value(now, "channels", "rx"))
		return nic_add(to, wanted->group, "combined", "%s", wanted->value);
	err = nic_add(to, wanted->group, "rx", "%s", wanted->value);
	return err ? err : nic_add(to, wanted->group, "tx", "%s", wanted->value);
}

/* The kernel's default leads to all receive queues in turn. */
static uint64_t queues_of_table(const struct nic_list *now, const char *value)
{
	const char *queues = nic_value(now, "channels", "combined");
	uint64_t n = 0;

	if (!strncmp(value, "equal:", 6))
		queues = value + 6;
	else if (!queues || !strcmp(queues, "0"))
		queues = nic_value(now, "channels", "rx");
	return queues && !rex_word_number(queues, UINT32_MAX, &n) ? n : 0;
}

static int expand_table(const struct nic_list *now, const struct rex_nic_setting *wanted, struct nic_list *to)
{
	const char *is = nic_value(now, "rss", "table");
	uint64_t n = queues_of_table(now, wanted->value);
	size_t places = 1;
	char *text, *at;
	int err;

	/* Whoever writes it says what is wrong with it. */
	if (!is || !n)
		return nic_add(to, wanted->group, wanted->key, "%s", wanted->value);
	for (const char *c = is; *c; c++)
		places += *c == ',';
	text = at = malloc(places * 11 + 1);
	if (!text)
		return rex_fail(-ENOMEM, "out of memory");
	for (size_t i = 0; i < places; i++)
		at += sprintf(at, "%s%u", i ? "," : "", (uint32_t)(i % n));
	err = nic_add(to, wanted->group, wanted->key, "%s", text);
	free(text);
	return err;
}

int nic_expand(struct nic *nic, const struct nic_list *now, const struct rex_nic_setting *wanted,
	       struct nic_list *to)
{
	if (nic_is_for_each(wanted))
		return expand_each(nic, now, wanted, to);
	if (!strcmp(wanted->group, "channels") && !*wanted->key)
		return expand_channels(now, wanted, to);
	if (!strcmp(wanted->group, "rss") && !strcmp(wanted->key, "table") &&
	    (!strcmp(wanted->value, "default") || !strncmp(wanted->value, "equal:", 6)))
		return expand_table(now, wanted, to);
	return nic_add(to, wanted->group, strcmp(wanted->group, "offload") ? wanted->key :
		       nic_offload_name(wanted->key), "%s", wanted->value);
}

/* ---- whether it is so already -------------------------------------------------------------------- */

static bool same_cpus(const char *a, const char *b)
{
	char mask[NIC_MAX_CPUS / 32 * 9 + 1], list[4096];

	return !nic_cpus_to_mask(a, mask, sizeof(mask)) && !nic_mask_to_cpus(mask, list, sizeof(list)) &&
	       !strcmp(list, b);
}

/* "sdfn" and "nfds" */
static bool same_letters(const char *a, const char *b)
{
	return strlen(a) == strlen(b) && strspn(a, b) == strlen(a) && strspn(b, a) == strlen(b);
}

/* As it was written, and as it was read. */
static bool same_value(const char *group, const char *wanted, const char *is)
{
	uint64_t a, b;

	if (!strcmp(wanted, is))
		return true;
	if (!strcmp(group, "rss-hash"))
		return same_letters(wanted, is);
	if (!strcmp(group, "rss"))
		return !strcasecmp(wanted, is);
	if (!strcmp(group, "irq-affinity") || !strcmp(group, "xps") || !strcmp(group, "rps"))
		return same_cpus(wanted, is);
	return !rex_word_number(wanted, UINT64_MAX, &a) && !rex_word_number(is, UINT64_MAX, &b) && a == b;
}

static int is_changed(struct nic *nic, const struct nic_list *now, const struct rex_nic_setting *wanted,
		      bool *changed)
{
	struct nic_list each = {};
	int err = nic_expand(nic, now, wanted, &each);

	*changed = false;
	for (size_t i = 0; !err && i < each.n; i++) {
		const struct rex_nic_setting *one = &each.list[i];
		const char *is = nic_value(now, one->group, one->key);

		if (!is)
			err = rex_fail(-EOPNOTSUPP, "\"%s\" has no setting \"%s %s\"; \"rexctl nic show %s --json\" "
				       "lists what there is", nic->name, one->group, one->key, nic->name);
		else
			*changed |= !same_value(one->group, one->value, is);
	}
	nic_list_free(&each);
	return err;
}

/* Another number of queues can change these, and which of them there are. */
static bool is_about_queues(const struct rex_nic_setting *s)
{
	return nic_is_for_each(s) || !strcmp(s->group, "rss") || !strcmp(s->group, "irq-affinity") ||
	       !strcmp(s->group, "xps") || !strcmp(s->group, "rps");
}

int rex_nic_changed(const char *ifname, const struct rex_nic_setting *wanted, size_t n, bool *changed)
{
	bool other_queues = false;
	struct nic_list now;
	struct nic nic;
	int err = nic_open(&nic, ifname);

	if (err)
		return err;
	err = nic_read_all(&nic, &now);
	for (size_t i = 0; !err && i < n; i++)
		if (!strcmp(wanted[i].group, "channels")) {
			err = is_changed(&nic, &now, &wanted[i], &changed[i]);
			other_queues |= changed[i];
		}
	for (size_t i = 0; !err && i < n; i++) {
		if (other_queues && is_about_queues(&wanted[i]))
			changed[i] = true;
		else if (strcmp(wanted[i].group, "channels"))
			err = is_changed(&nic, &now, &wanted[i], &changed[i]);
	}
	nic_list_free(&now);
	nic_close(&nic);
	return err;
}
