// SPDX-License-Identifier: GPL-2.0-only
/* Steps of programs: load, set, detach, attach; each done and undone. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plan.h"

/* ---- load ------------------------------------------------------------------------------------- */

/* rex.ko answers in the first network namespace, which we may have left. */
static int open_runtime(struct plan *plan)
{
	int here = open(NETNS_HERE, O_RDONLY | O_CLOEXEC), err = 0;

	if (here < 0 || setns(plan->home, CLONE_NEWNET))
		err = fail("cannot change the network namespace: %s", strerror(errno));
	if (!err) {
		int loaded = rex_runtime_load(NULL);

		plan->runtime = loaded > 0;
		if (loaded < 0 || rex_open(&plan->rex))
			err = fail_rex();
	}
	if (here >= 0 && setns(here, CLONE_NEWNET) && !err)
		err = fail("cannot change the network namespace: %s", strerror(errno));
	if (here >= 0)
		close(here);
	return err;
}

static int run_load(struct plan *plan, struct step *step)
{
	int err = plan->rex ? 0 : open_runtime(plan);

	if (!err && rex_program_load(&plan->rex, step->path, NULL))
		err = fail_rex();
	return err;
}

static int undo_load(struct plan *plan, struct step *step)
{
	return rex_program_unload(plan->rex, step->name, false) ? fail_rex() : 0;
}

const struct step_kind step_load = { run_load, undo_load };

/* ---- settings --------------------------------------------------------------------------------- */

static int run_set(struct plan *plan, struct step *step)
{
	return rex_program_set(plan->rex, step->name, &step->settings) ? fail_rex() : 0;
}

/* Of a program that goes again, nothing was said. */
static int undo_set(struct plan *plan, struct step *step)
{
	const struct rex_settings *b = &step->before;

	if (!b->budget_us && !b->timing && !b->enabled)
		return 0;
	return rex_program_set(plan->rex, step->name, &step->before) ? fail_rex() : 0;
}

const struct step_kind step_set = { run_set, undo_set };

/* ---- attachments ------------------------------------------------------------------------------ */

/* As it is now: a program that has just been loaded has its slots only now. */
static int get_entry(struct plan *plan, const struct step *step, struct rex_program **p,
		     const struct rex_entry **entry)
{
	struct spec spec = { .entry = step->entry };

	strcpy(spec.name, step->name);
	return find_entry(plan->rex, &spec, -1, p, entry);
}

static int attach_to(struct plan *plan, struct step *step, const struct rex_target *target)
{
	const struct rex_entry *entry;
	struct rex_program *p;
	int err = get_entry(plan, step, &p, &entry);

	if (err)
		return err;
	if (rex_attach(p, entry, target))
		err = fail_rex();
	rex_program_free(p);
	return err;
}

static int detach_link(struct plan *plan, struct step *step, const struct rex_link *link)
{
	const struct rex_entry *entry;
	struct rex_program *p;
	int err = get_entry(plan, step, &p, &entry);

	if (err)
		return err;
	if (rex_detach_all(p, link, 1))
		err = fail_rex();
	rex_program_free(p);
	return err;
}

static int run_attach(struct plan *plan, struct step *step)
{
	return attach_to(plan, step, &step->target);
}

/* The attachment that the step made. */
static int undo_attach(struct plan *plan, struct step *step)
{
	const struct rex_entry *entry;
	struct rex_program *p;
	struct rex_link *links = NULL;
	size_t n = 0;
	int err = get_entry(plan, step, &p, &entry);

	if (err)
		return err;
	if (rex_link_list_at(&step->target, &links, &n))
		err = fail_rex();
	for (size_t i = 0; !err && i < n; i++)
		if (rex_link_is(&links[i], entry) && rex_target_matches(&step->target, &links[i].target))
			err = detach_link(plan, step, &links[i]);
	free(links);
	rex_program_free(p);
	return err;
}

const struct step_kind step_attach = { run_attach, undo_attach };

static int run_detach(struct plan *plan, struct step *step)
{
	return detach_link(plan, step, &step->link);
}

static int undo_detach(struct plan *plan, struct step *step)
{
	return attach_to(plan, step, &step->link.target);
}

const struct step_kind step_detach = { run_detach, undo_detach };
