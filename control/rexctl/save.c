// SPDX-License-Identifier: GPL-2.0-only
/* save: what is there now, in the format that apply reads. */
#include <errno.h>
#include <fcntl.h>
#include <libconfig.h>
#include <libgen.h>
#include <limits.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attached.h"
#include "bmc_options.h"

struct save_args {
	const char *file, *programs;
};

struct saved {
	config_t text;
	const struct save_args *args;
	struct attached all;
};

/* ---- libconfig -------------------------------------------------------------------------------- */

/* A group more of the list @section. NULL: out of memory. */
static config_setting_t *add_group(struct saved *s, const char *section)
{
	config_setting_t *root = config_root_setting(&s->text), *list = config_setting_get_member(root, section);

	if (!list)
		list = config_setting_add(root, section, CONFIG_TYPE_LIST);
	return list ? config_setting_add(list, NULL, CONFIG_TYPE_GROUP) : NULL;
}

static int set_text(config_setting_t *group, const char *key, const char *text)
{
	config_setting_t *setting = group ? config_setting_add(group, key, CONFIG_TYPE_STRING) : NULL;

	return setting && config_setting_set_string(setting, text) ? 0 : fail("out of memory");
}

static int set_switch(config_setting_t *group, const char *key, bool on)
{
	config_setting_t *setting = config_setting_add(group, key, CONFIG_TYPE_BOOL);

	return setting && config_setting_set_bool(setting, on) ? 0 : fail("out of memory");
}

/* ---- programs --------------------------------------------------------------------------------- */

/* Whether DIR/NAME.ko is that program; its path into @path. */
static bool is_in(const char *dir, const char *name, char path[PATH_MAX])
{
	char file[PATH_MAX];
	struct rex_file *f;
	bool found;

	if (snprintf(file, sizeof(file), "%s/%s.ko", dir, name) >= (int)sizeof(file) || !realpath(file, path) ||
	    rex_check_file(path, &f))
		return false;
	found = !strcmp(f->name, name);
	rex_file_free(f);
	return found;
}

/* The kernel does not say which file a module is from. Ours are beside our own folder. */
static int find_file(const struct saved *s, const char *name, char path[PATH_MAX])
{
	char exe[PATH_MAX], dir[PATH_MAX + 16];
	ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (s->args->programs && is_in(s->args->programs, name, path))
		return 0;
	exe[len > 0 ? len : 0] = '\0';
	snprintf(dir, sizeof(dir), "%s/../programs", dirname(exe));
	if (len > 0 && is_in(dir, name, path))
		return 0;
	return fail("program \"%s\" is loaded, but its file is not found: give the directory that has %s.ko with "
		    "--programs", name, name);
}

static int save_program(struct saved *s, const struct rex_program *p)
{
	config_setting_t *group;
	char path[PATH_MAX], budget[32];

	if (find_file(s, p->name, path))
		return 1;
	group = add_group(s, "programs");
	snprintf(budget, sizeof(budget), "%uus", p->budget_us);
	return set_text(group, "path", path) || set_text(group, "budget", budget) ||
	       set_switch(group, "timing", p->timing) ||
	       (p->state == REX_STATE_DISABLED && set_switch(group, "enabled", false));
}

/* ---- attachments ------------------------------------------------------------------------------ */

/* In this order they are attached again: the first of a chain first. */
static int by_position(const void *a, const void *b)
{
	const struct rex_link *one = a, *other = b;

	return one->position < other->position ? -1 : one->position > other->position;
}

static int save_attachment(struct saved *s, const struct rex_link *link)
{
	const struct rex_entry *entry;
	const struct rex_program *p = attached_owner(&s->all, link, &entry);
	char spec[2 * REX_NAME_LEN + 1], text[REX_TARGET_LEN];
	config_setting_t *group;

	if (!p || is_accelerator(p->name) || link->unknown || link->leftover || link->held || link->netns_ino)
		return 0;
	place_text(&link->target, text, sizeof(text));
	if (link->target.at == REX_AT_STREAM || strpbrk(link->target.name, " \t")) {
		fail("left out, because rex.conf(5) has no words for it: %s at %s", p->name, text);
		return 0;
	}
	snprintf(spec, sizeof(spec), "%s:%s", p->name, entry->name);
	group = add_group(s, "attachments");
	return set_text(group, "program", spec) || set_text(group, "target", text);
}

/* ---- network interfaces ----------------------------------------------------------------------- */

/* "rx=512,tx=512" of one group, which begins at @list. */
static int save_settings(config_setting_t *group, const struct rex_nic_setting *list, size_t n)
{
	char *text = NULL;
	size_t size;
	FILE *f;
	int err;

	if (!strcmp(list->group, "napi-threaded"))
		return set_switch(group, list->group, !strcmp(list->value, "on"));
	f = open_memstream(&text, &size);
	if (!f)
		return fail("out of memory");
	for (size_t i = 0; i < n; i++)
		fprintf(f, "%s%s=%s", i ? "," : "", list[i].key, list[i].value);
	err = fclose(f) ? fail("out of memory") : set_text(group, list->group, text);
	free(text);
	return err;
}

