// SPDX-License-Identifier: GPL-2.0-only
/*
 * The words that name a place to attach to: taken apart, put together again, compared.
 * Attach, detach, status and the names of pins use the same words.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static const struct place *const places[__REX_AT_MAX] = {
#define LIST(upper, lower) [REX_AT_##upper] = &rex_place_##lower,
	REX_PLACES(LIST)
};

const struct place *rex_place(enum rex_at at)
{
	return places[at];
}

const char *rex_at_args(enum rex_at at)
{
	return at < __REX_AT_MAX ? places[at]->args : "";
}

uint32_t rex_at_hook(enum rex_at at)
{
	return at < __REX_AT_MAX ? places[at]->hook : __REX_HOOK_MAX;
}

const char *rex_at_noun(enum rex_at at)
{
	return at < __REX_AT_MAX ? places[at]->noun : "place";
}

/* ---- words ------------------------------------------------------------------------------- */

int rex_target_parse(const char *const *words, size_t n, struct rex_target *t)
{
	const struct place *place = NULL;
	char names[256] = "";

	*t = (struct rex_target){ .pid = -1, .cpu = -1 };
	for (size_t i = 0; i < __REX_AT_MAX; i++) {
		size_t len = strlen(names);

		if (n && !strcmp(words[0], rex_at_name(i))) {
			place = places[i];
			t->at = i;
		}
		snprintf(names + len, sizeof(names) - len, "%s%s", len ? ", " : "", rex_at_name(i));
	}
	if (!n)
		return rex_fail(-EINVAL, "a hook is needed: one of %s", names);
	if (!place) {
		char what[320];

		snprintf(what, sizeof(what), "is not a hook; the hooks are %s", names);
		return rex_word_bad(words[0], what);
	}
	if (n < 2 || !*words[1])
		return rex_fail(-EINVAL, "%s requires a target: %s %s", rex_at_name(t->at), rex_at_name(t->at),
				place->args);
	if (n - 1 > place->max_words) {
		char what[128];

		snprintf(what, sizeof(what), "is an unexpected argument: %s %s", rex_at_name(t->at),
			 place->args);
		return rex_word_bad(words[1 + place->max_words], what);
	}
	return place->parse(words + 1, n - 1, t);
}

int rex_target_complete(const struct rex_target *t)
{
	if (places[t->at]->has_side && t->side == REX_SIDE_ANY && !t->block)
		return rex_fail(-EINVAL, "%s needs a side: ingress or egress", rex_at_name(t->at));
	return 0;
}

int rex_target_resolve(struct rex_target *t)
{
	return places[t->at]->resolve ? places[t->at]->resolve(t) : 0;
}

/* Whether a name is several, and not that of an interface. */
static bool is_several(const struct rex_target *t)
{
	struct iface iface;

	return rex_place(t->at)->list && strchr(t->name, ',') && rex_iface_find(t->name, &iface);
}

int rex_target_split(const struct rex_target *t, struct rex_target **list, size_t *n)
{
	struct rex_target *targets;
	char names[REX_TARGET_LEN];
	char *rest = names, *name;
	bool several = is_several(t);

	strcpy(names, t->name);
	*n = 1;
	for (const char *c = names; several && *c; c++)
		*n += *c == ',';
	targets = calloc(*n, sizeof(*targets));
	if (!targets)
		return rex_fail(-ENOMEM, "out of memory");
	for (size_t i = 0; i < *n; i++) {
		name = several ? strsep(&rest, ",") : names;
		targets[i] = *t;
		strcpy(targets[i].name, name);
		if (!*name) {
			free(targets);
			return rex_word_bad(t->name, "has an empty name of an interface in it");
		}
	}
	*list = targets;
	return 0;
}

bool rex_target_matches(const struct rex_target *wanted, const struct rex_target *is)
{
	if (wanted->at != is->at)
		return false;
	if (places[is->at]->same ? !places[is->at]->same(wanted, is) :
	    strcmp(wanted->name, is->name) || wanted->offset != is->offset)
		return false;
	return (wanted->mode == REX_XDP_ANY || wanted->mode == is->mode) &&
	       (wanted->side == REX_SIDE_ANY || wanted->side == is->side) &&
	       (wanted->pid < 0 || wanted->pid == is->pid) &&
	       (wanted->cpu < 0 || wanted->cpu == is->cpu) &&
	       (!wanted->priority || wanted->priority == is->priority) &&
	       (!wanted->actions || wanted->actions == is->actions) &&
	       (!wanted->handle || wanted->handle == is->handle);
}
