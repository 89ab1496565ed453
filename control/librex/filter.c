// SPDX-License-Identifier: GPL-2.0-only
/* Filters: which packets an entry is for (struct rex_filter). */
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

bool rex_filter_has_map(const struct rex_filter *f)
{
	return f->protocol && !f->n_ports && *f->map;
}

static bool good_map_name(const struct rex_filter *f)
{
	size_t len = strnlen(f->map, sizeof(f->map));

	for (size_t i = 0; i < sizeof(f->map); i++)
		if (i < len ? !isalnum((unsigned char)f->map[i]) && f->map[i] != '_' : f->map[i])
			return false;
	return true;
}

static bool good_ports(const struct rex_filter *f)
{
	for (size_t i = 0; i < REX_FILTER_PORTS; i++)
		if (!f->ports[i] != (i >= f->n_ports))
			return false;
	return true;
}

/* What is wrong with it; NULL: nothing. */
static const char *wrong(const struct rex_filter *f, uint32_t hook)
{
	static const struct rex_filter none;

	if (!f->protocol)
		return memcmp(f, &none, sizeof(none)) ? "has ports, but no protocol" : NULL;
	if (hook != REX_HOOK_XDP && hook != REX_HOOK_TC)
		return "is at a hook that has none";
	if (f->protocol != IPPROTO_TCP && f->protocol != IPPROTO_UDP)
		return "is for a protocol that this version does not know";
	if (f->n_ports > REX_FILTER_PORTS)
		return "has more ports than it has room for";
	if (f->n_ports ? !good_ports(f) : !good_map_name(f))
		return f->n_ports ? "has ports that are 0, or more than it says" : "has a bad name of a map";
	return NULL;
}

int rex_filter_check(const struct rex_entry *e)
{
	const char *why = wrong(&e->filter, e->hook);

	return why ? rex_fail(-EINVAL, "the filter of entry \"%s\" %s; build the program with this rexc",
			      e->name, why) : 0;
}

int rex_filter_check_map(const struct rex_entry *e, const struct rex_map *const *maps, uint32_t n)
{
	const struct rex_filter *f = &e->filter;

	if (!rex_filter_has_map(f))
		return 0;
	for (uint32_t i = 0; i < n; i++) {
		const struct rex_map *m = maps[i];

		if (!rex_filter_is_map(f, m->name))
			continue;
		if (m->type == BPF_MAP_TYPE_ARRAY && m->key_size == 4 && m->max_entries == 1 &&
		    m->value_size && !(m->value_size % 2) && m->value_size <= 2 * REX_FILTER_MAP_PORTS)
			return 0;
		return rex_fail(-EINVAL, "the filter of entry \"%s\" has its ports in map \"%s\", which has "
				"to be an array of one element with 1 to %u ports of 2 bytes", e->name,
				m->name, REX_FILTER_MAP_PORTS);
	}
	return rex_fail(-EINVAL, "the filter of entry \"%s\" has its ports in map \"%.*s\", which the "
			"program does not have", e->name, REX_FILTER_MAP, f->map);
}

bool rex_filter_is_map(const struct rex_filter *f, const char *map)
{
	return rex_filter_has_map(f) && strlen(map) <= sizeof(f->map) &&
	       !strncmp(f->map, map, sizeof(f->map));
}

const char *rex_filter_text(const struct rex_filter *f, char *text, size_t size)
{
	size_t len;

	len = snprintf(text, size, "%s", !f->protocol ? "all packets" : f->protocol == IPPROTO_TCP ?
		       "tcp" : f->protocol == IPPROTO_UDP ? "udp" : "unknown");
	if (rex_filter_has_map(f))
		snprintf(text + len, size - len, ", ports in map %.*s", REX_FILTER_MAP, f->map);
	for (size_t i = 0; i < f->n_ports && i < REX_FILTER_PORTS && len < size; i++)
		len += snprintf(text + len, size - len, "%s%u", i ? ", " : f->n_ports > 1 ? ", ports " :
				", port ", f->ports[i]);
	return text;
}
