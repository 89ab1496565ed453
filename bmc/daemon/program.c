// SPDX-License-Identifier: GPL-2.0-only
/* The program: loaded, found again, exchanged by others. */
#include <cli/cli.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <rex/librex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "../shared.h"
#include "config.h"
#include "maps.h"
#include "meta.h"
#include "networks.h"
#include "parts.h"
#include "program.h"
#include "server.h"
#include "tables.h"
#include "why.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* $REX_BMC_KO, or ../programs next to the executable: a build tree, or what was installed. */
const char *program_path(char *path, size_t size)
{
	const char *given = getenv("REX_BMC_KO");
	char exe[PATH_MAX];
	ssize_t n;

	if (given) {
		snprintf(path, size, "%s", given);
	} else {
		n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
		exe[n < 0 ? 0 : n] = '\0';
		snprintf(path, size, "%s/../programs/" BMC_PROGRAM ".ko", dirname(exe));
	}
	if (access(path, R_OK)) {
		refuse("cannot read the accelerator's program \"%s\": %s; \"make\" builds it for a kernel "
		       "(KDIR), \"make install\" installs it, REX_BMC_KO names another file", path,
		       strerror(errno));
		return NULL;
	}
	return path;
}

/* ---- a new one --------------------------------------------------------------------------------------- */

/* What does not change, in a map that is empty. */
static int write_meta(const struct rex_program *p, const struct bmc_config *c, struct bmc_meta *meta)
{
	meta->layout = BMC_LAYOUT;
	meta->quiet_from = BMC_NEVER;
	meta->max_age = coarse_time(c->max_age.us);
	while (!meta->seed)
		if (getrandom(&meta->seed, sizeof(meta->seed), 0) != sizeof(meta->seed))
			return refuse("no random numbers: %s", strerror(errno));
	return networks_write(p, c, meta);
}

int program_load(struct bmc_parts *parts, const struct bmc_config *c, const struct bmc_server *server)
{
	struct rex_file *file = NULL;
	struct bmc_tables t;
	char path[PATH_MAX];
	int err = 1;

	if (!program_path(path, sizeof(path)))
		goto out;
	if (rex_check_file(path, &file)) {
		refuse_rex();
		goto out;
	}
	err = tables_size(file, c->memory, c->tcp, server->maxconns, &t);
	if (!err) {
		const struct rex_map_size sizes[] = {
			{ "BMC_SETS", t.sets },
			{ "BMC_PAGES", t.pages },
			{ "BMC_EXPIRY", t.expiry },
		};
		/*
		 * No part of it takes a hundredth of that. But a virtual CPU may stand still within
		 * one, and a program that is cut has to be started again.
		 */
		REX_OPTS(rex_settings, settings, .budget_us = 500000);
		REX_OPTS(rex_load_opts, opts, .sizes = sizes, .n_sizes = ARRAY_SIZE(sizes));

		if (rex_program_load_opts(&parts->rex, path, &opts, &parts->program) ||
		    rex_program_set(parts->rex, BMC_PROGRAM, &settings))
			err = refuse_rex();
	}
	if (!err)
		err = meta_map(parts->program, &parts->meta) ||
		      write_meta(parts->program, c, parts->meta);
out:
	rex_file_free(file);
	return err;
}

int program_entry(const struct rex_program *p, const char *name, enum rex_at at,
		  const struct rex_entry **entry)
{
	return rex_program_entry(p, name, rex_at_hook(at), entry) ? refuse_rex() : 0;
}

/* ---- an accelerator that is there ------------------------------------------------------------------- */

/* "rexctl replace" gives a program new maps, of which we have none; in between it has none. */
static bool has_maps_of(const struct rex_program *p, const struct rex_program *old)
{
	const struct rex_map *its = find_map(p, "BMC_META"), *ours = find_map(old, "BMC_META");

	return its && ours && its->bpf_id == ours->bpf_id;
}

int program_refresh(struct bmc_parts *parts)
{
	struct rex_program *p;
	int err = rex_program_get(parts->rex, BMC_PROGRAM, &p);

	if (err) {
		refuse_rex();
		return err;
	}
	if (parts->program && !has_maps_of(p, parts->program)) {
		rex_program_free(p);
		refuse("another one was put in its place, or is about to be");
		return -ESTALE;
	}
	rex_program_free(parts->program);
	parts->program = p;
	return 0;
}

int program_renew(struct bmc_parts *parts, const struct bmc_config *c)
{
	struct bmc_meta *meta = NULL;
	struct rex_program *p;
	int err;

	if (rex_program_get(parts->rex, BMC_PROGRAM, &p))
		return refuse_rex();
	if (p->state == REX_STATE_PARKED || p->state == REX_STATE_UNBOUND)
		err = refuse("it is %s", rex_state_name(p->state));
	else
		err = meta_map(p, &meta) || write_meta(p, c, meta);
	if (err) {
		meta_unmap(meta);
		rex_program_free(p);
		return err;
	}
	meta_unmap(parts->meta);
	rex_program_free(parts->program);
	parts->meta = meta;
	parts->program = p;
	return 0;
}

int program_adopt(struct bmc_parts *parts, const struct bmc_config *c)
{
	if (program_refresh(parts) || meta_map(parts->program, &parts->meta))
		return 1;
	/* It was exchanged while there was no daemon. */
	if (!meta_get(parts->meta->layout) && write_meta(parts->program, c, parts->meta))
		return 1;
	if (meta_get(parts->meta->layout) != BMC_LAYOUT)
		return refuse("program \"%s\" is of another build than this rexctl; \"rexctl bmc stop\" "
			      "removes it", BMC_PROGRAM);
	return 0;
}
