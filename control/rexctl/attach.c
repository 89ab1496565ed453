// SPDX-License-Identifier: GPL-2.0-only
/* Attaching and detaching. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "rexctl.h"

/* The words from @argv[2] on. */
static int parse_target(int argc, char **argv, struct rex_target *target)
{
	if (rex_target_parse((const char *const *)argv + 2, argc - 2, target))
		return usage("%s", rex_errmsg());
	return 0;
}

int cmd_attach(int argc, char **argv)
{
	const struct rex_entry *entry;
	struct rex_target target;
	struct rex_program *p;
	struct rex *rex;
	int err;

	if (argc < 2)
		return usage("a program, a hook and a place are needed");
	err = parse_target(argc, argv, &target);
	if (err)
		return err;
	if (target.side == REX_SIDE_ANY && (target.at == REX_AT_TC || target.at == REX_AT_TCX ||
					    target.at == REX_AT_CGROUP_SKB))
		return usage("%s needs a side: ingress or egress", rex_at_name(target.at));
	err = connect_rex(&rex);
	if (err)
		return err;
	err = find_entry(rex, argv[1], rex_at_hook(target.at), &p, &entry);
	if (!err) {
		if (rex_attach(p, entry, &target))
			err = fail_rex();
		rex_program_free(p);
	}
	rex_close(rex);
	return err;
}

/* ---- detach ---------------------------------------------------------------------------------- */

/* Which attachments: those for which everything that is set agrees. */
struct filter {
	const struct rex_program *program;	/* NULL: stale ones */
	const char *entry;
	const struct rex_target *target;	/* NULL: any */
	struct rex_program **all;		/* for stale ones */
	size_t n_all;
};

static bool of_program(const struct rex_link *link, const struct rex_program *p,
		       const char *entry)
{
	for (uint32_t i = 0; i < p->n_entries; i++)
		if (rex_link_is(link, &p->entries[i]))
			return !entry || !strcmp(entry, p->entries[i].name);
	return false;
}

static bool matches(const struct filter *f, const struct rex_link *link)
{
	if (f->target && (link->unknown || !rex_target_matches(f->target, &link->target)))
		return false;
	if (f->program)
		return of_program(link, f->program, f->entry);
	for (size_t i = 0; i < f->n_all; i++)
		if (of_program(link, f->all[i], NULL))
			return false;
	return true;
}

/*
 * Goes on after a failure, so that one bad interface does not keep the others. What matched is in
 * *@list then, malloc'ed.
 */
static int detach_matching(const struct filter *f, struct rex_link **list, size_t *count)
{
	struct rex_link *links = NULL;
	size_t n = 0;
	int err = 0;

	*count = 0;
	if (rex_link_list(&links, &n))
		return fail_rex();
	for (size_t i = 0; i < n; i++) {
		if (!matches(f, &links[i]))
			continue;
		links[(*count)++] = links[i];
		if (rex_detach(&links[i]))
			err = fail_rex();
	}
	if (!err)
		rex_detach_wait(links, *count);
	*list = links;
	return err;
}

int detach_stale(void)
{
	struct rex_link *links = NULL;
	struct filter f = {};
	struct rex *rex = NULL;
	size_t count;
	int err;

	/* Also when rex.ko is gone: then all that is left is stale. But shims hold it. */
	err = connect_rex(&rex);
	if (err)
		return err;
	if (rex_program_list(rex, &f.all, &f.n_all))
		err = fail_rex();
	else
		err = detach_matching(&f, &links, &count);
	free(links);
	rex_program_list_free(f.all, f.n_all);
	rex_close(rex);
	return err;
}

static int detach_program(struct rex *rex, const char *spec, struct filter *f)
{
	char name[REX_NAME_LEN], text[REX_TARGET_LEN];
	struct rex_link *links = NULL;
	const struct rex_entry *entry;
	struct rex_program *p;
	size_t count;
	int err = split_spec(spec, name, &f->entry);

	if (err)
		return err;
	if (rex_program_get(rex, name, &p))
		return fail_rex();
	f->program = p;
	if (f->entry && rex_program_entry(p, f->entry, -1, &entry))
		err = fail_rex();
	if (!err)
		err = detach_matching(f, &links, &count);
	if (!err && count && rex_program_release(rex, p, links, count))
		err = fail_rex();
	free(links);
	if (!err && !count)
		err = fail("\"%s\" is not attached %s%s%s in this network namespace; \"rexctl "
			   "status\" shows where it is", spec, f->target ? "to \"" : "anywhere",
			   f->target ? rex_target_text(f->target, text, sizeof(text)) : "",
			   f->target ? "\"" : "");
	rex_program_free(p);
	return err;
}

int cmd_detach(int argc, char **argv)
{
	static const struct option options[] = { { "stale", no_argument, NULL, 's' }, {} };
	struct rex_target target;
	struct filter f = {};
	struct rex *rex;
	int opt, err;

	/* "+": what looks like an option among the words of a place is one of those. */
	while ((opt = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		if (opt != 's')
			return usage("unknown option \"%s\"", argv[optind - 1]);
		return argc == 2 ? detach_stale() : usage("--stale stands alone");
	}
	if (argc < 2)
		return usage("a program is needed, and for one place its hook and the place");
	if (argc > 2) {
		err = parse_target(argc, argv, &target);
		if (err)
			return err;
		rex_target_resolve(&target);
		f.target = &target;
	}
	err = connect_rex(&rex);
	if (err)
		return err;
	err = detach_program(rex, argv[1], &f);
	rex_close(rex);
	return err;
}
