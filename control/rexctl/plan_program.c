// SPDX-License-Identifier: GPL-2.0-only
/*
 * What of programs, their settings and attachments differs from what is described. Of a program that is
 * described, each attachment in this network namespace is: others go. What no file describes is left alone.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"

/* A program that is described, with what the kernel or else its file says of it. */
struct known {
	const struct conf_program *conf;
	struct rex_file *file;
	struct rex_program *loaded;	/* NULL: it is not */
	struct rex_program view;	/* one with the entries of either */
};

/* An attachment that is described: one place, and the link that is there now. */
struct wanted {
	const struct conf_attachment *conf;
	const struct known *program;
	const struct rex_entry *entry;
	struct rex_target place;
	const struct rex_link *link;	/* NULL: none */
};

struct state {
	struct plan *plan;
	struct known *programs;
	size_t n_programs;
	struct wanted *wanted;
	size_t n_wanted;
	struct rex_link *links;
	size_t n_links;
};

/* ---- programs --------------------------------------------------------------------------------- */

static int know_program(struct state *s, const struct conf_program *conf)
{
	struct known *k = &s->programs[s->n_programs];

	*k = (struct known){ .conf = conf };
	if (rex_check_file(conf->path, &k->file))
		return conf_fail(&conf->at, "%s", rex_errmsg());
	s->n_programs++;
	if (is_accelerator(k->file->name))
		return conf_fail(&conf->at, "\"rexctl bmc\" loads and attaches the accelerator's program \"%s\"",
				 k->file->name);
	for (struct known *other = s->programs; other < k; other++)
		if (!strcmp(other->file->name, k->file->name))
			return conf_fail(&conf->at, "program \"%s\" is described at %s:%u already", k->file->name,
					 other->conf->at.file, other->conf->at.line);
	if (s->plan->rex && rex_program_get(s->plan->rex, k->file->name, &k->loaded))
		k->loaded = NULL;
	if (k->loaded && k->loaded->state == REX_STATE_PARKED)
		return conf_fail(&conf->at, "program \"%s\" is parked: \"rexctl load %s\" brings it back",
				 k->file->name, conf->path);
	k->view = (struct rex_program){
		.name = k->file->name,
		.n_entries = k->loaded ? k->loaded->n_entries : k->file->n_entries,
		.entries = k->loaded ? k->loaded->entries : k->file->entries,
	};
	return 0;
}

static struct step *add(struct state *s, const struct step_kind *kind, char sign, const struct known *k,
			const char *what, const char *text)
{
	struct step *step = plan_add(s->plan, kind, sign, what, "%s", text);

	if (step)
		snprintf(step->name, sizeof(step->name), "%s", k->file->name);
	return step;
}

static int add_load(struct state *s, const struct known *k)
{
	char text[REX_TARGET_LEN + REX_NAME_LEN];
	struct step *step;

	if (k->loaded)
		return 0;
	snprintf(text, sizeof(text), "%s: %s", k->file->name, k->conf->path);
	step = add(s, &step_load, '+', k, "program", text);
	if (step)
		step->path = k->conf->path;
	return !step;
}

static int add_setting(struct state *s, const struct known *k, const struct rex_settings *to,
		       const struct rex_settings *from, const char *text)
{
	char line[REX_NAME_LEN + 128];
	struct step *step;

	snprintf(line, sizeof(line), "%s: %s", k->file->name, text);
	step = add(s, &step_set, '~', k, "program", line);
	if (!step)
		return 1;
	step->settings = *to;
	step->before = *from;
	return 0;
}

static enum rex_switch to_switch(bool on)
{
	return on ? REX_ON : REX_OFF;
}

static int add_budget(struct state *s, const struct known *k, uint32_t wanted, uint32_t now)
{
	REX_OPTS(rex_settings, to, .budget_us = wanted);
	REX_OPTS(rex_settings, from, .budget_us = now);
	char text[64];

	snprintf(text, sizeof(text), k->loaded ? "budget %uus, was %uus" : "budget %uus", wanted, now);
	return wanted && wanted != now ? add_setting(s, k, &to, &from, text) : 0;
}

static int add_timing(struct state *s, const struct known *k, enum rex_switch wanted, bool now)
{
	REX_OPTS(rex_settings, to, .timing = wanted);
	REX_OPTS(rex_settings, from, .timing = k->loaded ? to_switch(now) : REX_KEEP);

	return wanted && wanted != to_switch(now) ?
	       add_setting(s, k, &to, &from, wanted == REX_ON ? "timing on" : "timing off") : 0;
}

