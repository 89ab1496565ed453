// SPDX-License-Identifier: GPL-2.0-only
/* What of network interfaces is not set as it is described. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plan.h"

/* The file that librex keeps is of the first change of all. If there is one, what is set now goes to another. */
static int run_nic(struct plan *plan, struct step *step)
{
	struct rex_nic_setting *list;
	size_t n;
	int kept = rex_nic_kept(step->interface, &list, &n);

	(void)plan;
	if (kept < 0)
		return fail_rex();
	rex_nic_settings_free(list, n);
	if (kept) {
		snprintf(step->kept, sizeof(step->kept), "/run/rexctl.%d.%.100s", getpid(),
			 step->interface);
		if (rex_nic_save(step->interface, step->kept))
			return fail_rex();
	}
	return rex_nic_set(step->interface, step->words.settings, step->words.n) ? fail_rex() : 0;
}

static int undo_nic(struct plan *plan, struct step *step)
{
	size_t changed;

	(void)plan;
	return rex_nic_restore(step->interface, *step->kept ? step->kept : NULL, &changed) ? fail_rex() : 0;
}

static const struct step_kind step_nic = { run_nic, undo_nic };

/* "rings rx=512, offload gro=on" */
static void settings_text(const struct nic_words *w, char *text, size_t size)
{
	size_t len = 0;

	for (size_t i = 0; i < w->n && len < size; i++) {
		const struct rex_nic_setting *s = &w->settings[i];

		len += snprintf(text + len, size - len, "%s%s %s%s%s", i ? ", " : "", s->group, s->key,
				*s->key ? "=" : "", s->value);
	}
}

static int plan_nic(struct plan *plan, const struct conf_nic *nic)
{
	bool changed[ARRAY_SIZE(nic->words.settings)];
	struct nic_words words = {};
	char text[4096] = "";
	struct step *step;

	if (rex_nic_changed(nic->interface, nic->words.settings, nic->words.n, changed))
		return conf_fail(&nic->at, "%s", rex_errmsg());
	for (size_t i = 0; i < nic->words.n; i++)
		if (changed[i])
			words.settings[words.n++] = nic->words.settings[i];
	if (!words.n)
		return 0;
	settings_text(&words, text, sizeof(text));
	step = plan_add(plan, &step_nic, '~', "nic", "%s: %s", nic->interface, text);
	if (!step)
		return 1;
	step->interface = nic->interface;
	step->words = words;
	return 0;
}

int plan_nics(struct plan *plan, const struct conf *conf)
{
	int err = 0;

	conf_each(&conf->nics, conf_nic, nic)
		err = err ? err : plan_nic(plan, nic);
	return err;
}
