// SPDX-License-Identifier: GPL-2.0-only
/* How it is now, for commands that show it: whether GETs are answered, and if not, why. */
#include <rex/librex.h>
#include <stdio.h>
#include <string.h>

#include "../shared.h"
#include "config.h"
#include "counters.h"
#include "devs.h"
#include "meta.h"
#include "now.h"
#include "runfile.h"
#include "tables.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

const char *now_state(const struct bmc_now *s)
{
	static const char *const names[] = {
		[BMC_OFF] = "off", [BMC_TRACK] = "waiting", [BMC_RUN] = "running",
	};

	if (*s->reason && s->state == BMC_RUN)
		return "off";
	return s->state < ARRAY_SIZE(names) ? names[s->state] : "unknown";
}

/* No interface is left. */
static void say_nowhere(struct bmc_now *s)
{
	char text[sizeof(s->devs[0].note) + BMC_DEV_LEN + 8];

	snprintf(s->reason, sizeof(s->reason), "no interface has the program: %s",
		 s->n_devs ? dev_text(&s->devs[0], text, sizeof(text)) : "none was given");
}

/* The program first: it is what gives the hits. Then what the daemon knows. */
static void find_reason(struct bmc_now *s)
{
	const struct rex_program *p = s->parts.program;
	bool runs = s->state == BMC_RUN && meta_get(s->parts.meta->generation) == p->generation;
	/* Without the run file, nobody knows which interfaces were meant. */
	bool nowhere = s->known && !s->runfile.config.tcp && !devs_answer(s->devs, s->n_devs);
	char *to = s->reason;
	size_t size = sizeof(s->reason);

	*to = '\0';
	if (p->state != REX_STATE_ENABLED)
		snprintf(to, size, "program \"%s\" is %s; \"rexctl status\" shows more, \"rexctl enable "
			 "%s\" lets it run again", p->name, rex_state_name(p->state), p->name);
	else if (runs && nowhere)
		say_nowhere(s);
	else if (runs)
		return;
	else if (!s->known)
		snprintf(to, size, "start has not come to an end; \"rexctl bmc stop\" removes what it made");
	else if (!s->daemon)
		snprintf(to, size, "the daemon is needed to begin again: \"rexctl bmc start\" with the same "
			 "options");
	else
		snprintf(to, size, "%s", *s->runfile.reason ? s->runfile.reason : "starting");
}

int now_collect(struct bmc_now *s)
{
	s->known = runfile_read(&s->runfile);
	s->daemon = runfile_daemon();
	s->state = meta_get(s->parts.meta->state);
	s->server = meta_get(s->parts.meta->server);
	s->memory = tables_cache_bytes(s->parts.program);
	if (counters_read(s->parts.program, s->values))
		return 1;
	if (s->known && runfile_enter_netns(&s->runfile, s->server))
		return 1;
	s->n_devs = s->known ? s->runfile.config.n_devs : 0;
	for (size_t i = 0; i < s->n_devs; i++) {
		s->devs[i] = s->runfile.devs[i];
		/* Without the daemon, what it last said may be long ago. */
		if (!s->daemon)
			*s->devs[i].note = '\0';
		dev_see(s->parts.program, &s->devs[i]);
	}
	find_reason(s);
	return 0;
}
