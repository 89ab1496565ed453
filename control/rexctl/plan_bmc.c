// SPDX-License-Identifier: GPL-2.0-only
/* Whether the accelerator runs as it is described. With other options it is started anew, and empty. */
#include <stdlib.h>
#include <string.h>

#include "bmc_options.h"
#include "plan.h"

static int change(const struct bmc_options *from, const struct bmc_options *to)
{
	int err = from ? bmc_stop() : 0;

	return err || !to ? err : bmc_start(to);
}

static int undo_bmc(struct plan *plan, struct step *step)
{
	(void)plan;
	return change(step->options, step->before_options);
}

/* What was stopped and then not started is this step's own to bring back. */
static int run_bmc(struct plan *plan, struct step *step)
{
	int err = change(step->before_options, step->options);

	(void)plan;
	if (err && step->before_options && step->options && bmc_start(step->before_options))
		fail("and the accelerator that was there does not start again: \"rexctl bmc start\"");
	return err;
}

static const struct step_kind step_bmc = { run_bmc, undo_bmc };

/* What is answered if that is not said: as start has it. */
static struct bmc_options *describe(const struct conf_accelerator *a)
{
	struct bmc_options *o = calloc(1, sizeof(*o));
	bool said = a->tcp == REX_ON || a->udp == REX_ON;

	if (!o)
		return NULL;
	*o = (struct bmc_options){
		.port = a->port, .bytes = a->bytes, .max_age_us = a->max_age_us,
		.tcp = said ? a->tcp == REX_ON : a->tcp != REX_OFF, .udp = said ? a->udp == REX_ON : a->dev && !a->udp,
	};
	snprintf(o->dev, sizeof(o->dev), "%s", a->dev ? : "");
	snprintf(o->mode, sizeof(o->mode), "%s", a->mode ? : "any");
	return o;
}

static const char *options_text(const struct bmc_options *o, char *text, size_t size)
{
	char age[32];

	snprintf(text, size, "port %u, memory %lluM, max-age %s%s%s%s%s%s%s", o->port,
		 (unsigned long long)(o->bytes >> 20), bmc_max_age(o, age), *o->dev ? ", dev " : "", o->dev,
		 o->tcp ? ", tcp" : "", o->udp ? ", udp" : "", strcmp(o->mode, "any") ? ", " : "",
		 strcmp(o->mode, "any") ? o->mode : "");
	return text;
}

static bool same(const struct bmc_options *a, const struct bmc_options *b)
{
	return a->port == b->port && a->bytes == b->bytes && a->max_age_us == b->max_age_us && a->tcp == b->tcp &&
	       a->udp == b->udp && !strcmp(a->dev, b->dev) && !strcmp(a->mode, b->mode);
}

static int add(struct plan *plan, struct bmc_options *wanted, struct bmc_options *now)
{
	char text[4096], was[4096] = "";
	struct step *step;

	if (wanted && now)
		options_text(now, was, sizeof(was));
	step = plan_add(plan, &step_bmc, wanted && now ? '~' : wanted ? '+' : '-', "accelerator", "%s%s%s",
			options_text(wanted ? wanted : now, text, sizeof(text)), *was ? ", was " : "", was);
	if (!step)
		return 1;
	step->options = wanted;
	step->before_options = now;
	return 0;
}

int plan_accelerator(struct plan *plan, const struct conf *conf)
{
	const struct conf_accelerator *a = &conf->accelerator;
	struct bmc_options *wanted = NULL, *now = NULL;
	int err = a->at.file ? bmc_now(plan->rex, &now) : 0;

	if (!a->at.file || err)
		return err;
	if (a->enabled != REX_OFF) {
		wanted = describe(a);
		err = wanted ? 0 : fail("out of memory");
	}
	if (!err && (wanted || now) && !(wanted && now && same(wanted, now))) {
		err = add(plan, wanted, now);
		if (!err)
			return 0;	/* the plan has them */
	}
	free(wanted);
	free(now);
	return err;
}
