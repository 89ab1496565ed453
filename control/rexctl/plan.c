// SPDX-License-Identifier: GPL-2.0-only
/* A list of steps: made, gone through, and back again when one fails. */
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plan.h"

struct step *plan_add(struct plan *plan, const struct step_kind *kind, char sign, const char *what,
		      const char *fmt, ...)
{
	struct step **steps = realloc(plan->steps, (plan->n + 1) * sizeof(*steps));
	struct step *step = calloc(1, sizeof(*step));
	va_list ap;
	int len;

	if (steps)
		plan->steps = steps;
	if (!steps || !step) {
		free(step);
		fail("out of memory");
		return NULL;
	}
	step->kind = kind;
	step->sign = sign;
	step->what = strdup(what);
	va_start(ap, fmt);
	len = vasprintf(&step->text, fmt, ap);
	va_end(ap);
	if (len < 0)
		step->text = NULL;
	plan->steps[plan->n++] = step;
	return step;
}

void plan_free(struct plan *plan)
{
	for (size_t i = 0; i < plan->n; i++) {
		if (*plan->steps[i]->kept)
			unlink(plan->steps[i]->kept);
		free(plan->steps[i]->options);
		free(plan->steps[i]->before_options);
		free(plan->steps[i]->what);
		free(plan->steps[i]->text);
		free(plan->steps[i]);
	}
	free(plan->steps);
	rex_close(plan->rex);
}

static int interrupted(void)
{
	sigset_t pending;

	sigpending(&pending);
	return sigismember(&pending, SIGINT) || sigismember(&pending, SIGTERM) ||
	       sigismember(&pending, SIGHUP) ? fail("interrupted") : 0;
}

/* The first @n steps, the last first. */
static void undo(struct plan *plan, size_t n)
{
	bool left = false;

	while (n-- > 0)
		left |= plan->steps[n]->kind->undo(plan, plan->steps[n]);
	if (plan->runtime) {
		rex_close(plan->rex);
		plan->rex = NULL;
		if (rex_runtime_unload()) {
			fail_rex();
			left = true;
		}
	}
	fail(left ? "not everything could be undone; \"rexctl status\" shows what is there" :
	     "nothing was changed: what was done before that is undone");
}

int plan_run(struct plan *plan)
{
	sigset_t blocked, before;
	int err = 0;

	/* Between steps they count. */
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGHUP);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	for (size_t i = 0; !err && i < plan->n; i++) {
		err = interrupted();
		if (!err)
			err = plan->steps[i]->kind->run(plan, plan->steps[i]);
		if (err)
			undo(plan, i);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return err;
}
