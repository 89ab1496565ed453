// SPDX-License-Identifier: GPL-2.0-only
/* link list: one line for each attachment, with the id by which detach takes it. */
#include <string.h>

#include "attached.h"

struct link_args {
	const char *dev, *program;
	bool json;
};

/* What is printed of one attachment. */
struct row {
	char id[32], place[REX_TARGET_LEN], where[32];
	const char *program, *entry;
};

static void fill(const struct attached *all, const struct rex_link *link, struct row *row)
{
	const struct rex_entry *entry = NULL;
	const struct rex_program *p = attached_owner(all, link, &entry);

	rex_link_id(link, row->id, sizeof(row->id));
	rex_link_text(link, row->place, sizeof(row->place));
	row->program = p ? p->name : "(gone)";
	row->entry = entry ? entry->name : "";
	*row->where = '\0';
	if (link->position)
		snprintf(row->where, sizeof(row->where), "number %u", link->position);
	else if (link->handle && link->target.at == REX_AT_TC)
		snprintf(row->where, sizeof(row->where), "pref %u handle 0x%x", link->priority, link->handle);
}

static bool is_wanted(const struct link_args *a, const struct attached *all, const struct rex_link *link,
		      const char *dev)
{
	const struct rex_program *p = attached_owner(all, link, NULL);

	return (!a->program || (p && !strcmp(p->name, a->program))) &&
	       (!dev || (link->ifindex && !link->leftover && !link->netns_ino &&
			 !strcmp(link->target.name, dev)));
}

static json_t *json_row(const struct attached *all, const struct rex_link *link)
{
	json_t *o = json_link(link);
	struct row row;

	fill(all, link, &row);
	if (!o || !attached_owner(all, link, NULL))
		return o;
	json_object_set_new(o, "program", json_text(row.program));
	json_object_set_new(o, "entry", json_text(row.entry));
	return o;
}

static void print_row(const struct attached *all, const struct rex_link *link)
{
	struct row row;

	fill(all, link, &row);
	out("%-10s %s%s%s: %s%s%s%s%s\n", row.id, row.program, *row.entry ? ":" : "", row.entry, row.place,
	    *row.where ? "; " : "", row.where, *link->note && !link->held ? "; " : "",
	    link->held ? "" : link->note);
}

static int print_links(const struct link_args *a, const struct attached *all, const char *dev)
{
	json_t *list = a->json ? json_array() : NULL;
	size_t n = 0;

	for (size_t i = 0; i < all->n_links; i++) {
		if (!is_wanted(a, all, &all->links[i], dev))
			continue;
		n++;
		if (a->json)
			json_array_append_new(list, json_row(all, &all->links[i]));
		else
			print_row(all, &all->links[i]);
	}
	if (a->json)
		return print_json(json_pack("{s:o}", "links", list));
	if (!n)
		out("nothing is attached%s%s\n", dev ? " to " : "", dev ? dev : "");
	return flush_output();
}

static int link_list(const void *args)
{
	struct rex_target at = {};
	const struct link_args *a = args;
	struct attached all = {};
	struct rex *rex;
	int err = connect_rex(&rex);

	if (err)
		return err;
	if (a->dev)
		err = attached_dev(a->dev, &at);
	if (!err)
		err = attached_read(rex, &all);
	if (!err)
		err = print_links(a, &all, a->dev ? at.name : NULL);
	attached_free(&all);
	rex_close(rex);
	return err;
}

const struct cli_command cmd_link_list = {
	.name = "link list", .help = "what is attached where, with the id of each attachment",
	.args = (const struct cli_arg[]){
		{ .name = "--dev", .value = "IFACE", .help = "to this interface only", .parse = cli_text,
		  .to = CLI_TO(link_args, dev) },
		{ .name = "--program", .value = "NAME", .help = "of this program only", .parse = cli_text,
		  .to = CLI_TO(link_args, program) },
		CLI_JSON(link_args, "one line of JSON"),
		{}
	},
	.size = sizeof(struct link_args), .run = link_list,
};
