// SPDX-License-Identifier: GPL-2.0-only
/* Lists of CPUs, "0-3,5", and the kernel's masks of them, "1,0000002f": groups of 32, the first last. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nic_access.h"

#define WORDS (NIC_MAX_CPUS / 32)

struct cpus {
	uint32_t word[WORDS];
	size_t n;			/* words in use, at least 1 */
};

static bool parse_list(const char *list, struct cpus *cpus)
{
	while (*list) {
		unsigned long first, last;
		char *end;

		if (!isdigit((unsigned char)*list))
			return false;
		first = last = strtoul(list, &end, 10);
		if (*end == '-' && isdigit((unsigned char)end[1]))
			last = strtoul(end + 1, &end, 10);
		if (first > last || last >= NIC_MAX_CPUS || (*end && (*end != ',' || !end[1])))
			return false;
		for (unsigned long cpu = first; cpu <= last; cpu++)
			cpus->word[cpu / 32] |= 1u << cpu % 32;
		if (cpus->n < last / 32 + 1)
			cpus->n = last / 32 + 1;
		list = end + (*end == ',');
	}
	return true;
}

static int parse(const char *list, struct cpus *cpus)
{
	*cpus = (struct cpus){ .n = 1 };
	/* "none": no CPU */
	if (strcmp(list, "none") && (!*list || !parse_list(list, cpus)))
		return rex_fail(-EINVAL, "\"%s\" is not a list of CPUs; like 0-3,5 or none", list);
	return 0;
}

int nic_cpus_parse(const char *list, uint32_t cpus[NIC_MAX_CPUS])
{
	struct cpus set;
	int err = parse(list, &set), n = 0;

	for (uint32_t cpu = 0; !err && cpu < set.n * 32; cpu++)
		if (set.word[cpu / 32] & 1u << cpu % 32)
			cpus[n++] = cpu;
	return err ? err : n;
}

int nic_cpus_to_mask(const char *list, char *mask, size_t size)
{
	struct cpus cpus;
	size_t len = 0;
	int err = parse(list, &cpus);

	if (err)
		return err;
	for (size_t i = cpus.n; i-- > 0 && len < size;)
		len += snprintf(mask + len, size - len, "%s%08x", i + 1 < cpus.n ? "," : "", cpus.word[i]);
	return len < size ? 0 : rex_fail(-E2BIG, "\"%s\" are too many CPUs", list);
}

int nic_mask_to_cpus(const char *mask, char *list, size_t size)
{
	size_t words = 1, len = 0, at = 0;
	struct cpus cpus = {};
	char *end;

	for (const char *c = mask; *c; c++)
		words += *c == ',';
	for (; words && words <= WORDS; words--, mask = end + (*end == ',')) {
		cpus.word[words - 1] = strtoul(mask, &end, 16);
		if (end == mask)
			return rex_fail(-EINVAL, "\"%s\" is not a mask of CPUs", mask);
	}
	while (at < NIC_MAX_CPUS && len < size) {
		size_t first = at;

		while (at < NIC_MAX_CPUS && cpus.word[at / 32] & 1u << at % 32)
			at++;
		if (at > first + 1)
			len += snprintf(list + len, size - len, "%s%zu-%zu", len ? "," : "", first, at - 1);
		else if (at > first)
			len += snprintf(list + len, size - len, "%s%zu", len ? "," : "", first);
		at += at == first;
	}
	if (!len)
		len = snprintf(list, size, "none");
	return len < size ? 0 : rex_fail(-E2BIG, "too many CPUs");
}
