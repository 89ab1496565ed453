// SPDX-License-Identifier: GPL-2.0-only
/* detach: a program from a target or everywhere; what is stale. */
#include <stdlib.h>
#include <string.h>

#include "attached.h"
#include "target.h"

/* Which attachments: those for which everything that is set agrees. */
struct filter {
	const struct rex_program *program;
	const char *entry;
	const struct rex_target *target;	/* NULL: any */
};

/* A place that was named, and --netns, mean one network namespace; without either it is all. */
static bool is_here(const struct filter *f, const struct rex_link *link)
{
	return !link->netns_ino || (!f->target && !netns);
}

static bool matches(const struct filter *f, const struct rex_link *link)
{
	const struct rex_entry *entry = rex_link_entry(link, f->program);

	/* Leftovers have no mode, and are of a place whatever mode it was. */
	if (f->target && (link->unknown || (link->leftover ?
			  link->target.at != f->target->at || strcmp(link->target.name, f->target->name) :
			  !rex_target_matches(f->target, &link->target))))
		return false;
	return entry && (!f->entry || !strcmp(f->entry, entry->name));
}

/* What is attached to nothing that we could see: by a process it is only used. */
static bool is_lost(const struct rex_link *link)
{
	return link->held && strncmp(link->note, "process", strlen("process"));
}

/* What matched: @n to detach, then @n_held, then @n_there of other network namespaces. */
struct matched {
	struct rex_link *links;
	size_t n, n_held, n_there;
};

static int find_matching(const struct filter *f, struct matched *m)
{
	struct rex_link *links = NULL, *sorted;
	size_t n = 0, k = 0;

	memset(m, 0, sizeof(*m));
	if (rex_link_list(&links, &n))
		return fail_rex();
	sorted = calloc(n ? n : 1, sizeof(*sorted));
	if (!sorted) {
		free(links);
		return fail("out of memory");
	}
	for (int pass = 0; pass < 3; pass++)
		for (size_t i = 0; i < n; i++) {
			int where = links[i].held ? 1 : is_here(f, &links[i]) ? 0 : 2;

			if (where != pass || !matches(f, &links[i]))
				continue;
			sorted[k++] = links[i];
			(*(pass == 0 ? &m->n : pass == 1 ? &m->n_held : &m->n_there))++;
		}
	free(links);
	m->links = sorted;
	return 0;
}

static int detach_matching(const struct filter *f, struct matched *m)
{
	int err = find_matching(f, m);

	if (err)
		return err;
	if (rex_detach_all(f->program, m->links, m->n))
		return fail_rex();
	for (size_t i = m->n; i < m->n + m->n_held; i++)
		if ((is_lost(&m->links[i]) || !m->n) && rex_detach(&m->links[i]))
			err = fail_rex();
	return err;
}

static int detach_stale(void)
{
	struct rex *rex = NULL;
	int err = connect_rex(&rex);

	if (err)
		return err;
	if (rex_detach_stale(rex, netns))
		err = fail_rex();
	rex_close(rex);
	return err;
}

static int not_attached(const char *spec, const struct filter *f, const struct matched *m)
{
	const struct rex_link *there = m->n_there ? &m->links[m->n + m->n_held] : NULL;
	char text[REX_TARGET_LEN];

	if (there)
		return fail("\"%s\" is not attached %s here, but: %s; \"rexctl --netns %s detach %s\"", spec,
			    f->target ? "there" : "anywhere", rex_link_text(there, text, sizeof(text)),
			    there->netns, spec);
	return fail("\"%s\" is not attached %s%s%s; \"rexctl status\" shows where it is", spec,
		    f->target ? "to \"" : "anywhere",
		    f->target ? rex_target_text(f->target, text, sizeof(text)) : "",
		    f->target ? "\"" : "");
}

static int detach_program(struct rex *rex, const struct spec *spec, struct filter *f)
{
	const struct rex_entry *entry;
	struct matched m = {};
	struct rex_program *p;
	int err = 0;

	if (rex_program_get(rex, spec->name, &p))
		return fail_rex();
	f->program = p;
	f->entry = spec->entry;
	if (f->entry && rex_program_entry(p, f->entry, -1, &entry))
		err = fail_rex();
	if (!err)
		err = detach_matching(f, &m);
	if (!err && m.n && rex_program_release(rex, p, m.links, m.n))
		err = fail_rex();
	if (!err && !m.n)
		err = not_attached(spec->text, f, &m);
	free(m.links);
	rex_program_free(p);
	return err;
}