static int add_enabled(struct state *s, const struct known *k, enum rex_switch wanted, uint32_t state)
{
	REX_OPTS(rex_settings, to, .enabled = wanted);
	bool now = state == REX_STATE_ENABLED;
	REX_OPTS(rex_settings, from, .enabled = k->loaded ? to_switch(now) : REX_KEEP);

	if (state == REX_STATE_CRASHED) {
		fail("program \"%s\" crashed and stays off: \"rexctl status\" shows why, \"rexctl enable %s\" "
		     "lets it run again", k->file->name, k->file->name);
		return 0;
	}
	return wanted && wanted != to_switch(now) ?
	       add_setting(s, k, &to, &from, wanted == REX_ON ? "enabled" : "disabled") : 0;
}

/* One that is not loaded yet begins with its defaults. */
static int add_settings(struct state *s, const struct known *k)
{
	const struct rex_settings *w = &k->conf->settings;
	const struct rex_program *p = k->loaded;

	return add_budget(s, k, w->budget_us, p ? p->budget_us : 0) ||
	       add_timing(s, k, w->timing, p && p->timing) ||
	       add_enabled(s, k, w->enabled, p ? p->state : REX_STATE_ENABLED);
}

/* ---- attachments ------------------------------------------------------------------------------ */

static const struct known *find_known(const struct state *s, const char *name)
{
	for (size_t i = 0; i < s->n_programs; i++)
		if (!strcmp(s->programs[i].file->name, name))
			return &s->programs[i];
	return NULL;
}

/* The same place, whatever mode, order and numbers. An event on all CPUs has a link for each. */
static bool is_place(const struct rex_target *wanted, const struct rex_target *is)
{
	struct rex_target any = *wanted;

	any.mode = REX_XDP_ANY;
	any.priority = any.actions = any.handle = 0;
	return rex_target_matches(&any, is) && any.pid == is->pid;
}

/* And there is nothing to change; what was not said, or is not known of it, agrees. */
static bool is_same(const struct rex_target *wanted, const struct rex_link *link)
{
	struct rex_target w = *wanted;
	const struct rex_target *is = &link->target;

	if (!is->priority)
		w.priority = 0;
	if (!is->actions)
		w.actions = 0;
	return rex_target_matches(&w, is) && (!w.freq || !is->freq || w.freq == is->freq) &&
	       (!w.period || !is->period || w.period == is->period) &&
	       (w.order != REX_FIRST || link->position <= 1);
}

static int want_place(struct state *s, const struct conf_attachment *conf, const struct known *k,
		      const struct rex_entry *entry, const struct rex_target *place)
{
	struct wanted *grown = realloc(s->wanted, (s->n_wanted + 1) * sizeof(*grown)), *w;

	if (!grown)
		return fail("out of memory");
	s->wanted = grown;
	w = &grown[s->n_wanted];
	*w = (struct wanted){ .conf = conf, .program = k, .entry = entry, .place = *place };
	if (rex_target_resolve(&w->place))
		return conf_fail(&conf->at, "%s", rex_errmsg());
	for (struct wanted *other = grown; other < w; other++)
		if (other->entry == entry && is_place(&other->place, &w->place) &&
		    is_place(&w->place, &other->place))
			return conf_fail(&conf->at, "\"%s:%s\" at \"%s\" is described at %s:%u already",
					 k->file->name, entry->name, conf->target, other->conf->at.file,
					 other->conf->at.line);
	s->n_wanted++;
	return 0;
}

static int want_attachment(struct state *s, const struct conf_attachment *conf)
{
	const struct known *k = find_known(s, conf->spec.name);
	const struct rex_entry *entry;
	struct rex_target *places;
	size_t n = 0;
	int err = 0;

	if (!k)
		return conf_fail(&conf->at, "program \"%s\" is not described: programs need its path",
				 conf->spec.name);
	if (rex_program_entry(&k->view, conf->spec.entry, rex_at_hook(conf->place.at), &entry) ||
	    rex_target_split(&conf->place, &places, &n))
		return conf_fail(&conf->at, "%s", rex_errmsg());
	for (size_t i = 0; !err && i < n; i++)
		err = want_place(s, conf, k, entry, &places[i]);
	free(places);
	return err;
}

static bool is_described(struct state *s, const struct rex_link *link, const struct rex_entry *entry)
{
	for (size_t i = 0; i < s->n_wanted; i++)
		if (s->wanted[i].entry == entry && is_place(&s->wanted[i].place, &link->target)) {
			s->wanted[i].link = link;
			return true;
		}
	return false;
}

