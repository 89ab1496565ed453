// SPDX-License-Identifier: GPL-2.0-only
/* Attaching and detaching. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "rexctl.h"

static int parse_side(const char *text, enum rex_tc_side *side)
{
	if (strcmp(text, "ingress") && strcmp(text, "egress"))
		return usage("tc has \"ingress\" and \"egress\", not \"%s\"", text);
	*side = strcmp(text, "egress") ? REX_TC_INGRESS : REX_TC_EGRESS;
	return 0;
}

static int parse_mode(const char *text, enum rex_xdp_mode *mode)
{
	if (strcmp(text, "native") && strcmp(text, "generic"))
		return usage("the modes of xdp are \"native\" and \"generic\", not \"%s\"", text);
	*mode = strcmp(text, "native") ? REX_XDP_GENERIC : REX_XDP_NATIVE;
	return 0;
}

int cmd_attach(int argc, char **argv)
{
	enum rex_xdp_mode mode = REX_XDP_ANY;
	enum rex_tc_side side = REX_TC_INGRESS;
	const struct rex_entry *entry;
	struct rex_program *p;
	struct rex *rex;
	int hook, err = 0;

	if (argc < 4)
		return usage("a program, a hook and an interface are needed");
	hook = hook_number(argv[2]);
	if (hook != REX_HOOK_XDP && hook != REX_HOOK_TC)
		return usage("cannot attach to hook \"%s\"; it can be xdp or tc", argv[2]);
	if (argc > 5)
		return usage("\"%s\" is too much", argv[5]);
	if (hook == REX_HOOK_TC && argc < 5)
		return usage("tc needs a side: ingress or egress");
	if (argc == 5)
		err = hook == REX_HOOK_XDP ? parse_mode(argv[4], &mode) :
					     parse_side(argv[4], &side);
	if (!err)
		err = connect_rex(&rex);
	if (err)
		return err;
	err = find_entry(rex, argv[1], hook, &p, &entry);
	if (!err) {
		if (hook == REX_HOOK_XDP ? rex_attach_xdp(entry, argv[3], mode) :
					   rex_attach_tc(entry, argv[3], side))
			err = fail_rex();
		rex_program_free(p);
	}
	rex_close(rex);
	return err;
}

/* ---- detach ---------------------------------------------------------------------------------- */

/* Which attachments: those for which every field that is set agrees. */
struct filter {
	const struct rex_program *program;	/* NULL: stale ones */
	const char *entry;
	int hook;				/* -1: any */
	const char *ifname;
	int side;				/* -1: any */
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
	if ((f->hook >= 0 && link->hook != (uint32_t)f->hook) ||
	    (f->ifname && strcmp(link->ifname, f->ifname)) ||
	    (f->side >= 0 && (link->hook != REX_HOOK_TC || (int)link->side != f->side)))
		return false;
	if (f->program)
		return of_program(link, f->program, f->entry);
	for (size_t i = 0; i < f->n_all; i++)
		if (of_program(link, f->all[i], NULL))
			return false;
	return true;
}

/* Goes on after a failure, so that one bad interface does not keep the others. */
static int detach_matching(const struct filter *f, size_t *count)
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
		(*count)++;
		if (rex_detach(&links[i]))
			err = fail_rex();
	}
	free(links);
	return err;
}

static int detach_stale(void)
{
	struct filter f = { .hook = -1, .side = -1 };
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
		err = detach_matching(&f, &count);
	rex_program_list_free(f.all, f.n_all);
	rex_close(rex);
	return err;
}

static int detach_program(struct rex *rex, const char *spec, struct filter *f)
{
	const struct rex_entry *entry;
	char name[REX_NAME_LEN];
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
		err = detach_matching(f, &count);
	if (!err && !count)
		err = fail("\"%s\" is not attached %s%s in this network namespace; \"rexctl status\" "
			   "shows where it is", spec, f->ifname ? "to " : "anywhere",
			   f->ifname ? : "");
	rex_program_free(p);
	return err;
}

int cmd_detach(int argc, char **argv)
{
	static const struct option options[] = { { "stale", no_argument, NULL, 's' }, {} };
	struct filter f = { .hook = -1, .side = -1 };
	enum rex_tc_side side;
	struct rex *rex;
	int opt, err;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt != 's')
			return usage("unknown option \"%s\"", argv[optind - 1]);
		return argc == 2 ? detach_stale() : usage("--stale stands alone");
	}
	if (argc < 2 || argc == 3 || argc > 5)
		return usage("a program is needed, and for one place its hook and interface");
	if (argc >= 4) {
		f.hook = hook_number(argv[2]);
		if (f.hook < 0)
			return usage("there is no hook \"%s\"; there are xdp and tc", argv[2]);
		f.ifname = argv[3];
	}
	if (argc == 5) {
		if (f.hook != REX_HOOK_TC)
			return usage("\"%s\" is too much", argv[4]);
		err = parse_side(argv[4], &side);
		if (err)
			return err;
		f.side = side;
	}
	err = connect_rex(&rex);
	if (err)
		return err;
	err = detach_program(rex, argv[1], &f);
	rex_close(rex);
	return err;
}