/* ---- by id, and by interface ------------------------------------------------------------------ */

static bool is_chosen(const struct target_args *a, const struct rex_target *dev,
		      const struct rex_link *link)
{
	char id[32];

	if (a->link)
		return !link->leftover && !strcmp(rex_link_id(link, id, sizeof(id)), a->link);
	return link->ifindex && !link->leftover && !link->netns_ino &&
	       !strcmp(link->target.name, dev->name);
}

/* Those of one program (NULL: of none) that were chosen, moved to the front; how many. */
static size_t choose(struct attached *all, const struct rex_program *p, const struct target_args *a,
		     const struct rex_target *dev)
{
	struct rex_link other;
	size_t n = 0;

	for (size_t i = 0; i < all->n_links; i++) {
		if (attached_owner(all, &all->links[i], NULL) != p || !is_chosen(a, dev, &all->links[i]))
			continue;
		other = all->links[n];
		all->links[n++] = all->links[i];
		all->links[i] = other;
	}
	return n;
}

static int detach_chosen(struct rex *rex, const struct target_args *a, const struct rex_target *dev)
{
	struct attached all;
	size_t n, done = 0;
	int err = attached_read(rex, &all);

	for (size_t i = 0; !err && i <= all.n_programs; i++) {
		const struct rex_program *p = i < all.n_programs ? all.programs[i] : NULL;

		n = choose(&all, p, a, dev);
		done += n;
		if (n && (rex_detach_all(p, all.links, n) ||
			  (p && rex_program_release(rex, p, all.links, n))))
			err = fail_rex();
	}
	attached_free(&all);
	if (!err && !done)
		err = a->link ? fail("there is no attachment \"%s\"; \"rexctl link list\" shows them", a->link) :
		      fail("nothing is attached to \"%s\"; \"rexctl link list\" shows what is attached",
			   a->dev);
	return err;
}

static int detach_by(const struct target_args *a)
{
	struct rex_target dev = {};
	struct rex *rex;
	int err = connect_rex(&rex);

	if (err)
		return err;
	if (a->dev)
		err = attached_dev(a->dev, &dev);
	if (!err)
		err = detach_chosen(rex, a, &dev);
	rex_close(rex);
	return err;
}

static int detach(const void *args)
{
	const struct target_args *a = args;
	struct rex_target target = a->target;
	struct filter f = { .target = a->has_target ? &target : NULL };
	struct rex *rex;
	int err;

	if (a->stale)
		return detach_stale();
	if (a->link || a->dev)
		return detach_by(a);
	err = connect_rex(&rex);
	if (err)
		return err;
	/* An interface that is not here: its name as it was given. */
	if (f.target)
		rex_target_resolve(&target);
	err = detach_program(rex, &a->program, &f);
	rex_close(rex);
	return err;
}

const struct cli_command cmd_detach = {
	.name = "detach", .help = "detach it everywhere, or from one target",
	.args = (const struct cli_arg[]){
		{ .name = "PROGRAM", .help = "NAME or NAME:ENTRY", .parse = parse_spec,
		  .to = CLI_TO(target_args, program), .flags = CLI_NEEDED },
		{ .name = "HOOK TARGET...", .help = "from this target only", .parse = parse_target,
		  .flags = CLI_REST },
		{ .name = "--stale", .help = "what calls programs that are gone, and leftovers",
		  .parse = cli_flag, .to = CLI_TO(target_args, stale), .flags = CLI_ALONE },
		{ .name = "--link", .value = "ID", .help = "one attachment, by its id of \"link list\"",
		  .parse = cli_text, .to = CLI_TO(target_args, link), .flags = CLI_ALONE },
		{ .name = "--dev", .value = "IFACE", .help = "every program from this interface",
		  .parse = cli_text, .to = CLI_TO(target_args, dev), .flags = CLI_ALONE },
		{}
	},
	.size = sizeof(struct target_args), .run = detach,
};