static struct step *add_attachment(struct state *s, const struct step_kind *kind, char sign,
				   const struct known *k, const struct rex_entry *entry, const char *text)
{
	char line[4 * REX_TARGET_LEN];
	struct step *step;

	snprintf(line, sizeof(line), "%s:%s %s", k->file->name, entry->name, text);
	step = add(s, kind, sign, k, "attachment", line);
	if (step)
		snprintf(step->entry, sizeof(step->entry), "%s", entry->name);
	return step;
}

/* Streams cannot be described; what has no place cannot be detached. */
static bool is_ours(const struct rex_link *link)
{
	return !link->unknown && !link->leftover && !link->held && link->target.at != REX_AT_STREAM;
}

static int add_detach(struct state *s, char sign, const struct known *k, const struct rex_entry *entry,
		      const struct rex_link *link, const char *text)
{
	struct step *step = add_attachment(s, &step_detach, sign, k, entry, text);

	if (step)
		step->link = *link;
	return !step;
}

static int add_attach(struct state *s, char sign, const struct wanted *w)
{
	char text[REX_TARGET_LEN];
	struct step *step = add_attachment(s, &step_attach, sign, w->program, w->entry,
					   place_text(&w->place, text, sizeof(text)));

	if (step)
		step->target = w->place;
	return !step;
}

/* What a program of ours has that is not described. */
static int look_at_link(struct state *s, const struct rex_link *link)
{
	char text[REX_TARGET_LEN];

	for (size_t i = 0; is_ours(link) && i < s->n_programs; i++) {
		const struct known *k = &s->programs[i];
		const struct rex_entry *entry = k->loaded ? rex_link_entry(link, &k->view) : NULL;

		if (entry)
			return is_described(s, link, entry) ? 0 :
			       add_detach(s, '-', k, entry, link, place_text(&link->target, text, sizeof(text)));
	}
	return 0;
}

/* In another way than it is there now: off and on again. */
static int add_change(struct state *s, const struct wanted *w)
{
	char text[2 * REX_TARGET_LEN + 16], wanted[REX_TARGET_LEN], is[REX_TARGET_LEN];

	char sign = '~';
	int err = 0;

	snprintf(text, sizeof(text), "%s, was %s", place_text(&w->place, wanted, sizeof(wanted)),
		 place_text(&w->link->target, is, sizeof(is)));
	for (size_t i = 0; !err && i < s->n_links; i++) {
		const struct rex_link *link = &s->links[i];

		if (!is_ours(link) || !rex_link_is(link, w->entry) || !is_place(&w->place, &link->target))
			continue;
		err = add_detach(s, sign, w->program, w->entry, link, text);
		sign = '\0';
	}
	return err || add_attach(s, '\0', w);
}

static int add_attachments(struct state *s)
{
	int err = 0;

	for (size_t i = 0; !err && i < s->n_links; i++)
		err = look_at_link(s, &s->links[i]);
	for (size_t i = 0; !err && i < s->n_wanted; i++) {
		const struct wanted *w = &s->wanted[i];

		if (!w->link)
			err = add_attach(s, '+', w);
		else if (!is_same(&w->place, w->link))
			err = add_change(s, w);
	}
	return err;
}

/* ---- all -------------------------------------------------------------------------------------- */

static int look(struct state *s, const struct conf *conf)
{
	int err = 0;

	s->programs = calloc(conf->programs.n + 1, sizeof(*s->programs));
	if (!s->programs)
		return fail("out of memory");
	conf_each(&conf->programs, conf_program, p)
		err = err ? err : know_program(s, p);
	conf_each(&conf->attachments, conf_attachment, a)
		err = err ? err : want_attachment(s, a);
	if (!err && s->plan->rex && conf->programs.n && rex_link_list_here(&s->links, &s->n_links))
		err = fail_rex();
	return err;
}

int plan_programs(struct plan *plan, const struct conf *conf)
{
	struct state s = { .plan = plan };
	int err = look(&s, conf);

	for (size_t i = 0; !err && i < s.n_programs; i++)
		err = add_load(&s, &s.programs[i]);
	for (size_t i = 0; !err && i < s.n_programs; i++)
		err = add_settings(&s, &s.programs[i]);
	if (!err)
		err = add_attachments(&s);
	for (size_t i = 0; i < s.n_programs; i++) {
		rex_file_free(s.programs[i].file);
		rex_program_free(s.programs[i].loaded);
	}
	free(s.programs);
	free(s.wanted);
	free(s.links);
	return err;
}