/* What "rexctl nic set" has changed. */
static int save_nic(struct saved *s, const char *name)
{
	struct rex_nic_setting *list;
	config_setting_t *group;
	size_t n, one;
	int err = rex_nic_kept(name, &list, &n) < 0 ? fail_rex() : 0;

	if (err || !n)
		return err;
	group = add_group(s, "nics");
	err = set_text(group, "interface", name);
	for (size_t i = 0; !err && i < n; i += one) {
		for (one = 1; i + one < n && !strcmp(list[i].group, list[i + one].group);)
			one++;
		err = save_settings(group, &list[i], one);
	}
	rex_nic_settings_free(list, n);
	return err;
}

static int save_nics(struct saved *s)
{
	struct if_nameindex *list = if_nameindex();
	int err = list ? 0 : fail("cannot list the network interfaces: %s", strerror(errno));

	for (struct if_nameindex *i = list; !err && i->if_index; i++)
		err = save_nic(s, i->if_name);
	if (list)
		if_freenameindex(list);
	return err;
}

/* ---- the accelerator -------------------------------------------------------------------------- */

static int set_port(config_setting_t *group, const char *key, int n)
{
	config_setting_t *setting = group ? config_setting_add(group, key, CONFIG_TYPE_INT) : NULL;

	return setting && config_setting_set_int(setting, n) ? 0 : fail("out of memory");
}

static int save_accelerator(struct saved *s, struct rex *rex)
{
	struct bmc_options *o;
	config_setting_t *group;
	char text[32], age[32];
	int err = bmc_now(rex, &o);

	if (err || !o)
		return err;
	group = config_setting_add(config_root_setting(&s->text), "accelerator", CONFIG_TYPE_GROUP);
	snprintf(text, sizeof(text), "%lluM", (unsigned long long)(o->bytes >> 20));
	err = set_port(group, "port", o->port) || set_text(group, "memory", text) ||
	      set_text(group, "max-age", bmc_max_age(o, age)) || set_switch(group, "tcp", o->tcp) ||
	      set_switch(group, "udp", o->udp) || (*o->dev && set_text(group, "dev", o->dev)) ||
	      (strcmp(o->mode, "any") && set_text(group, "mode", o->mode));
	free(o);
	return err;
}

/* ---- all -------------------------------------------------------------------------------------- */

static int collect(struct saved *s, struct rex *rex)
{
	int err = save_nics(s);

	if (!err && rex)
		err = attached_read(rex, &s->all);
	for (size_t i = 0; !err && i < s->all.n_programs; i++)
		if (!is_accelerator(s->all.programs[i]->name))
			err = save_program(s, s->all.programs[i]);
	qsort(s->all.links, s->all.n_links, sizeof(*s->all.links), by_position);
	for (size_t i = 0; !err && i < s->all.n_links; i++)
		err = save_attachment(s, &s->all.links[i]);
	return err ? err : save_accelerator(s, rex);
}

static int write_to(struct saved *s, FILE *f)
{
	fputs("# Written by \"rexctl save\"; see rex.conf(5).\n", f);
	config_write(&s->text, f);
	return fflush(f) || ferror(f);
}

/* All of it, or what was there before. */
static int write_file(struct saved *s, const char *path)
{
	char temporary[PATH_MAX];
	int err = snprintf(temporary, sizeof(temporary), "%s.new", path) >= (int)sizeof(temporary);
	int fd = err ? -1 : open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	if (!f)
		return fail("cannot create \"%s\": %s", temporary, strerror(errno));
	err = write_to(s, f) || fsync(fd);
	err |= fclose(f);
	if (!err && !rename(temporary, path))
		return 0;
	err = fail("cannot write \"%s\": %s", path, strerror(errno));
	unlink(temporary);
	return err;
}

static int save(const void *args)
{
	struct saved s = { .args = args };
	struct rex *rex = NULL;
	int err = rex_open(&rex);

	err = err && err != -ENOENT ? fail_rex() : 0;
	config_init(&s.text);
	if (!err)
		err = enter_netns();
	if (!err)
		err = collect(&s, rex);
	if (!err && !config_setting_length(config_root_setting(&s.text)))
		err = fail("there is nothing to save: no program is loaded, and no network interface was changed");
	if (!err && s.args->file)
		err = write_file(&s, s.args->file);
	else if (!err && write_to(&s, stdout))
		err = fail("cannot write to standard output");
	config_destroy(&s.text);
	attached_free(&s.all);
	rex_close(rex);
	return err;
}

const struct cli_command cmd_save = {
	.name = "save", .help = "write what is loaded, attached and set now, as apply reads it",
	.args = (const struct cli_arg[]){
		{ .name = "--programs", .value = "DIR", .help = "where the files of programs are", .parse = cli_text,
		  .to = CLI_TO(save_args, programs) },
		{ .name = "FILE", .help = "otherwise standard output", .parse = cli_text, .to = CLI_TO(save_args, file) },
		{}
	},
	.size = sizeof(struct save_args), .run = save,
};
