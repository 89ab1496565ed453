/* SPDX-License-Identifier: GPL-2.0-only */
/* The steps from what is there now to what is described. */
#ifndef _REXCTL_PLAN_H
#define _REXCTL_PLAN_H

#include "conf.h"

#define NETNS_HERE "/proc/thread-self/ns/net"

struct plan;
struct bmc_options;
struct step;
/* How a kind of step is done and undone; exit statuses, and the user was told. */
struct step_kind {
	int (*run)(struct plan *plan, struct step *step);
	int (*undo)(struct plan *plan, struct step *step);
};

struct step {
	const struct step_kind *kind;
	char sign;			/* '+', '-', '~'; '\0': its line is that of the step before */
	char *what, *text;		/* "program", and which and how */
	char name[REX_NAME_LEN];	/* of the program */
	char entry[REX_NAME_LEN];
	const char *path;		/* load */
	struct rex_settings settings, before;
	struct rex_target target;	/* attach */
	struct rex_link link;		/* detach */
	const char *interface;		/* nic */
	struct nic_words words;		/* not to be freed */
	struct bmc_options *options;	/* accelerator: as it is to be, and as it was; NULL: it does not run */
	struct bmc_options *before_options;
	char kept[192];			/* a file with what was set before; empty: librex has it */
};

struct plan {
	struct rex *rex;		/* NULL: rex.ko is not loaded */
	int home;			/* the network namespace that rex.ko answers in */
	bool runtime;			/* rex.ko was loaded by a step */
	struct step **steps;
	size_t n;
};

/* A new step at the end of the plan; NULL, and the user was told. */
struct step *plan_add(struct plan *plan, const struct step_kind *kind, char sign, const char *what,
		      const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* All steps or, when one fails or a signal says stop, none. An exit status, and the user was told. */
int plan_run(struct plan *plan);
void plan_free(struct plan *plan);

/* ---- plan_program.c */
/* Programs, their settings and attachments. An exit status, and the user was told. */
int plan_programs(struct plan *plan, const struct conf *conf);

/* ---- plan_nic.c */
/* Settings of network interfaces. An exit status, and the user was told. */
int plan_nics(struct plan *plan, const struct conf *conf);

/* ---- plan_bmc.c */
/* The accelerator. An exit status, and the user was told. */
int plan_accelerator(struct plan *plan, const struct conf *conf);

/* ---- plan_step.c */
extern const struct step_kind step_load, step_set, step_detach, step_attach;

#endif /* _REXCTL_PLAN_H */
